"""Counts the values that the connector could not cast. It logs each of them; that would be a line for each row."""

from __future__ import annotations

import logging
from typing import Any

from airbyte_cdk.sources.file_based.exceptions import FileBasedSourceError


class Warnings:
    """The values of one file that could not be cast, by column."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, Any, int]] = {}

    def add(self, field: str, expected: str, example: Any, count: int) -> None:
        """Count values of a column."""
        _, first, before = self._found.get(field, (expected, example, 0))
        self._found[field] = expected, first, before + count

    def log(self, logger: logging.Logger, file: str) -> None:
        """Log one warning for each column."""
        for field, (expected, example, count) in self._found.items():
            logger.warning(
                f"{FileBasedSourceError.ERROR_CASTING_VALUE.value}: {field}: {count} values of {file}, the first is "
                f"{example!r}, expected_type={expected}"
            )

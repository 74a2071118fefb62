"""Counts the values that the connector could not cast. It logs each of them; that would be a line for each row."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from airbyte_cdk.sources.file_based.exceptions import FileBasedSourceError


@dataclass
class Uncast:
    """The values of one column of a file that could not be cast: the first of them, and their number."""

    first: str
    expected: str
    count: int = 0


class Warnings:
    """The values of one file that could not be cast."""

    def __init__(self) -> None:
        self._found: dict[str, Uncast] = {}

    def add(self, field: str, expected: str, example: str, count: int) -> None:
        """Count values of a column."""
        self._found.setdefault(field, Uncast(example, expected)).count += count

    def log(self, logger: logging.Logger, file: str) -> None:
        """Log one warning for each column."""
        for field, uncast in self._found.items():
            logger.warning(
                f"{FileBasedSourceError.ERROR_CASTING_VALUE.value}: {field}: {uncast.count} values of {file}, "
                f"the first is {uncast.first!r}, expected_type={uncast.expected}"
            )

"""Replaces the parser of a stream: it writes the rows of a file to batches, and yields reports as records."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

from airbyte_cdk.sources.file_based.file_types.parquet_parser import ParquetParser
from airbyte_cdk.sources.file_based.stream import DefaultFileBasedStream

from airbyte_lite.batches.stream import StreamBatches
from airbyte_lite.batches.uncast import Warnings

FILES = {ParquetParser: threading.BoundedSemaphore(1)}
"""Files that are read at the same time; the connector reads up to 100. A Parquet file of 40 columns needs 100 MB."""
TEXT_FILES = threading.BoundedSemaphore(4)
"""Each has up to 1 MiB of text in memory, as lines; 8 MiB to find the end of a quoted value in a CSV file."""


class BatchParser:
    """A parser of the connector whose records are reports. All else is the connector's parser."""

    def __init__(self, parser: Any, blocks: Callable[..., Iterator[Any]], batches: StreamBatches) -> None:
        self._parser, self._blocks, self._batches = parser, blocks, batches

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parser, name)

    def parse_records(
        self, config: Any, file: Any, stream_reader: Any, logger: logging.Logger, discovered_schema: Any
    ) -> Iterator[dict[str, Any]]:
        """Write the rows of a file to batches and yield reports. Raises what the connector's parser raises."""
        stream = DefaultFileBasedStream
        of_file = {
            stream.ab_last_mod_col: file.last_modified.strftime(stream.DATE_TIME_FORMAT),
            stream.ab_file_name_col: file.uri,
        }
        warnings = Warnings()
        with FILES.get(type(self._parser), TEXT_FILES):
            try:
                for block in self._blocks(
                    self._parser, config, file, stream_reader, logger, discovered_schema, warnings
                ):
                    self._batches.add(block, of_file)
                    if report := self._batches.report():
                        yield report
            finally:
                warnings.log(logger, file.uri)

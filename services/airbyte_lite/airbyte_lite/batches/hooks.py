"""Hooks into airbyte-cdk: a stream gets the batch parser when it is created, and sends a report after its last row."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from airbyte_cdk.sources.concurrent_source.concurrent_read_processor import ConcurrentReadProcessor
from airbyte_cdk.sources.file_based.file_based_source import FileBasedSource
from airbyte_cdk.sources.file_based.stream import DefaultFileBasedStream
from airbyte_cdk.sources.types import Record
from airbyte_cdk.sources.utils.record_helper import stream_data_to_airbyte_message

from airbyte_lite.batches import inference
from airbyte_lite.batches.eligible import BLOCKS, reason_against
from airbyte_lite.batches.parser import BatchParser
from airbyte_lite.batches.stream import StreamBatches
from airbyte_lite.loader.order import FILE, Order

COUNT = re.compile(r"Read \d+ records from (.*) stream")
"""airbyte-cdk's message at the end of a stream."""

_made: dict[str, StreamBatches] = {}


def install() -> None:
    """Infer types by column in every command. A command with an order in its directory reads streams in batches."""
    inference.install()
    make = FileBasedSource._make_file_based_stream
    read = DefaultFileBasedStream.read
    done = ConcurrentReadProcessor._on_stream_is_done

    def make_file_based_stream(self: Any, *arguments: Any, **more: Any) -> Any:
        """Give the stream a parser that writes batches, if the order names the stream and it can be read in batches."""
        stream = make(self, *arguments, **more)
        order = _order()
        if order is not None and stream.name in order.streams:
            _plug(stream, order, self.logger)
        return stream

    def read_stream(self: Any, *arguments: Any, **more: Any) -> Iterator[Any]:
        """Send the last report after the last file: in an incremental sync of the S3 connector."""
        yield from read(self, *arguments, **more)
        if report := _last(self.name):
            yield stream_data_to_airbyte_message(self.name, report)

    def on_stream_is_done(self: Any, stream_name: str) -> Iterator[Any]:
        """Send the last report before the stream's last state and status: where files are read concurrently."""
        if report := _last(stream_name):
            yield from self.on_record(Record(data=report, stream_name=stream_name))
        yield from done(self, stream_name)

    FileBasedSource._make_file_based_stream = make_file_based_stream
    DefaultFileBasedStream.read = read_stream
    ConcurrentReadProcessor._on_stream_is_done = on_stream_is_done


def _plug(stream: Any, order: Order, logger: logging.Logger) -> None:
    reason = reason_against(stream)
    if stream.name not in _made:  # some syncs make each stream twice
        how = "in batches" if reason is None else f"record by record: {reason}"
        logger.info(f"Stream {stream.name} is read {how}.")
        logger.addFilter(_true_count)
    if reason is None:
        parser = stream.get_parser()
        batches = _made.setdefault(stream.name, StreamBatches(stream.name, order))
        batched = BatchParser(parser, BLOCKS[type(parser)], batches)
        stream._parsers = {**stream._parsers, type(stream.config.format): batched}


def _last(name: str) -> dict[str, Any] | None:
    batches = _made.get(name)
    return batches.finish() if batches else None


def _true_count(record: logging.LogRecord) -> bool:
    """Write the number of rows, not of reports, into airbyte-cdk's message about a stream. It is a logger's filter."""
    match = COUNT.fullmatch(record.msg) if isinstance(record.msg, str) else None
    if match and match[1] in _made:
        record.msg = f"Read {_made[match[1]].rows} records from {match[1]} stream"
    return True


def _order() -> Order | None:
    path = Path(FILE)
    return Order.load(json.loads(path.read_text())) if path.exists() else None

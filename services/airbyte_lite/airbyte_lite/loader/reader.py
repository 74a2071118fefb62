"""Reads the messages of a connector: writes records to batches, and keeps states, stream statuses and errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson

from airbyte_lite.connectors.protocol import error_of, parse_message
from airbyte_lite.loader.errors import SourceError
from airbyte_lite.loader.load import Batch, StreamLoad
from airbyte_lite.loader.order import Order, Report
from airbyte_lite.loader.rows import RowFormatter
from airbyte_lite.loader.spool import Spool
from airbyte_lite.loader.stream import SyncStream

StreamKey = tuple[str | None, str]


class Counter(Protocol):
    """Counts the records and the bytes that were read."""

    records: int
    bytes: int


@dataclass
class StreamRead:
    """One stream during the read, with its newest state."""

    stream: SyncStream
    rows: RowFormatter
    spool: Spool
    load: StreamLoad
    records: int = 0
    complete: bool = False
    state: dict[str, Any] | None = None

    def note(self, report: Report, folder: Path) -> None:
        """Take the batches of a report. Raises SourceError if a name is no file of the folder."""
        self.records += report.rows
        for name, count in report.misfits.items():
            self.rows.misfits[name] = self.rows.misfits.get(name, 0) + count
        for file in report.files:
            path = folder / file.name
            if path.parent != folder or not path.is_file():
                raise SourceError(f"The connector reported the batch {file.name!r}, which does not exist.")
            self.load.deliver(Batch(path, file.rows), file.full)


@dataclass
class Reader:
    """Reads the messages of one sync."""

    streams: dict[StreamKey, StreamRead]
    log: Callable[[str, str], None]
    progress: Counter
    order: Order | None = None
    global_state: dict[str, Any] | None = None
    errors: list[SourceError] = field(default_factory=list)

    def read(self, lines: Any) -> None:
        """Process every line until the connector ends. Raises SourceError or ConnectorError for an invalid message."""
        streams, progress, loads = self.streams, self.progress, orjson.loads
        key = self.order.key if self.order else None
        for line in lines:
            try:
                message = loads(line)
                record = message["record"] if message["type"] == "RECORD" else None
            except (ValueError, TypeError, KeyError):
                message, record = self._parse_or_log(line), None
                if message and message["type"] == "RECORD":
                    record = message["record"]
            if record is None:
                if message:
                    self._other(message)
                continue
            stream = streams.get((record.get("namespace"), record["stream"]))
            if stream is None:
                raise SourceError(
                    f"The connector sent a record of the stream {record['stream']!r}, which this sync did not request."
                )
            if key in record["data"]:
                self._note(stream, record["data"][key])
                continue
            stream.records += 1
            progress.records += 1
            progress.bytes += len(line)
            if stream.spool.write(stream.rows.line(record, line)):
                stream.load.batch_full()

    def _parse_or_log(self, line: bytes) -> dict[str, Any] | None:
        """Return the message of a line that the fast parser refused. Log the line if it is not a message."""
        message = parse_message(line)
        if message is None and (text := line.decode(errors="replace").strip()):
            self.log("INFO", text)
        return message

    def _note(self, stream: StreamRead, content: dict[str, Any]) -> None:
        assert self.order is not None  # noqa: S101 -- its key was found
        report = Report.load(content)
        self.progress.records += report.rows
        self.progress.bytes += report.bytes
        stream.note(report, Path(self.order.folder))

    def _other(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "LOG":
                self.log(str(message["log"].get("level", "INFO")), str(message["log"].get("message", "")))
            case "STATE":
                self._keep_state(message["state"])
            case "TRACE":
                self._trace(message)

    def _keep_state(self, state: dict[str, Any]) -> None:
        if state.get("type") != "STREAM":
            self.global_state = state
            return
        stream = self._find(state["stream"]["stream_descriptor"])
        if stream is not None:
            stream.state = state

    def _trace(self, message: dict[str, Any]) -> None:
        error = error_of(message)
        if error is not None:
            self.errors.append(SourceError(error.message, error.failure_type))
            self.log("ERROR", error.message)
            if error.internal:
                self.log("DEBUG", error.internal)
        elif message["trace"]["type"] == "STREAM_STATUS":
            status = message["trace"]["stream_status"]
            stream = self._find(status["stream_descriptor"])
            if stream is None:
                return
            self.log("INFO", f"Stream {stream.stream.name}: {status['status'].lower()}")
            stream.complete = status["status"] == "COMPLETE"
            if stream.complete:
                stream.load.read_to_end()

    def _find(self, descriptor: dict[str, Any]) -> StreamRead | None:
        return self.streams.get((descriptor.get("namespace"), descriptor["name"]))

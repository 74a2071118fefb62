"""Syncs without a connector: lines that a test writes itself, into the real emulator."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import orjson
from google.cloud import bigquery

from airbyte_lite.loader.order import BatchFile, Order, Report
from airbyte_lite.loader.rows import RowFormatter
from airbyte_lite.loader.run_sync import prepared
from airbyte_lite.loader.stream import SyncStream
from airbyte_lite.loader.sync import Sync, SyncProgress

EMITTED_AT = 1_700_000_000_000

Line = bytes | dict[str, Any] | Callable[[], None]


def record(stream: str, data: dict[str, Any], at: int = EMITTED_AT) -> dict[str, Any]:
    """Return a RECORD message, emitted `at` milliseconds."""
    return {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": at}}


def state(stream: str, value: Any) -> dict[str, Any]:
    """Return a STATE message of one stream."""
    body = {"stream_descriptor": {"name": stream}, "stream_state": {"at": value}}
    return {"type": "STATE", "state": {"type": "STREAM", "stream": body}}


def status(stream: str, value: str = "COMPLETE") -> dict[str, Any]:
    """Return a stream status."""
    body = {"stream_descriptor": {"name": stream}, "status": value}
    return {"type": "TRACE", "trace": {"type": "STREAM_STATUS", "stream_status": body}}


def error(message: str, failure_type: str = "system_error") -> dict[str, Any]:
    """Return a TRACE ERROR."""
    body = {"message": message, "failure_type": failure_type}
    return {"type": "TRACE", "trace": {"type": "ERROR", "error": body}}


@dataclass
class Lines:
    """A connector that writes these lines. A function among the lines is called when the reader reaches it."""

    lines: list[Line]
    ends_with: int = 0
    exit_code: int | None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    def __iter__(self) -> Iterator[bytes]:
        for line in self.lines:
            if self.stopped.is_set():
                self.exit_code = -15
                return
            if callable(line):
                line()
            else:
                yield line if isinstance(line, bytes) else orjson.dumps(line) + b"\n"
        self.exit_code = self.ends_with

    def stop(self) -> None:
        self.stopped.set()


@dataclass
class InBatches:
    """A connector that writes the records among these lines to batches of a few rows, and sends reports."""

    source: Lines
    order: Order
    rows: int
    exit_code: int | None = None

    def __post_init__(self) -> None:
        self.formatters = {
            name: RowFormatter(stream.columns, stream.sync_id, stream.generation_id)
            for name, stream in self.order.streams.items()
        }
        self.numbers = count(1)

    def stop(self) -> None:
        self.source.stop()

    def __iter__(self) -> Iterator[bytes]:
        waiting: dict[str, list[bytes]] = {}
        for line in self.source:
            message = orjson.loads(line) if b'"RECORD"' in line or b'"STREAM_STATUS"' in line else {}
            stream = message.get("record", {}).get("stream")
            if stream in self.order.streams:
                waiting.setdefault(stream, []).append(self.formatters[stream].line(message["record"], line))
                if len(waiting[stream]) == self.rows:
                    yield self.report(stream, waiting.pop(stream), full=True)
                continue
            if message.get("type") == "TRACE":  # the stream ends
                for name in list(waiting):
                    yield self.report(name, waiting.pop(name), full=False)
            yield line
        self.exit_code = self.source.exit_code

    def report(self, stream: str, rows: list[bytes], full: bool, written: list[bytes] | None = None) -> bytes:
        """Write a batch and return its report. `written`: the rows in the file, if some are missing."""
        name = f"{self.order.streams[stream].prefix}-{next(self.numbers)}.jsonl"
        (Path(self.order.folder) / name).write_bytes(b"".join(rows if written is None else written))
        report = Report(len(rows), len(b"".join(rows)), {}, [BatchFile(name, len(rows), full)])
        return orjson.dumps(record(stream, {self.order.key: report.dump()})) + b"\n"


@dataclass
class Kit:
    """Runs syncs into one dataset and reads the results."""

    url: str
    dataset: str
    client: bigquery.Client
    spool: Path
    states: list[Any] = field(default_factory=list)
    log: list[tuple[str, str]] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    empty_checks: int = 0
    refuse_empty: Exception | None = None
    on_state: Callable[[], None] = lambda: None
    jobs: int = 0
    connection_id: str = "c"
    location: str = "US"
    batch_rows: int = 0  # the rows of a batch that the connector makes; 0: it sends records

    @property
    def destination(self) -> dict[str, Any]:
        return {"project_id": "local-dev", "dataset_id": self.dataset, "dataset_location": self.location}

    def stream(self, mode: str, *, name: str = "t", fields: dict[str, Any] | None = None, **more: Any) -> SyncStream:
        """Return a stream; its columns are `id` (integer), `name` (string) and `at` (date-time) unless given."""
        defaults = {
            "id": {"type": "integer"},
            "name": {"type": ["null", "string"]},
            "at": {"type": "string", "format": "date-time"},
        }
        settings: dict[str, Any] = {"primary_key": [["id"]], "cursor_field": [], "table": name, "generation_id": 1}
        schema = {"type": "object", "properties": fields if fields is not None else defaults}
        return SyncStream(name=name, namespace=None, json_schema=schema, sync_mode=mode, **(settings | more))

    def sync(
        self, *streams: SyncStream, rows: list[dict[str, Any]] | None = None, at: int = EMITTED_AT
    ) -> SyncProgress:
        """Sync the rows as the records of each stream, with the number of rows as its state."""
        lines: list[Line] = []
        for stream in streams:
            lines += [record(stream.name, row, at) for row in rows or []]
            lines += [state(stream.name, len(rows or [])), status(stream.name)]
        return self.run(Lines(lines), *streams)

    def run(self, source: Lines, *streams: SyncStream) -> SyncProgress:
        """Sync whatever the source writes; raises what run_sync raises."""
        self.jobs += 1
        progress = SyncProgress()
        sync = Sync(
            connection_id=self.connection_id,
            job_id=self.jobs,
            streams=list(streams),
            destination=self.destination,
            emulator_host=self.url,
            spool_dir=self.spool,
            commit_state=self._commit,
            confirm_empty=self._confirm_empty,
            log=lambda level, message: self.log.append((level, message)),
            progress=progress,
            cancelled=self.cancelled,
        )
        with prepared(sync) as load:
            assert load.order
            load.run(InBatches(source, load.order, self.batch_rows) if self.batch_rows else source)
        return progress

    def rows(self, columns: str = "id, name", table: str = "t") -> list[tuple[Any, ...]]:
        """Return columns of a table, in their own order."""
        sql = f"SELECT {columns} FROM `{self.dataset}.{table}`"
        return sorted((tuple(row.values()) for row in self.client.query(sql).result()), key=repr)

    def tables(self) -> set[str]:
        """Return the names of the dataset's tables."""
        return {table.table_id for table in self.client.list_tables(self.dataset)}

    def table(self, name: str = "t") -> bigquery.Table:
        """Return a table's description."""
        return self.client.get_table(f"local-dev.{self.dataset}.{name}")

    def schema(self, name: str = "t") -> dict[str, str]:
        """Return the types of a table's columns, Airbyte's own left out."""
        fields = self.table(name).schema
        return {item.name: item.field_type for item in fields if not item.name.startswith("_airbyte_")}

    def _commit(self, states: list[dict[str, Any]]) -> None:
        self.on_state()
        self.states += [item.get("stream", {}).get("stream_state", item) for item in states]

    def _confirm_empty(self) -> None:
        self.empty_checks += 1
        if self.refuse_empty:
            raise self.refuse_empty

"""Runs one sync: the connector's messages in, BigQuery tables and state out, each stream all or nothing."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.loader import names
from airbyte_lite.loader.destination import names_of, sweep
from airbyte_lite.loader.errors import SyncCancelled, SyncError
from airbyte_lite.loader.jobs import Jobs
from airbyte_lite.loader.load import Background, StreamLoad
from airbyte_lite.loader.reader import Reader, StreamKey, StreamRead
from airbyte_lite.loader.rows import RowFormatter
from airbyte_lite.loader.spool import Spool, wipe
from airbyte_lite.loader.stream import OVERWRITE, SyncStream
from airbyte_lite.loader.tables import TablePlan, plan
from airbyte_lite.loader.warehouse import Warehouse

_WATCH_S = 0.1  # how soon a cancellation or a failed load ends the connector


class Source(Protocol):
    """A connector that is reading: raw protocol lines, then its exit code."""

    exit_code: int | None

    def __iter__(self) -> Iterator[bytes]: ...

    def stop(self) -> None: ...


@dataclass
class SyncProgress:
    """Records read so far, the bytes of their messages, what BigQuery billed; updated while the sync runs."""

    records: int = 0
    bytes: int = 0
    bytes_billed: int = 0  # of queries; BigQuery bills no load and no copy


def run_sync(
    *,
    source: Source,
    streams: list[SyncStream],
    destination: dict[str, Any],
    emulator_host: str | None,
    maximum_bytes_billed: int | None = None,
    spool_dir: Path,
    connection_id: str,
    job_id: int,
    commit_state: Callable[[list[dict[str, Any]]], None],
    confirm_empty: Callable[[], None],
    log: Callable[[str, str], None],
    progress: SyncProgress,
    cancelled: threading.Event,
) -> None:
    """Read the source to its end, then load stream by stream and commit each one's state (AirbyteStateMessage objects).

    Raises SyncError or SyncCancelled; unless every stream was read to its end, no table and no state has changed.
    `spool_dir` must be this job's own: it is emptied at the start and removed at the end. States of full refresh
    streams are not committed: they are read from the start each time. `cancelled` also ends the connector.
    """
    wipe(spool_dir)
    spool_dir.mkdir(parents=True, mode=0o700)
    halt = threading.Event()
    with ExitStack() as cleanup:
        cleanup.callback(wipe, spool_dir)
        warehouse = Warehouse(destination, emulator_host)
        plans = _prepare(warehouse, streams, connection_id, log)
        background = Background()
        token = os.urandom(6).hex()
        jobs = Jobs(warehouse, f"airbyte_lite_{job_id}_{token}", halt, maximum_bytes_billed)
        reads = _open(warehouse, plans, spool_dir, connection_id, job_id, token, jobs, background)
        for read in reads.values():
            cleanup.callback(_clean, read, log)
        cleanup.callback(background.close)
        cleanup.callback(halt.set)
        reader = Reader(reads, log, progress)
        watcher = _Watcher(source, cancelled, halt, background)
        cleanup.callback(watcher.close)
        try:
            reader.read(source)
        except (SyncError, ConnectorError) as error:
            _raise_first_cause(background, cancelled)
            raise SyncError(error.message, error.failure_type) from error
        finally:
            watcher.reading = False
            if source.exit_code is None:
                source.stop()
        _judge(reader, source, background, cancelled)
        for read in reads.values():
            read.load.read_to_end()
        background.drain()
        if any(not read.records and read.stream.sync_mode == OVERWRITE for read in reads.values()):
            confirm_empty()
        for read in reads.values():
            if cancelled.is_set():
                raise SyncCancelled
            read.load.commit()
            billed, progress.bytes_billed = jobs.bytes_billed - progress.bytes_billed, jobs.bytes_billed
            _report(read, warehouse, billed, log)
            if read.state is not None and read.stream.incremental:
                commit_state([read.state])
        if reader.global_state is not None and any(read.stream.incremental for read in reads.values()):
            commit_state([reader.global_state])


def _prepare(
    warehouse: Warehouse, streams: list[SyncStream], connection_id: str, log: Callable[[str, str], None]
) -> list[TablePlan]:
    """Look at every table before the first record is read, and remove what killed syncs of the connection left."""
    tables = names_of(streams)
    warehouse.ensure_dataset()
    plans = [plan(warehouse, stream, tables[stream.namespace, stream.name]) for stream in streams]
    for name in sweep(warehouse, tables.values(), connection_id):
        log("WARN", f"Removed {warehouse.name(name)}, which a sync that was killed had left.")
    return plans


def _open(
    warehouse: Warehouse,
    plans: list[TablePlan],
    spool_dir: Path,
    connection_id: str,
    job_id: int,
    token: str,
    jobs: Jobs,
    background: Background,
) -> dict[StreamKey, StreamRead]:
    reads = {}
    for number, item in enumerate(plans):
        spool = Spool(spool_dir, f"stream-{number}")
        rows = RowFormatter(item.columns, job_id, item.stream.generation_id)
        staging = (
            names.staging(item.table, connection_id, token),
            names.staging(item.table, connection_id, os.urandom(6).hex()),
        )
        load = StreamLoad(warehouse, jobs, item, spool, staging, background)
        reads[item.stream.namespace, item.stream.name] = StreamRead(item.stream, rows, spool, load)
    return reads


def _judge(reader: Reader, source: Source, background: Background, cancelled: threading.Event) -> None:
    """Raise unless the source was read to its end without an error."""
    _raise_first_cause(background, cancelled)
    if reader.errors:
        raise reader.errors[0]
    if source.exit_code != 0:
        raise SyncError(f"The connector {_end(source.exit_code)}; its last lines are in the log.")
    unfinished = [read.stream.name for read in reader.streams.values() if not read.complete]
    if unfinished:
        raise SyncError(f"The connector ended before it had read {', '.join(unfinished)} to the end.")


def _end(exit_code: int | None) -> str:
    """Say how the connector ended; a negative code is the signal that killed it."""
    if exit_code is None or exit_code >= 0:
        return f"ended with exit code {exit_code}"
    return f"was killed (signal {-exit_code}{': usually out of memory' if exit_code == -signal.SIGKILL else ''})"


def _raise_first_cause(background: Background, cancelled: threading.Event) -> None:
    """Raise what ended the connector, if it was us."""
    if cancelled.is_set():
        raise SyncCancelled
    if background.failed.is_set():
        background.drain()


def _report(read: StreamRead, warehouse: Warehouse, billed: int, log: Callable[[str, str], None]) -> None:
    table = warehouse.name(read.load.plan.table)
    for name, count in read.rows.misfits.items():
        type_ = next(column.type.name for column in read.load.plan.columns if column.field == name)
        log("WARN", f"{table}: {count} values of {name} are not {type_}; they are null, see _airbyte_meta.changes.")
    costs = f" BigQuery billed {billed} bytes." if billed else ""
    log("INFO", f"{table}: {read.records} records loaded ({read.stream.sync_mode}).{costs}")


def _clean(read: StreamRead, log: Callable[[str, str], None]) -> None:
    """Remove what the load left beside the final table; a failure is not the sync's: the next sync sweeps."""
    read.spool.close()
    try:
        read.load.clean()
    except SyncError as error:
        log("WARN", error.message)


class _Watcher:
    """Ends the connector and the running load job when the sync is cancelled, and the connector when a load fails."""

    def __init__(
        self, source: Source, cancelled: threading.Event, halt: threading.Event, background: Background
    ) -> None:
        self.reading = True
        self._done = threading.Event()
        self._thread = threading.Thread(
            target=self._watch, args=(source, cancelled, halt, background), name="watch", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._done.set()
        self._thread.join()

    def _watch(self, source: Source, cancelled: threading.Event, halt: threading.Event, background: Background) -> None:
        while not self._done.wait(_WATCH_S):
            if cancelled.is_set() or background.failed.is_set():
                halt.set()
                if self.reading:
                    source.stop()
                return

"""Runs one sync: reads the connector's messages and loads them into BigQuery, each stream completely or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from airbyte_lite.connectors.ending import ending
from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.loader import names, spool
from airbyte_lite.loader.background import Background
from airbyte_lite.loader.destination import names_of, sweep
from airbyte_lite.loader.errors import SourceError, SyncCancelled, SyncError
from airbyte_lite.loader.jobs import Jobs
from airbyte_lite.loader.load import StreamLoad
from airbyte_lite.loader.order import NDJSON, PARQUET, Order, StreamOrder
from airbyte_lite.loader.reader import Reader, StreamKey, StreamRead
from airbyte_lite.loader.rows import RowFormatter
from airbyte_lite.loader.spool import Spool, wipe
from airbyte_lite.loader.stream import DEDUPED, OVERWRITE
from airbyte_lite.loader.sync import Source, Sync
from airbyte_lite.loader.tables import TablePlan, plan, read_anew
from airbyte_lite.loader.warehouse import Warehouse
from airbyte_lite.loader.watcher import Watcher


@contextmanager
def prepared(sync: Sync) -> Iterator[Prepared]:
    """Plan the tables of a sync. The end of the context removes what the sync leaves: batches and staging tables.

    Raises SyncError.
    """
    wipe(sync.spool_dir)
    sync.spool_dir.mkdir(parents=True, mode=0o700)
    halt = threading.Event()
    with ExitStack() as cleanup:
        cleanup.callback(wipe, sync.spool_dir)
        warehouse = Warehouse(sync.destination, sync.emulator_host)
        plans = _prepare(warehouse, sync)
        background = Background()
        token = os.urandom(6).hex()
        jobs = Jobs(warehouse, f"airbyte_lite_{sync.job_id}_{token}", halt, sync.maximum_bytes_billed)
        reads = {}
        for number, item in enumerate(plans):
            spool = Spool(sync.spool_dir, f"stream-{number}")
            staging = (
                names.staging(item.table, sync.connection_id, token),
                names.staging(item.table, sync.connection_id, os.urandom(6).hex()),
            )
            cursor = item.cursor if item.stream.sync_mode == DEDUPED else None
            rows = RowFormatter(item.columns, sync.job_id, item.stream.generation_id, cursor)
            load = StreamLoad(warehouse, jobs, item, spool, staging, background)
            reads[item.stream.namespace, item.stream.name] = StreamRead(item.stream, rows, spool, load)
        for read in reads.values():
            cleanup.callback(_clean, read, sync.log)
        cleanup.callback(background.close)
        cleanup.callback(halt.set)
        order = _order(sync, plans) if sync.batches else None
        yield Prepared(sync, warehouse, jobs, background, halt, reads, order)


@dataclass(frozen=True)
class Prepared:
    """A sync whose tables are planned. `order` is for a connector that writes the batches itself."""

    sync: Sync
    warehouse: Warehouse
    jobs: Jobs
    background: Background
    halt: threading.Event
    reads: dict[StreamKey, StreamRead]
    order: Order | None

    def run(self, source: Source) -> None:
        """Read the source to its end. Then, for each stream, change its table and save its state.

        If any stream was not read to its end, no table and no state is changed. States of full refresh streams are not
        saved, because every sync reads these streams from the start.

        Raises SourceError if the source failed, SyncError if the destination failed, or SyncCancelled.
        """
        sync, background = self.sync, self.background
        reader = Reader(self.reads, sync.log, sync.progress, self.order)
        watcher = Watcher(source, sync.cancelled, self.halt, background)
        try:
            try:
                reader.read(source)
            except ConnectorError as error:
                _raise_first_cause(background, sync.cancelled)
                raise SourceError(error.message, error.failure_type) from error
            except SyncError:  # from the source, or from the load of a batch in the background
                _raise_first_cause(background, sync.cancelled)
                raise
            finally:
                watcher.reading = False
                if source.exit_code is None:
                    source.stop()
            _judge(reader, source, background, sync.cancelled)
            for read in self.reads.values():
                read.load.read_to_end()
            background.drain()
            if any(not read.records and read.stream.sync_mode == OVERWRITE for read in self.reads.values()):
                sync.confirm_empty()
            _commit(sync, reader, self.warehouse, self.jobs)
        finally:
            watcher.close()


def _order(sync: Sync, plans: list[TablePlan]) -> Order:
    format_ = NDJSON if sync.emulator_host is None else PARQUET
    return Order(
        key=f"_airbyte_lite_{os.urandom(8).hex()}",
        folder=str(sync.spool_dir),
        format=format_,
        batch_bytes=spool.LINES_BYTES if format_ == NDJSON else spool.PARQUET_BYTES,
        streams={
            plan.stream.name: StreamOrder(f"batch-{number}", plan.columns, sync.job_id, plan.stream.generation_id)
            for number, plan in enumerate(plans)
            if plan.stream.namespace is None  # a file-based connector has no namespaces
        },
    )


def _prepare(warehouse: Warehouse, sync: Sync) -> list[TablePlan]:
    """Plan every table before the first record is read, and drop the staging tables of killed syncs."""
    tables = names_of(sync.streams)
    if dataset := sync.destination.get("raw_data_dataset"):
        sync.log("WARN", f"The destination's raw_data_dataset ({dataset}) has no effect: there are no raw tables.")
    warehouse.ensure_dataset()
    plans = [plan(warehouse, stream, tables[stream.namespace, stream.name]) for stream in sync.streams]
    for name in sweep(warehouse, tables.values(), sync.connection_id):
        sync.log("WARN", f"Dropped {warehouse.name(name)}, a staging table of an earlier sync that was killed.")
    return plans


def _judge(reader: Reader, source: Source, background: Background, cancelled: threading.Event) -> None:
    """Raise if the source was not read to its end, or if it reported an error."""
    _raise_first_cause(background, cancelled)
    if reader.errors:
        raise reader.errors[0]
    if source.exit_code != 0:
        raise SourceError(f"The connector {ending(source.exit_code)}. The last lines of its output are in the log.")
    unfinished = [read.stream.name for read in reader.streams.values() if not read.complete]
    if unfinished:
        raise SourceError(f"The connector ended before it reported these streams as complete: {', '.join(unfinished)}.")


def _commit(sync: Sync, reader: Reader, warehouse: Warehouse, jobs: Jobs) -> None:
    """Change the tables one after the other. Save the state of each stream after the change of its table."""
    for read in reader.streams.values():
        if sync.cancelled.is_set():
            raise SyncCancelled
        fields = {column.field: column.name for column in read.load.plan.columns}
        read.load.commit({fields[field] for field in read.rows.misfits})
        billed = jobs.bytes_billed - sync.progress.bytes_billed
        sync.progress.bytes_billed = jobs.bytes_billed
        _report(read, warehouse, billed, sync.log)
        if read.state is not None and read.stream.incremental:
            sync.commit_state([read.state])
    if reader.global_state is not None and any(read.stream.incremental for read in reader.streams.values()):
        sync.commit_state([reader.global_state])


def _raise_first_cause(background: Background, cancelled: threading.Event) -> None:
    """Raise SyncCancelled or the error of a failed batch, if that is why the connector was stopped."""
    if cancelled.is_set():
        raise SyncCancelled
    if background.failed.is_set():
        background.drain()


def _report(read: StreamRead, warehouse: Warehouse, billed: int, log: Callable[[str, str], None]) -> None:
    table = warehouse.name(read.load.plan.table)
    for column in read.load.plan.widened:
        log(
            "WARN",
            f"{table}: the type of {column.name} was {column.old} and is {column.new} now. Its values were kept.",
        )
    for name, count in read.rows.misfits.items():
        type_ = next(column.type.name for column in read.load.plan.columns if column.field == name)
        log(
            "WARN",
            f"{table}: {count} values of {name} are not valid for the type {type_}. They are null in the table, and "
            "_airbyte_meta.changes of their rows names the column.",
        )
    if count := read.rows.cursorless:
        log(
            "WARN",
            f"{table}: {count} of {read.records} records have no value of the cursor {read.load.plan.cursor}. Such a "
            "record does not replace a row that has one. If the source has no such column any more, set another "
            f"cursor_field in connections.yaml, run make apply, and {read_anew(warehouse.table(read.load.plan.table))}",
        )
    costs = f" BigQuery billed {billed} bytes." if billed else ""
    log("INFO", f"{table}: {read.records} records loaded ({read.stream.sync_mode}).{costs}")


def _clean(read: StreamRead, log: Callable[[str, str], None]) -> None:
    """Remove the stream's staging tables. An error is only logged: the next sync drops the tables."""
    read.spool.close()
    try:
        read.load.clean()
    except SyncError as error:
        log("WARN", error.message)

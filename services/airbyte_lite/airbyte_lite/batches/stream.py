"""Makes the batches of one stream: converts blocks, adds Airbyte's own columns, writes batch files, counts."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from airbyte_cdk.entrypoint import AirbyteEntrypoint
from airbyte_cdk.models import FailureType
from airbyte_cdk.sources.utils.record_helper import stream_data_to_airbyte_message
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from airbyte_lite.batches.blocks import Block, Records, alone
from airbyte_lite.batches.columns import Landing, Part
from airbyte_lite.batches.files import BatchWriter, writer
from airbyte_lite.connectors.protocol import parse_message
from airbyte_lite.loader import layout
from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.order import BatchFile, Order, Report
from airbyte_lite.loader.rows import Values, meta, nulled, raw_ids, written
from airbyte_lite.loader.spool import GROWTH

REPORT_SECONDS = 1.0
"""Longest time from new rows to the next report. The sync shows its progress, and its connector is not ended as
silent.
"""
FULL = {errno.ENOSPC, errno.EDQUOT}
SUFFIXES = pa.array([f"{number:04x}" for number in range(65536)])


class StreamBatches:
    """The batches of one stream. Several threads may add blocks."""

    def __init__(self, name: str, order: Order) -> None:
        self._name, self._order, self._stream = name, order, order.streams[name]
        self._landings = [Landing(column) for column in self._stream.columns]
        self._values = Values(self._stream.columns)
        self._json = {layout.META} | {landing.name for landing in self._landings if landing.kind == "JSON"}
        self._unchanged = meta(self._stream.sync_id, []).decode()
        self._head = raw_ids()
        self._writer: BatchWriter | None = None
        self._path = Path()
        self._number = 0
        self._taken = 0  # bytes of the full batches
        self._new = Report()
        self._reported = time.monotonic()
        envelope = {"type": "RECORD", "record": {"stream": name, "data": {}, "emitted_at": 10**12}}
        self._envelope = len(orjson.dumps(envelope)) + sum(len(landing.field) + 6 for landing in self._landings)
        self.rows = 0

    def add(self, block: Block, file: dict[str, str]) -> None:
        """Convert and write the rows of a block. `file` has the values that every row of the file gets."""
        alone(partial(self._add, block, file))

    def report(self) -> dict[str, Any] | None:
        """Return a report if a batch is complete, or if it is time for one; otherwise None."""
        due = self._new.files or time.monotonic() - self._reported >= REPORT_SECONDS
        return alone(self._report) if due else None

    def finish(self) -> dict[str, Any] | None:
        """Complete the last batch and return the last report, None if there is nothing to report."""
        return alone(self._finish)

    def _finish(self) -> dict[str, Any] | None:
        if self._writer is not None:
            self._close(full=False)
        return self._report()

    def _add(self, block: Block, file: dict[str, str]) -> None:
        columns, changed = self._converted(block, file)
        first = self.rows
        self.rows += len(block)
        table = pa.table(self._layout(first, len(block), changed) | columns)
        with _writing(self._order.folder):
            if self._writer is None:
                self._open()
            assert self._writer is not None  # noqa: S101 -- for the type checker
            self._writer.write(table)
        size = block.size + len(block) * self._envelope + len(block) * sum(map(len, file.values()))
        misfits = dict(self._new.misfits)
        for fields in changed.values():
            for field in fields:
                misfits[field] = misfits.get(field, 0) + 1
        new = self._new
        self._new = Report(new.rows + len(block), new.bytes + size, misfits, new.files)
        written = self._writer.size()
        if written >= self._order.batch_bytes and written >= self._taken // GROWTH:
            self._taken += written
            self._close(full=True)

    def _report(self) -> dict[str, Any] | None:
        if not (self._new.rows or self._new.files):
            return None
        report, self._new, self._reported = self._new, Report(), time.monotonic()
        return {self._order.key: report.dump()}

    def _open(self) -> None:
        self._number += 1
        self._path = Path(self._order.folder) / f"{self._stream.prefix}-{self._number:06d}.{self._order.format}"
        self._writer = writer(self._order.format, self._path, self._json)

    def _close(self, full: bool) -> None:
        assert self._writer is not None  # noqa: S101 -- for the type checker
        with _writing(self._order.folder):
            self._writer.close()
        self._new.files.append(BatchFile(self._path.name, self._writer.rows, full))
        self._writer = None

    def _converted(self, block: Block, file: dict[str, str]) -> tuple[dict[str, pa.Array], dict[int, list[str]]]:
        """Return the stream's columns, and the fields of the invalid values of each row that has one."""
        try:
            parts = [self._part(block, landing, file) for landing in self._landings]
        except (ValueError, TypeError, OverflowError, ArithmeticError, pa.ArrowException):
            # A value that Arrow does not hold.
            block = Records([block.record(position) for position in range(len(block))])
            parts = [block.part(landing) for landing in self._landings]
        changed: dict[int, list[str]] = {}
        for landing, part in zip(self._landings, parts, strict=True):
            for position in part.misfits:
                changed.setdefault(position, []).append(landing.field)
        odd = sorted({position for part in parts for position in part.odd})
        columns = [part.values for part in parts]
        if odd:
            rows = []
            for position in odd:
                row, misfits = self._as_sent(block.record(position) | file)
                rows.append(row)
                changed.pop(position, None)
                if misfits:
                    changed[position] = misfits
            columns = [
                _replaced(landing, values, odd, rows) for landing, values in zip(self._landings, columns, strict=True)
            ]
        named = zip(self._landings, columns, strict=True)
        return {landing.name: values for landing, values in named if landing.type != pa.null()}, changed

    def _part(self, block: Block, landing: Landing, file: dict[str, str]) -> Part:
        part = block.part(landing)
        if landing.field not in file:
            return part
        one = landing.part([landing.landed(file[landing.field])])
        rows = list(range(len(block)))
        return Part(pa.repeat(one.values[0], len(block)), rows if one.misfits else [], rows if one.odd else [])

    def _as_sent(self, record: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """Return the row of a record that is written as a message and read again, and its invalid fields.

        Raises AirbyteTracedException for a value that cannot be loaded, as the loader does.
        """
        message = stream_data_to_airbyte_message(self._name, record)
        line = AirbyteEntrypoint.airbyte_message_to_string(message).encode() + b"\n"
        try:
            parsed = orjson.loads(line)
        except orjson.JSONDecodeError:
            parsed = parse_message(line)
        try:
            row, misfits = self._values.convert(parsed["record"]["data"], line)
            written(row)
        except SyncError as error:
            raise AirbyteTracedException(
                message=str(error), internal_message=str(error), failure_type=FailureType.config_error, exception=error
            ) from error
        return row, misfits

    def _layout(self, first: int, rows: int, changed: dict[int, list[str]]) -> dict[str, pa.Array]:
        """Return Airbyte's own columns of the rows that follow the first `first` rows of the stream."""
        notes = pa.repeat(pa.scalar(self._unchanged), rows)
        if changed:
            sync_id = self._stream.sync_id
            known: dict[tuple[str, ...], str] = {(): self._unchanged}
            fields = [tuple(changed.get(position, ())) for position in range(rows)]
            for each in set(fields) - {()}:
                known[each] = meta(sync_id, list(map(nulled, each))).decode()
            notes = pa.array([known[each] for each in fields], pa.string())
        now = pa.scalar(time.time_ns() // 1_000_000 * 1000, pa.timestamp("us", "UTC"))
        return {
            layout.RAW_ID: self._raw_ids(first + 1, rows),
            layout.EXTRACTED_AT: pa.repeat(now, rows),
            layout.META: notes,
            layout.GENERATION_ID: pa.repeat(pa.scalar(self._stream.generation_id, pa.int64()), rows),
        }

    def _raw_ids(self, first: int, rows: int) -> pa.Array:
        pieces = []
        end = first + rows
        while first < end:
            high, low = divmod(first, len(SUFFIXES))
            some = SUFFIXES.slice(low, min(end - first, len(SUFFIXES) - low))
            pieces.append(pc.binary_join_element_wise(pa.scalar(f"{self._head}{high:08x}"), some, pa.scalar("")))
            first += len(some)
        return pa.concat_arrays(pieces)


@contextmanager
def _writing(folder: str) -> Iterator[None]:
    """Turn an OSError into an exception that airbyte-cdk does not treat as a fault of the source's file."""
    try:
        yield
    except OSError as error:
        raise AirbyteTracedException(
            message=f"The rows could not be written to {folder}: {error.strerror or error}. "
            + ("Free some space there, then sync again." if error.errno in FULL else "Sync again."),
            internal_message=str(error),
            failure_type=FailureType.system_error,
            exception=error,
        ) from error


def _replaced(landing: Landing, values: pa.Array, where: list[int], rows: list[dict[str, Any]]) -> pa.Array:
    """Return the column with the values of these rows in these positions."""
    if landing.type == pa.null():
        return values
    new = landing.array([row.get(landing.name) for row in rows])
    if len(where) == len(values):
        return new
    mask = [False] * len(values)
    for position in where:
        mask[position] = True
    return pc.replace_with_mask(values, pa.array(mask), new)

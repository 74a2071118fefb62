"""Converts records to lines of newline-delimited JSON, in the layout of Airbyte's Destinations V2."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from airbyte_lite.loader import layout
from airbyte_lite.loader.casts import MISFIT, UNSURE, cast_for, exact_cast_for
from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.literals import data_of
from airbyte_lite.loader.types import FieldType

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Column:
    """A field of the stream and its column in the table."""

    field: str
    name: str
    type: FieldType


class Values:
    """Converts the values of records to the types of their columns."""

    def __init__(self, columns: Iterable[Column]) -> None:
        self._columns = [
            (column.field, column.name, *cast_for(column.type), exact_cast_for(column.type)) for column in columns
        ]

    def convert(self, data: dict[str, Any], message: bytes = b"") -> tuple[dict[str, Any], list[str]]:
        """Return the values by column name, without nulls, and the fields whose value is invalid for its column.

        `message` is the line of the RECORD message: numbers with more digits than a double are read from it. Raises
        SyncError for a value that cannot be written as a text.
        """
        row = {}
        misfits: list[str] = []
        exact: dict[str, Any] | None = None
        for field, name, fits, cast, exact_cast in self._columns:
            value = data.get(field)
            if value is None:
                continue
            if type(value) is fits:
                row[name] = value
                continue
            result = cast(value)
            if result is UNSURE:
                if exact is None:
                    exact = data_of(message) or data
                try:
                    result = exact_cast(exact.get(field, value))
                except TypeError as error:
                    raise _not_json(name, error) from error
            if result is MISFIT:
                misfits.append(field)
            else:
                row[name] = result
        return row, misfits


class RowFormatter:
    """Converts the records of one stream to lines.

    Counts the invalid values of each field (`misfits`), and the records without a value of the cursor (`cursorless`).
    """

    def __init__(self, columns: Iterable[Column], sync_id: int, generation_id: int, cursor: str | None = None) -> None:
        self.misfits: dict[str, int] = {}
        self.cursorless = 0
        self._cursor = cursor
        self._values = Values(columns)
        self._sync_id = sync_id
        self._tail = f',"{layout.GENERATION_ID}":{generation_id}'.encode()
        self._unchanged = meta(sync_id, [])
        self._emitted_at: int | None = None
        self._stamp = b""
        self._head, self._rows = f'{{"{layout.RAW_ID}":"{raw_ids()}'.encode(), 0

    def line(self, record: dict[str, Any], message: bytes = b"") -> bytes:
        """Return the line of a record. A value that is invalid for its column becomes null and is noted in the row.

        `record` is the body of a RECORD message: `data`, `emitted_at` in milliseconds since 1970 and, optionally,
        `meta` with the source's changes. `message` is the line of the message: numbers with more digits than a double
        are read from it. Raises SyncError for a value that cannot be written as JSON.
        """
        row, misfits = self._values.convert(record["data"], message)
        if self._cursor is not None and self._cursor not in row:
            self.cursorless += 1
        if record["emitted_at"] != self._emitted_at:
            self._new_stamp(record["emitted_at"])
        noted = self._changed(record, misfits) if misfits or "meta" in record else self._unchanged
        self._rows += 1
        body = written(row)
        return b"%b%012x%b%b%b%b%b\n" % (
            self._head,
            self._rows,
            self._stamp,
            noted,
            self._tail,
            b"," if row else b"",
            body[1:],
        )

    def _new_stamp(self, emitted_at: int) -> None:
        moment = (_EPOCH + timedelta(milliseconds=emitted_at)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self._emitted_at = emitted_at
        self._stamp = f'","{layout.EXTRACTED_AT}":"{moment}","{layout.META}":'.encode()

    def _changed(self, record: dict[str, Any], misfits: list[str]) -> bytes:
        changes = list((record.get("meta") or {}).get("changes") or [])
        for field in misfits:
            self.misfits[field] = self.misfits.get(field, 0) + 1
        return meta(self._sync_id, [*changes, *map(nulled, misfits)])


def written(row: dict[str, Any]) -> bytes:
    """Return a row as JSON. Raises SyncError for a value that cannot be written."""
    try:
        return orjson.dumps(row)
    except orjson.JSONEncodeError as error:
        raise _not_writable(row, error) from error


def _not_writable(row: dict[str, Any], error: TypeError) -> SyncError:
    """Return the error for a row with a value that cannot be written: in practice, one that is nested deep."""
    for name, value in row.items():
        try:
            orjson.dumps({name: value})
        except TypeError:
            return _not_json(name, error)
    return SyncError(f"A record cannot be written as JSON: {error}.")


def _not_json(name: str, error: TypeError) -> SyncError:
    return SyncError(
        f"A value of the column {name} is not JSON ({error}): only about 250 levels of objects and arrays can be "
        "loaded. Let the source write the value as a text, or leave the column out.",
        "config_error",
    )


def meta(sync_id: int, changes: list[Any]) -> bytes:
    """Return the JSON of the column _airbyte_meta."""
    return orjson.dumps({"sync_id": sync_id, "changes": changes})


def nulled(field: str) -> dict[str, str]:
    """Return the change of a field whose value is invalid for its column."""
    return {"field": field, "change": "NULLED", "reason": "DESTINATION_TYPECAST_ERROR"}


def raw_ids() -> str:
    """Return the start of the raw ids of a stream: all but their last 12 digits.

    The raw ids are UUIDs of version 7 (RFC 9562): milliseconds, 26 random bits, and a counter in the last 12 digits. A
    later record of the stream has a greater id, so the ids order records with equal keys and cursors. A counter is
    also faster than random bytes for each row.
    """
    now = f"{time.time_ns() // 1_000_000:012x}"
    high, low = (int.from_bytes(os.urandom(2)) for _ in range(2))
    return f"{now[:8]}-{now[8:]}-7{high & 0xFFF:03x}-{0x8000 | low & 0x3FFF:04x}-"

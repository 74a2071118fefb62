"""Compares the source's schema with the connection's, and adds new columns to the connection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from airbyte_lite.state.records import Stream
from airbyte_lite.sync.catalog import CatalogError
from airbyte_lite.sync.stream_schema import column_type, columns, without_schema


@dataclass(frozen=True)
class SchemaChange:
    """The columns of one stream that differ between the source's schema and the connection's."""

    stream: str
    added: list[str]
    dropped: list[str]
    retyped: list[str]

    def __str__(self) -> str:
        """Return the change as text for a log: stream orders has new columns: a, b; removed columns: c."""
        parts = [
            f"{what} {', '.join(names)}"
            for what, names in (
                ("new columns:", self.added),
                ("removed columns:", self.dropped),
                ("columns with a new type:", self.retyped),
            )
            if names
        ]
        return f"stream {self.stream} has {'; '.join(parts)}"


def compare(streams: list[Stream], offered: list[dict[str, Any]]) -> list[SchemaChange]:
    """Return the changes of the streams whose schema has changed. Raises CatalogError if the source lacks a stream.

    The first schema of a stream that had none is not a change.
    """
    by_name = {str(stream["name"]): stream for stream in offered}
    changes = []
    for stream in streams:
        if stream.name not in by_name:
            raise CatalogError(
                f"The source no longer has the stream {stream.name}. It has: {', '.join(by_name) or 'none'}."
            )
        before = columns(stream.stream)
        now = columns(by_name[stream.name])
        if not now or without_schema(by_name[stream.name]) or without_schema(stream.stream):
            continue
        change = SchemaChange(
            stream.name,
            added=[name for name in now if name not in before],
            dropped=[name for name in before if name not in now],
            retyped=[name for name in now if name in before and column_type(now[name]) != column_type(before[name])],
        )
        if change.added or change.dropped or change.retyped:
            changes.append(change)
    return changes


def add_columns(streams: list[Stream], offered: list[dict[str, Any]], changes: list[SchemaChange]) -> list[Stream]:
    """Return the streams with the new columns added. Existing columns keep their type; removed columns stay."""
    by_name = {str(stream["name"]): columns(stream) for stream in offered}
    added = {change.stream: {name: by_name[change.stream][name] for name in change.added} for change in changes}
    return [_with_columns(stream, added.get(stream.name, {})) for stream in streams]


def _with_columns(stream: Stream, added: dict[str, Any]) -> Stream:
    schema = stream.stream.get("json_schema") or {}
    properties = {**columns(stream.stream), **added}
    return replace(stream, stream={**stream.stream, "json_schema": {**schema, "properties": properties}})

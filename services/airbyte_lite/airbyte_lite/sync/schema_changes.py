"""Compares the source's schema with the connection's, and takes its changes over into the connection."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from airbyte_lite.loader.types import field_type, only_null
from airbyte_lite.loader.widening import widest
from airbyte_lite.state.records import Stream
from airbyte_lite.sync.catalog import required
from airbyte_lite.sync.offered import CatalogError, by_key, key_of, shown
from airbyte_lite.sync.stream_schema import columns, field_paths, spellings, without_schema


@dataclass(frozen=True)
class SchemaChange:
    """The columns of one stream that differ between the source's schema and the connection's."""

    stream: str
    added: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    retyped: dict[str, str] = field(default_factory=dict)
    """For each column with another type: the change as text, such as "integer → number"."""
    narrowed: dict[str, str] = field(default_factory=dict)
    """The same for columns whose type in the connection also holds the new values: that type is kept."""
    respelled: dict[str, str] = field(default_factory=dict)
    """The new names of columns that differ by case only."""
    lost: list[str] = field(default_factory=list)
    """Why the stream cannot be synced any more: its primary key or cursor is gone, not unique, or an object."""

    @property
    def matters(self) -> bool:
        """Whether the connection's schema lacks something of the source's."""
        return bool(self.added or self.dropped or self.retyped or self.lost)

    def __str__(self) -> str:
        """Return the change as text for a log: stream orders has new columns: a, b; removed columns: c."""
        parts = [
            f"{what} {', '.join(names)}"
            for what, names in (
                ("new columns:", self.added),
                ("removed columns:", self.dropped),
                ("columns with a new type:", _types(self.retyped)),
                ("columns that keep their wider type:", _types(self.narrowed)),
                ("columns with another case:", [f"{old} → {new}" for old, new in self.respelled.items()]),
            )
            if names
        ]
        return f"stream {self.stream} has {'; '.join([*self.lost, *parts])}"


def _types(changes: dict[str, str]) -> list[str]:
    return [f"{name} ({change})" for name, change in changes.items()]


def compare(streams: list[Stream], offered: list[dict[str, Any]]) -> list[SchemaChange]:
    """Return the changes of the streams whose schema has changed. Raises CatalogError if the source lacks a stream.

    The first schema of a stream that had none is not a change.
    """
    now_offered = by_key(offered)
    changes = []
    for stream in streams:
        now = now_offered.get(key_of(stream.stream))
        if now is None:
            raise CatalogError(
                f"The source no longer has the stream {shown(stream.stream)}. "
                f"It has: {', '.join(map(shown, offered)) or 'none'}."
            )
        if not columns(now) or without_schema(now) or without_schema(stream.stream):
            continue
        change = _compare(stream, now)
        if change != SchemaChange(stream.name):
            changes.append(change)
    return changes


def _compare(stream: Stream, offered: dict[str, Any]) -> SchemaChange:
    now, respelled = columns(offered), _respelled(columns(stream.stream), columns(offered))
    before = {respelled.get(name, name): column for name, column in columns(stream.stream).items()}
    retyped: dict[str, str] = {}
    narrowed: dict[str, str] = {}
    for name in now:  # a column that is null in every row says nothing about its type
        if name in before and not only_null(now[name]) and _differ(before[name], now[name]):
            kept = _taken(stream, name, before[name], now[name]) == before[name]
            (narrowed if kept else retyped)[name] = f"{_shown(before[name])} → {_shown(now[name])}"
    return SchemaChange(
        stream.name,
        added=[name for name in now if name not in before],
        dropped=[name for name in before if name not in now],
        retyped=retyped,
        narrowed=narrowed,
        respelled=respelled,
        lost=_lost(stream, offered),
    )


def _differ(before: Any, now: Any) -> bool:
    """Return whether a column has another type. Whether it may be null makes no difference, nor does the order."""
    return _shown(before) != _shown(now) or field_type(before) != field_type(now)


def _respelled(before: dict[str, Any], now: dict[str, Any]) -> dict[str, str]:
    """Return the new names of the columns that differ by case only. With several candidates, it is a new column."""
    gone = [[name] for name in before if name not in now]
    new = [[name] for name in now if name not in before]
    pairs = {name: spellings([name], new) for [name] in gone if len(spellings([name], gone)) == 1}
    return {name: found[0][0] for name, found in pairs.items() if len(found) == 1}


def _lost(stream: Stream, offered: dict[str, Any]) -> list[str]:
    """Return why the source's schema is a breaking change: Airbyte stops at a lost primary key or cursor."""
    had = field_paths(stream.stream.get("json_schema") or {})
    has = field_paths(offered.get("json_schema") or {})
    reasons = []
    for what, path in required(stream):
        found, name = spellings(path, has), ".".join(path)
        parent = columns(offered).get(path[0])
        inside_unknown = len(path) > 1 and isinstance(parent, dict) and not parent.get("properties")
        if not found and spellings(path, had) and not inside_unknown:
            reasons.append(f"lost the column {name}, its {what}")
        if len(found) == len(path) == 1 and _becomes_nested(stream, found[0][0], columns(offered)):
            reasons.append(f"objects or lists in the column {name}, its {what}")
        if len(found) > 1:
            reasons.append(f"several columns {name}, its {what}: {', '.join(map('.'.join, found))}")
    return reasons


def _becomes_nested(stream: Stream, name: str, now: dict[str, Any]) -> bool:
    """Return whether a column has objects or arrays now, and had other values. BigQuery cannot order by them."""
    had = [column for known, column in columns(stream.stream).items() if known.lower() == name.lower()]
    return field_type(now[name]).shape is not None and all(field_type(column).name != "JSON" for column in had)


def take_over(
    streams: list[Stream], offered: list[dict[str, Any]], changes: list[SchemaChange], *, propagate: bool
) -> list[Stream]:
    """Return the streams with the source's spelling of their columns and, if `propagate`, its new columns and types.

    A type is only replaced by a type that also holds the old values. Removed columns stay.
    """
    now = {key: columns(stream) for key, stream in by_key(offered).items()}
    by_stream = {change.stream: change for change in changes}
    return [
        _taken_over(stream, now[key_of(stream.stream)], by_stream[stream.name], propagate=propagate)
        if stream.name in by_stream
        else stream
        for stream in streams
    ]


def _taken_over(stream: Stream, now: dict[str, Any], change: SchemaChange, *, propagate: bool) -> Stream:
    schema = stream.stream.get("json_schema") or {}
    properties = {change.respelled.get(name, name): column for name, column in columns(stream.stream).items()}
    if propagate:
        properties |= {name: now[name] for name in change.added}
        retyped = [name for name in change.retyped if name in properties]
        properties |= {name: _taken(stream, name, properties[name], now[name]) for name in retyped}
    return replace(stream, stream={**stream.stream, "json_schema": {**schema, "properties": properties}})


def _taken(stream: Stream, name: str, before: Any, now: Any) -> Any:
    """Return the JSON schema of a column that holds the values of both schemas.

    The cursor of a deduplicated table is an exception if it was text and is a number now: the loader refuses a table
    whose rows have another order than the source's records.
    """
    is_cursor = [part.lower() for part in stream.cursor_field] == [name.lower()]
    if is_cursor and stream.sync_mode == "incremental_deduped_history":
        types = field_type(before).name, field_type(now).name
        if types in (("STRING", "INT64"), ("STRING", "NUMERIC")):
            return now
    return _joined(before, now)


def _joined(before: Any, now: Any) -> Any:
    """Return the JSON schema of a column that holds the values of both schemas."""
    old, new = field_type(before), field_type(now)
    if old == new or (old.name == "JSON" and _shown(now) == "any"):
        return now
    if old.name == "JSON":
        return before if old.shape is None else {"oneOf": [before, now]}
    wide = widest(old.name, new.name)
    return before if wide == old.name else now if wide == new.name else {"type": ["null", "string"]}


def _shown(column: Any) -> str:
    """Return the type of a column as text: its format (else its types without null), and its airbyte_type."""
    if not isinstance(column, dict):
        return "any"
    types = column.get("type")
    names = sorted(str(name) for name in (types if isinstance(types, list) else [types]) if name not in ("null", None))
    variants = column.get("oneOf") or column.get("anyOf")
    if not types and isinstance(variants, list):
        names = sorted({_shown(variant) for variant in variants if not only_null(variant)})
    elif not types:
        names = ["object"] if "properties" in column else ["array"] if "items" in column else []
    parts = [column.get("format") or " or ".join(names) or "any", column.get("airbyte_type")]
    return ", ".join(str(part) for part in parts if part)

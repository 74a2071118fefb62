"""From what a source offers to what a connection syncs: checks, defaults, schema changes and the protocol's catalog.

Rules as in "Connections" of Airbyte's API documentation and ConfiguredAirbyteCatalog of the Airbyte protocol.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from .records import Stream

# The public API's combined mode: the protocol's source mode and destination mode.
SYNC_MODES = {
    "full_refresh_overwrite": ("full_refresh", "overwrite"),
    "full_refresh_append": ("full_refresh", "append"),
    "incremental_append": ("incremental", "append"),
    "incremental_deduped_history": ("incremental", "append_dedup"),
}


class CatalogError(Exception):
    """A stream configuration that does not fit what the source offers; the message says which and what would fit."""


@dataclass(frozen=True)
class StreamChoice:
    """What a client asked for one stream; None takes the default."""

    name: str
    sync_mode: str | None = None
    primary_key: list[list[str]] | None = None
    cursor_field: list[str] | None = None
    selected_fields: list[str] | None = None


@dataclass(frozen=True)
class SchemaChange:
    """How the source's schema of one stream differs from the connection's."""

    stream: str
    added: list[str]
    dropped: list[str]
    retyped: list[str]

    def __str__(self) -> str:
        """Return the change as one sentence for a log."""
        parts = [
            f"{name} {', '.join(columns)}"
            for name, columns in (
                ("new columns:", self.added),
                ("columns that are gone:", self.dropped),
                ("columns of another type:", self.retyped),
            )
            if columns
        ]
        return f"stream {self.stream} has {'; '.join(parts)}"


def configure(offered: list[dict[str, Any]], choices: list[StreamChoice]) -> list[Stream]:
    """Return the streams to sync; no choices means every stream, in its default mode. Raises CatalogError."""
    by_name = {str(stream["name"]): stream for stream in offered}
    choices = choices or [StreamChoice(name) for name in by_name]
    names = [choice.name for choice in choices]
    for name in names:
        if name not in by_name:
            raise CatalogError(f"The source has no stream {name}. It has: {', '.join(by_name) or 'none'}.")
        if names.count(name) > 1:
            raise CatalogError(f"Stream {name} is configured twice.")
    return [_configure(by_name[choice.name], choice) for choice in choices]


def proposed(offered: list[dict[str, Any]]) -> list[Stream]:
    """Return every stream in its default mode, with the keys and cursors that the source knows; nothing is checked."""
    return [
        Stream(
            stream=stream,
            sync_mode=_default_mode(stream),
            primary_key=stream.get("source_defined_primary_key") or [],
            cursor_field=stream.get("default_cursor_field") or [],
        )
        for stream in offered
    ]


def _default_mode(stream: dict[str, Any]) -> str:
    """Return full_refresh_overwrite, Airbyte's choice when none is given, or the first mode that the stream has."""
    return next(iter(combined_modes(stream)), "full_refresh_overwrite")


def combined_modes(stream: dict[str, Any]) -> list[str]:
    """Return the sync modes that this stream can be loaded with."""
    supported = stream.get("supported_sync_modes") or ["full_refresh"]
    return [mode for mode, (source_mode, _) in SYNC_MODES.items() if source_mode in supported]


def field_paths(schema: dict[str, Any]) -> list[list[str]]:
    """Return the path of every property of a JSON schema, nested ones included."""
    paths: list[list[str]] = []
    for name, child in (schema.get("properties") or {}).items():
        paths.append([name])
        if isinstance(child, dict):
            paths.extend([name, *path] for path in field_paths(child))
    return paths


def _configure(offered: dict[str, Any], choice: StreamChoice) -> Stream:
    mode = choice.sync_mode or _default_mode(offered)
    valid = combined_modes(offered)
    if mode not in valid:
        raise CatalogError(f"Stream {choice.name} cannot be synced with {mode}. Valid sync modes: {', '.join(valid)}.")
    paths = field_paths(offered.get("json_schema") or {})
    if without_schema(offered):  # any column may come to be there: the sync judges
        paths += [*(choice.primary_key or []), choice.cursor_field or []]
        paths += [[name] for name in choice.selected_fields or []]
    stream = Stream(
        stream=offered,
        sync_mode=mode,
        primary_key=_primary_key(offered, choice, mode, paths),
        cursor_field=_cursor(offered, choice, mode, paths),
        selected_fields=choice.selected_fields,
    )
    if choice.selected_fields is not None:
        _check_selection(stream, choice.selected_fields, paths)
    return stream


def _primary_key(offered: dict[str, Any], choice: StreamChoice, mode: str, paths: list[list[str]]) -> list[list[str]]:
    defined: list[list[str]] = offered.get("source_defined_primary_key") or []
    given = choice.primary_key or []
    if defined and given and sorted(defined) != sorted(given):
        raise CatalogError(
            f"The primary key of stream {choice.name} is defined by the source: {_columns(defined)}. "
            "Leave primaryKey out or give the same."
        )
    unknown = [path for path in given if path not in paths]
    if unknown:
        raise CatalogError(
            f"Stream {choice.name} has no column {_columns(unknown)} for its primary key. It has: {_columns(paths)}."
        )
    if len({tuple(path) for path in given}) < len(given):
        raise CatalogError(f"The primary key of stream {choice.name} names a column twice: {_columns(given)}.")
    key = defined or given
    if mode == "incremental_deduped_history" and not key:
        raise CatalogError(f"Stream {choice.name} needs a primaryKey for {mode}: the source does not define one.")
    return key


def _cursor(offered: dict[str, Any], choice: StreamChoice, mode: str, paths: list[list[str]]) -> list[str]:
    default: list[str] = offered.get("default_cursor_field") or []
    given = choice.cursor_field or []
    if offered.get("source_defined_cursor"):
        if given and given != default and mode.startswith("incremental_"):
            raise CatalogError(
                f"The cursor of stream {choice.name} is defined by the source: {'.'.join(default)}. "
                "Leave cursorField out."
            )
        return default
    if given and given not in paths:
        raise CatalogError(
            f"Stream {choice.name} has no column {'.'.join(given)} for its cursor. It has: {_columns(paths)}."
        )
    if mode.startswith("incremental_") and not (given or default):
        raise CatalogError(f"Stream {choice.name} needs a cursorField for {mode}: the source has no default.")
    return given or default


def _check_selection(stream: Stream, selected: list[str], paths: list[list[str]]) -> None:
    columns = [path[0] for path in paths if len(path) == 1]
    unknown = [name for name in selected if name not in columns]
    if unknown or not selected:
        raise CatalogError(
            f"Stream {stream.name} has no column {', '.join(unknown) or '(none was selected)'} to select. "
            f"It has: {', '.join(columns)}."
        )
    needed = [path[0] for path in stream.primary_key]
    if stream.incremental and stream.cursor_field:
        needed.append(stream.cursor_field[0])
    missing = [name for name in needed if name not in selected]
    if missing:
        raise CatalogError(
            f"selectedFields of stream {stream.name} must include its key and cursor: {', '.join(missing)}."
        )


def _columns(paths: list[list[str]]) -> str:
    return ", ".join(".".join(path) for path in paths)


# What Airbyte's file-based sources discover where no file matches: one object column, and their own two. Streams of
# which no schema is wanted (schemaless) keep it.
FALLBACK_COLUMNS = {"data", "_ab_source_file_url", "_ab_source_file_last_modified"}


def without_schema(stream: dict[str, Any]) -> bool:
    """Return whether the source had nothing to infer the stream's schema from."""
    properties = _properties(stream)
    return set(properties) <= FALLBACK_COLUMNS and _type(properties.get("data")) == ("object", None, None)


def with_first_schemas(streams: list[Stream], offered: list[dict[str, Any]]) -> list[Stream]:
    """Return the streams; those that had no schema take over the one that the source has for them by now.

    Raises CatalogError if the key, the cursor or the selection, which could not be checked before, do not fit it.
    """
    found = {str(stream["name"]): stream for stream in offered if _properties(stream) and not without_schema(stream)}
    return [
        _configure(found[stream.name], _choice(stream))
        if without_schema(stream.stream) and stream.name in found
        else stream
        for stream in streams
    ]


def _choice(stream: Stream) -> StreamChoice:
    return StreamChoice(stream.name, stream.sync_mode, stream.primary_key, stream.cursor_field, stream.selected_fields)


def compare(streams: list[Stream], offered: list[dict[str, Any]]) -> list[SchemaChange]:
    """Return the streams whose schema has changed; raises CatalogError if a stream is gone.

    A schema that a stream gets in place of the fallback is its first, not a change.
    """
    by_name = {str(stream["name"]): stream for stream in offered}
    changes = []
    for stream in streams:
        if stream.name not in by_name:
            raise CatalogError(
                f"The source has no stream {stream.name} any more. It has: {', '.join(by_name) or 'none'}."
            )
        before = _properties(stream.stream)
        now = _properties(by_name[stream.name])
        if not now or without_schema(by_name[stream.name]) or without_schema(stream.stream):
            continue
        change = SchemaChange(
            stream.name,
            added=[name for name in now if name not in before],
            dropped=[name for name in before if name not in now],
            retyped=[name for name in now if name in before and _type(now[name]) != _type(before[name])],
        )
        if change.added or change.dropped or change.retyped:
            changes.append(change)
    return changes


def add_columns(streams: list[Stream], offered: list[dict[str, Any]], changes: list[SchemaChange]) -> list[Stream]:
    """Return the streams with the changes' new columns; known columns keep their first type, dropped ones stay."""
    by_name = {str(stream["name"]): _properties(stream) for stream in offered}
    added = {change.stream: {name: by_name[change.stream][name] for name in change.added} for change in changes}
    return [_with_columns(stream, added.get(stream.name, {})) for stream in streams]


def _with_columns(stream: Stream, added: dict[str, Any]) -> Stream:
    schema = stream.stream.get("json_schema") or {}
    properties = {**_properties(stream.stream), **added}
    return replace(stream, stream={**stream.stream, "json_schema": {**schema, "properties": properties}})


def _properties(stream: dict[str, Any]) -> dict[str, Any]:
    return (stream.get("json_schema") or {}).get("properties") or {}


def _type(column: Any) -> Any:
    """Return what decides a column's type in the destination; the order of ["null", "string"] does not."""
    if not isinstance(column, dict):
        return column
    types = column.get("type")
    return (sorted(types) if isinstance(types, list) else types), column.get("format"), column.get("airbyte_type")


def selected_schema(stream: Stream) -> dict[str, Any]:
    """Return the stream's JSON schema, reduced to the selected columns."""
    schema: dict[str, Any] = stream.stream.get("json_schema") or {}
    if stream.selected_fields is None:
        return schema
    kept = {name: column for name, column in _properties(stream.stream).items() if name in stream.selected_fields}
    return {**schema, "properties": kept}


def protocol_catalog(streams: list[Stream]) -> dict[str, Any]:
    """Return the ConfiguredAirbyteCatalog that the connector reads."""
    return {
        "streams": [
            {
                "stream": {**stream.stream, "json_schema": selected_schema(stream)},
                "sync_mode": SYNC_MODES[stream.sync_mode][0],
                "destination_sync_mode": SYNC_MODES[stream.sync_mode][1],
                "cursor_field": stream.cursor_field,
                "primary_key": stream.primary_key,
            }
            for stream in streams
        ]
    }

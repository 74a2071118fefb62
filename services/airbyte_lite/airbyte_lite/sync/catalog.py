"""Configures the streams of a connection: checks the client's choices, fills in defaults, makes the catalog.

The rules are those of "Connections" in Airbyte's API documentation and of the protocol's ConfiguredAirbyteCatalog.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from airbyte_lite.state.records import Stream
from airbyte_lite.sync.offered import CatalogError, by_key, find, key_of, refuse_same_tables
from airbyte_lite.sync.stream_schema import (
    as_source_spells,
    columns,
    field_paths,
    selected_schema,
    spelled,
    spellings,
    without_schema,
)

# Each sync mode of the public API, with the source mode and the destination mode of the Airbyte protocol.
SYNC_MODES = {
    "full_refresh_overwrite": ("full_refresh", "overwrite"),
    "full_refresh_append": ("full_refresh", "append"),
    "incremental_append": ("incremental", "append"),
    "incremental_deduped_history": ("incremental", "append_dedup"),
}


@dataclass(frozen=True)
class StreamChoice:
    """A client's configuration of one stream; None means the default."""

    name: str
    sync_mode: str | None = None
    primary_key: list[list[str]] | None = None
    cursor_field: list[str] | None = None
    selected_fields: list[str] | None = None
    namespace: str | None = None


def configure(offered: list[dict[str, Any]], choices: list[StreamChoice], prefix: str = "") -> list[Stream]:
    """Return the configured streams. Without choices: every stream in its default mode. Raises CatalogError.

    `prefix` is that of the connection's tables. Columns that differ by case only are the same column.
    """
    by_key(offered)
    if not offered:
        raise CatalogError("The source has no streams, so there is nothing to sync. Add a stream to its configuration.")
    choices = choices or [StreamChoice(name, namespace=namespace or None) for namespace, name in map(key_of, offered)]
    chosen = [find(offered, choice.name, choice.namespace) for choice in choices]
    refuse_same_tables(chosen, prefix)
    return [_configure(stream, choice) for stream, choice in zip(chosen, choices, strict=True)]


def proposed(offered: list[dict[str, Any]]) -> list[Stream]:
    """Return every stream in its default mode, with the source's keys and cursors. Nothing is checked."""
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
    """Return Airbyte's default, full_refresh_overwrite, or the first mode that the stream supports."""
    return next(iter(combined_modes(stream)), "full_refresh_overwrite")


def combined_modes(stream: dict[str, Any]) -> list[str]:
    """Return the sync modes that the stream supports."""
    supported = stream.get("supported_sync_modes") or ["full_refresh"]
    return [mode for mode, (source_mode, _) in SYNC_MODES.items() if source_mode in supported]


def _configure(offered: dict[str, Any], choice: StreamChoice) -> Stream:
    mode = choice.sync_mode or _default_mode(offered)
    valid = combined_modes(offered)
    if mode not in valid:
        raise CatalogError(f"Stream {choice.name} cannot be synced with {mode}. Valid sync modes: {', '.join(valid)}.")
    paths = field_paths(offered.get("json_schema") or {})
    if without_schema(offered):  # the columns are unknown; the first sync checks these
        paths += [*(choice.primary_key or []), choice.cursor_field or []]
        paths += [[name] for name in choice.selected_fields or []]
    stream = Stream(
        stream=offered,
        sync_mode=mode,
        primary_key=_primary_key(offered, choice, mode, paths),
        cursor_field=_cursor(offered, choice, mode, paths),
        selected_fields=choice.selected_fields,
    )
    _refuse_twins(stream, paths)
    if choice.selected_fields is not None:
        _check_selection(stream, choice.selected_fields, paths)
    return stream


def required(stream: Stream) -> list[tuple[str, list[str]]]:
    """Return the columns without which the stream cannot be synced, as ("primary key" or "cursor", path)."""
    keys = stream.primary_key if SYNC_MODES[stream.sync_mode][1] == "append_dedup" else []
    cursors = [stream.cursor_field] if stream.incremental and stream.cursor_field else []
    return [*(("primary key", path) for path in keys), *(("cursor", path) for path in cursors)]


def _refuse_twins(stream: Stream, paths: list[list[str]]) -> None:
    for what, path in required(stream):
        if len(twins := spellings(path, {tuple(found): found for found in paths}.values())) > 1:
            raise CatalogError(
                f"Stream {stream.name} has columns that differ by case only: {_listed(twins)}. One of them is its "
                f"{what}, and BigQuery ignores the case of column names. Rename one of them in the source."
            )


def _primary_key(offered: dict[str, Any], choice: StreamChoice, mode: str, paths: list[list[str]]) -> list[list[str]]:
    defined: list[list[str]] = offered.get("source_defined_primary_key") or []
    given = choice.primary_key or []
    if defined and given and _folded(defined) != _folded(given):
        raise CatalogError(
            f"The primary key of stream {choice.name} is defined by the source: {_listed(defined)}. "
            "Omit primaryKey, or set it to the same columns."
        )
    unknown = [path for path in given if not spellings(path, paths)]
    if unknown:
        raise CatalogError(
            f"Stream {choice.name} has no column {_listed(unknown)} for its primary key. It has: {_listed(paths)}."
        )
    if len({tuple(path) for path in _folded(given)}) < len(given):
        raise CatalogError(f"The primary key of stream {choice.name} names a column twice: {_listed(given)}.")
    key = defined or given
    if mode == "incremental_deduped_history" and not key:
        raise CatalogError(f"Stream {choice.name} needs a primaryKey for {mode}: the source does not define one.")
    return key


def _cursor(offered: dict[str, Any], choice: StreamChoice, mode: str, paths: list[list[str]]) -> list[str]:
    default: list[str] = offered.get("default_cursor_field") or []
    given = choice.cursor_field or []
    if offered.get("source_defined_cursor"):
        if given and not spellings(given, [default]) and mode.startswith("incremental_"):
            raise CatalogError(
                f"The cursor of stream {choice.name} is defined by the source: {'.'.join(default)}. Omit cursorField."
            )
        return default
    if given and not spellings(given, paths):
        raise CatalogError(
            f"Stream {choice.name} has no column {'.'.join(given)} for its cursor. It has: {_listed(paths)}."
        )
    if mode.startswith("incremental_") and not (given or default):
        raise CatalogError(f"Stream {choice.name} needs a cursorField for {mode}: the source has no default.")
    return given or default


def _check_selection(stream: Stream, selected: list[str], paths: list[list[str]]) -> None:
    selectable = [path[0] for path in paths if len(path) == 1]
    unknown = [name for name in selected if not spellings([name], paths)]
    if unknown or not selected:
        fault = f"has no column {', '.join(unknown)} to select" if unknown else "has an empty list selectedFields"
        raise CatalogError(f"Stream {stream.name} {fault}. It has: {', '.join(selectable)}.")
    if len({tuple(spelled([name], paths)) for name in selected}) < len(selected):
        raise CatalogError(f"selectedFields of stream {stream.name} names a column twice: {', '.join(selected)}.")
    needed = [path[0] for path in stream.primary_key]
    if stream.incremental and stream.cursor_field:
        needed.append(stream.cursor_field[0])
    missing = [name for name in needed if not spellings([name], [[field] for field in selected])]
    if missing:
        raise CatalogError(
            f"selectedFields of stream {stream.name} must include its key and cursor: {', '.join(missing)}."
        )


def _folded(paths: list[list[str]]) -> list[list[str]]:
    return sorted([name.lower() for name in path] for path in paths)


def _listed(paths: list[list[str]]) -> str:
    return ", ".join(".".join(path) for path in paths)


def in_known_order(streams: list[Stream], known: list[Stream]) -> list[Stream]:
    """Return the streams with the columns that `known` has first, in the order there.

    The order decides which of two columns that differ by case only gets a suffix in the table. It must not change.
    """
    orders = {stream.name: list(columns(stream.stream)) for stream in known}
    return [_ordered(stream, orders.get(stream.name, [])) for stream in streams]


def _ordered(stream: Stream, order: list[str]) -> Stream:
    found = columns(stream.stream)
    if not found:
        return stream
    properties = {name: found[name] for name in order if name in found} | found
    schema = {**stream.stream["json_schema"], "properties": properties}
    return replace(stream, stream={**stream.stream, "json_schema": schema})


def with_first_schemas(streams: list[Stream], offered: list[dict[str, Any]]) -> list[Stream]:
    """Return the streams. A stream without a schema gets the source's schema, if the source has one now.

    Raises CatalogError if the stream's key, cursor or selected fields are not in that schema.
    """
    found = {key: stream for key, stream in by_key(offered).items() if columns(stream) and not without_schema(stream)}
    return [
        _configure(found[key], _choice(stream))
        if without_schema(stream.stream) and (key := key_of(stream.stream)) in found
        else stream
        for stream in streams
    ]


def _choice(stream: Stream) -> StreamChoice:
    return StreamChoice(
        stream.name,
        stream.sync_mode,
        stream.primary_key,
        stream.cursor_field,
        stream.selected_fields,
        stream.namespace or None,
    )


def protocol_catalog(streams: list[Stream]) -> dict[str, Any]:
    """Return the ConfiguredAirbyteCatalog for the connector's read command."""
    return {
        "streams": [
            {
                "stream": {**stream.stream, "json_schema": selected_schema(stream)},
                "sync_mode": SYNC_MODES[stream.sync_mode][0],
                "destination_sync_mode": SYNC_MODES[stream.sync_mode][1],
                "cursor_field": stream.cursor_field,
                "primary_key": stream.primary_key,
            }
            for stream in map(as_source_spells, streams)
        ]
    }

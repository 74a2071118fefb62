"""Checks across the connections file: repeated names, references to missing names, a merge without a primary key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connections_file.columns import column_mistakes
from connections_file.glob_syntax import glob_mistakes
from connections_file.models import Connection, ConnectionsFile, Destination, Source, Stream
from connections_file.same_names import same_names
from connections_file.source_streams import source_contradictions
from connections_file.yaml_lines import Location

FILE_COLUMNS = ("_ab_source_file_url", "_ab_source_file_last_modified")
"""The columns in which Airbyte's file sources tell each row's file and the file's time."""


def contradictions(file: ConnectionsFile) -> Iterator[tuple[Location, str]]:
    """Yield the place and the description of each mistake."""
    for items in (file.sources, file.destinations, file.connections):
        yield from _repeated_names(file, items)
    for source in file.sources:
        given = source.connector, source.configuration
        for path, text in (*column_mistakes(*given), *glob_mistakes(*given)):
            yield (*source.location, "configuration", *path), text
    sources, destinations = {item.name for item in file.sources}, {item.name for item in file.destinations}
    yield from same_names(file)
    yield from source_contradictions(file)
    for connection in file.connections:
        here = connection.location
        if connection.source not in sources:
            yield (*here, "source"), f"source {connection.source!r} not found. Declared sources: {_list(sources)}."
        if connection.destination not in destinations:
            yield (
                (*here, "destination"),
                f"destination {connection.destination!r} not found. Declared destinations: {_list(destinations)}.",
            )
        for position, stream in enumerate(connection.streams):
            there = (*here, "streams", position)
            if stream.sync_mode == "incremental_deduped_history" and not stream.primary_key:
                yield there, "incremental_deduped_history needs a primary_key, for example [[id]]."
            if stream.deletions == "mark" and (mistake := _mark_mistake(stream)):
                yield (*there, "deletions"), f"deletions: mark {mistake}"
            if any(stream.name == other.name for other in connection.streams[:position] if _same_schema(stream, other)):
                yield (*there, "name"), f"duplicate stream {stream.name!r} in this connection."
        if (connection.namespace_definition == "custom_format") != (connection.namespace_format is not None):
            yield here, "namespace_format and namespace_definition: custom_format must be set together."


def _mark_mistake(stream: Stream) -> str:
    """Return why deleted rows of the stream cannot be found, empty if they can.

    dbt finds them by the time of the file, which the row of each record that is still in the file has.
    """
    if stream.sync_mode != "incremental_deduped_history":
        return f"needs sync_mode: incremental_deduped_history. With {stream.sync_mode}, " + (
            "rows of deleted records vanish by themselves: remove deletions."
            if stream.sync_mode == "full_refresh_overwrite"
            else "a table has a row for each time that a record was read."
        )
    if stream.cursor_field and stream.cursor_field != [FILE_COLUMNS[-1]]:
        return f"needs the cursor of the file ({FILE_COLUMNS[-1]}): remove cursor_field."
    missing = [name for name in FILE_COLUMNS if stream.selected_fields and name not in stream.selected_fields]
    return f"needs the columns {', '.join(missing)}: add them to selected_fields." if missing else ""


def _repeated_names(
    file: ConnectionsFile, items: Sequence[Source] | Sequence[Destination] | Sequence[Connection]
) -> Iterator[tuple[Location, str]]:
    first: dict[str, Source | Destination | Connection] = {}
    for item in items:
        other = first.setdefault(item.name, item)
        if other is item:
            continue
        match item.location:
            case ("connections", _, "source"):
                # If both sources have their connections' names, the error is reported for the connections.
                if not (_is_named_after_connection(file, item) and _is_named_after_connection(file, other)):
                    yield (
                        (*item.location, "name"),
                        f"another source has the name {item.name!r} ({other.where}). Set another name for this source, "
                        f"or use the other source: source: {item.name}.",
                    )
            case _:
                yield (*item.location, "name"), f"duplicate name {item.name!r}; names must be unique."


def _is_named_after_connection(file: ConnectionsFile, item: Source | Destination | Connection) -> bool:
    match item.location:
        case ("connections", int(index), "source"):
            return file.connections[index].name == item.name
    return False


def _same_schema(one: Stream, other: Stream) -> bool:
    return one.namespace == other.namespace or None in (one.namespace, other.namespace)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"

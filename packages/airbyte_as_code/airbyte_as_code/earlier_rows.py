"""Says which changes leave rows in the tables that do not fit the new declaration, although no sync state is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from airbyte_as_code.airbyte_client import Json, Kind
from airbyte_as_code.change import Action, Change, place_changes
from airbyte_as_code.connection_diff import incremental, incremental_streams, label_of, moves, streams_of

PLACES = {"bucket", "endpoint", "host", "database", "url"}
"""Fields of a source that say where its data are."""
DEDUPED = "incremental_deduped_history"
BEHAVIOR = "nonBreakingSchemaUpdatesBehavior"
CLEAR = "clear the stream (in the console: the connection's page, Clear; a job of type reset in Airbyte's API)"
AGAIN = f"To load the stream again from the start, {CLEAR}, then sync"


def with_earlier_rows(changes: list[Change], connections: list[Json]) -> list[Change]:
    """Return the changes, and set `earlier` on each one that leaves rows which do not fit. See `Change.earlier`."""
    lost = lost_by_connection(changes)
    moved = {
        change.found["destinationId"]: place_changes(change)
        for change in changes
        if change.kind is Kind.DESTINATION and change.found
    }
    return [replace(change, earlier="; ".join(_texts(change, connections, lost, moved))) for change in changes]


def lost_by_connection(changes: list[Change]) -> dict[str, list[str]]:
    """Return the streams that lose their sync state, by the id of their connection."""
    return {change.found["connectionId"]: change.lost for change in changes if change.found and change.lost}


def _texts(
    change: Change, connections: list[Json], lost: dict[str, list[str]], moved: dict[str, set[str]]
) -> Iterator[str]:
    if change.action is not Action.UPDATE or change.desired is None or change.found is None:
        return
    if change.kind is Kind.SOURCE:
        yield from _other_place(change, change.found, connections, lost)
    if change.kind is Kind.CONNECTION:
        places = (place_changes(change), moved.get(change.found["destinationId"], set()))
        for stream in streams_of(change.found):
            label, mode = label_of(stream), str(stream.get("syncMode"))
            if any(moves(stream, change.found, fields) for fields in places):
                continue  # into another table
            if label in change.lost:
                yield from _appended_again(change, label, mode)
                continue
            yield from _other_rows(change, label, mode)
            if incremental(mode) and change.found.get(BEHAVIOR) == "ignore":
                yield from _unread_columns(change, label)


def _other_rows(change: Change, label: str, mode: str) -> Iterator[str]:
    """Yield why the rows in the stream's table do not fit its new mode or key."""
    new = {item.path: item.new for item in change.fields}
    wanted = str(new.get(f"streams.{label}.syncMode") or "")
    if wanted == DEDUPED and mode.endswith("_append"):
        yield f"{label}: the table keeps all versions of the rows that were appended before. {AGAIN}"
    elif wanted == DEDUPED:
        yield f"{label}: the table keeps the rows that it has, also several with one key. {AGAIN}"
    elif wanted.endswith("_append") and mode.startswith("full_refresh_"):
        yield _twice(label)
    elif not wanted and mode == DEDUPED and f"streams.{label}.primaryKey" in new:
        yield f"{label}: the table keeps the rows that were loaded with the other key. {AGAIN}"


def _appended_again(change: Change, label: str, mode: str) -> Iterator[str]:
    """Yield that a stream that loses its sync state appends its rows again. A stream that is removed does not."""
    new = {item.path: item.new for item in change.fields}
    if f"streams.{label}" not in new and str(new.get(f"streams.{label}.syncMode") or mode).endswith("_append"):
        yield _twice(label)


def _twice(label: str) -> str:
    return (
        f"{label}: the next sync reads everything and appends it, also the rows that the table has already. To have "
        f"each row once, {CLEAR} before that sync"
    )


def _unread_columns(change: Change, label: str) -> Iterator[str]:
    """Yield the columns whose values are missing in rows that were loaded while the connection ignored the columns."""
    path = f"streams.{label}.columns."
    gone = {item.path.casefold() for item in change.columns if not item.new}  # or it differs by case only from now on
    names = [
        item.path.removeprefix(path)
        for item in change.columns
        if item.path.startswith(path) and item.new and item.path.casefold() not in gone
    ]
    if names:
        yield (
            f"{label}: rows that are loaded already do not get the values of {', '.join(names)} before their file "
            f"changes. {AGAIN}"
        )


def _other_place(change: Change, source: Json, connections: list[Json], lost: dict[str, list[str]]) -> Iterator[str]:
    if not {item.path for item in change.fields} & PLACES:
        return
    for connection in connections:
        gone = lost.get(connection["connectionId"], [])
        streams = [label for label in incremental_streams(connection) if label not in gone]
        if connection["sourceId"] == source["sourceId"] and streams:
            yield (
                f"the sync state of {', '.join(streams)} is kept: in the new place, files with the name of a "
                f"loaded file, and rows, count as loaded if they are not newer. {AGAIN}"
            )

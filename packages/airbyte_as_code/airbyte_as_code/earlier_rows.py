"""Says which changes leave rows in the tables that do not fit the new declaration, although no sync state is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from airbyte_as_code.airbyte_client import Json, Kind
from airbyte_as_code.change import Action, Change
from airbyte_as_code.connection_diff import incremental_streams

PLACES = {"bucket", "endpoint", "host", "database", "url"}
"""Fields of a source that say where its data are."""
AGAIN = "To load it again from the start: a job of type reset of the stream, then a sync"


def with_earlier_rows(changes: list[Change], connections: list[Json]) -> list[Change]:
    """Return the changes, and set `earlier` on each one that leaves rows which do not fit. See `Change.earlier`."""
    lost = lost_by_connection(changes)
    moved = {stream for change in changes if change.kind is Kind.DESTINATION for stream in change.moved}
    return [replace(change, earlier="; ".join(_texts(change, connections, lost, moved))) for change in changes]


def lost_by_connection(changes: list[Change]) -> dict[str, list[str]]:
    """Return the streams that lose their sync state, by the id of their connection."""
    return {change.found["connectionId"]: change.lost for change in changes if change.found and change.lost}


def _texts(change: Change, connections: list[Json], lost: dict[str, list[str]], moved: set[str]) -> Iterator[str]:
    if change.action is not Action.UPDATE or change.desired is None or change.found is None:
        return
    if change.kind is Kind.SOURCE:
        yield from _other_place(change, change.found, connections, lost)
    if change.kind is Kind.CONNECTION:
        gone, name = {*change.lost, *change.moved}, change.found["name"]
        kept = [
            label
            for label in incremental_streams(change.found)
            if label not in gone and f"{label} ({name})" not in moved  # with the destination
        ]
        new = {item.path: item.new for item in change.fields}
        for label in kept:
            key, mode = f"streams.{label}.primaryKey", f"streams.{label}.syncMode"
            if new.get(mode) == "incremental_deduped_history":
                yield f"{label}: the table keeps all versions of the rows that were appended before. {AGAIN}"
            elif key in new and mode not in new:
                yield f"{label}: the table keeps the rows that were loaded with the other key. {AGAIN}"


def _other_place(change: Change, source: Json, connections: list[Json], lost: dict[str, list[str]]) -> Iterator[str]:
    if not {item.path for item in change.fields} & PLACES:
        return
    for connection in connections:
        gone = lost.get(connection["connectionId"], [])
        streams = [label for label in incremental_streams(connection) if label not in gone]
        if connection["sourceId"] == source["sourceId"] and streams:
            yield (
                f"the sync state of {', '.join(streams)} is kept: what has the same name in the new place, and is not "
                f"newer, counts as loaded. {AGAIN}"
            )

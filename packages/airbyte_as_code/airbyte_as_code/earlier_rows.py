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
    return [replace(change, earlier="; ".join(_texts(change, connections))) for change in changes]


def _texts(change: Change, connections: list[Json]) -> Iterator[str]:
    if change.action is not Action.UPDATE or change.desired is None or change.found is None:
        return
    if change.kind is Kind.SOURCE:
        yield from _other_place(change, change.found, connections)
    if change.kind is Kind.CONNECTION:
        kept = [label for label in incremental_streams(change.found) if label not in change.lost]
        new = {item.path: item.new for item in change.fields}
        for label in kept:
            key, mode = f"streams.{label}.primaryKey", f"streams.{label}.syncMode"
            if new.get(mode) == "incremental_deduped_history":
                yield f"{label}: the table keeps all versions of the rows that were appended before. {AGAIN}"
            elif key in new and mode not in new:
                yield f"{label}: the table keeps the rows that were loaded with the other key. {AGAIN}"


def _other_place(change: Change, source: Json, connections: list[Json]) -> Iterator[str]:
    if not {item.path for item in change.fields} & PLACES:
        return
    for connection in connections:
        streams = incremental_streams(connection)
        if connection["sourceId"] == source["sourceId"] and streams:
            yield (
                f"the sync state of {', '.join(streams)} is kept: what has the same name in the new place, and is not "
                f"newer, counts as loaded. {AGAIN}"
            )

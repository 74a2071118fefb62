"""Finds the changes that must wait for another change, because that one needs --prune.

Without --prune an object stays in Airbyte as it is. It still loads its tables, has its name, and reads its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from airbyte_as_code.airbyte_client import Json, Kind
from airbyte_as_code.change import OUTCOMES, Action, Change
from airbyte_as_code.desired import Ids, Link
from airbyte_as_code.loaded_tables import (
    Dataset,
    Table,
    current_tables,
    datasets_of,
    declared_tables,
    shared_names,
    tables_by_stream,
)

STREAMS = re.compile(r"(^|\.)streams(\[|\.|$)")
"""Matches the path of a configuration field that lists a source's streams: of a file source, or in a manifest."""


def with_waits(changes: list[Change], ids: Ids) -> list[Change]:
    """Return the changes, and set `waits` on each one that must wait for a change that needs --prune."""
    datasets = datasets_of(changes)
    while True:
        left = [(change, current_tables(change, datasets)) for change in changes if change.needs_consent]
        after = [
            change if change.needs_consent else replace(change, waits=_reason(change, left, ids, datasets))
            for change in changes
        ]
        if after == changes:
            return changes
        changes = after  # other changes may have to wait for a change that waits


def with_overwritten(changes: list[Change], ids: Ids) -> list[Change]:
    """Return the changes; `overwritten` is left without the streams that load another table from now on."""
    datasets = datasets_of(changes)
    return [
        replace(change, overwritten=list(_overwritten(change, change.found, change.desired, ids, datasets)))
        if change.overwritten and change.found and isinstance(change.desired, Link)
        else change
        for change in changes
    ]


def _overwritten(
    change: Change, found: Json, desired: Link, ids: Ids, datasets: Mapping[str, Dataset]
) -> Iterator[str]:
    place_changes = any(item.path in desired.moved_when for item in change.fields)
    destination = found["destinationId"]
    now = tables_by_stream(found, datasets.get(destination, (destination, "")))
    then = declared_tables(desired, ids, datasets)
    return (stream for stream in change.overwritten if not place_changes or now[stream] in then)


def _reason(
    change: Change, left: Iterable[tuple[Change, set[Table]]], ids: Ids, datasets: Mapping[str, Dataset]
) -> str:
    """Return why a change must wait, or an empty text."""
    if change.desired is None or change.action is Action.UNCHANGED:
        return ""
    creates = change.action is Action.CREATE
    gained: set[Table] = set()
    if isinstance(change.desired, Link):
        gained = declared_tables(change.desired, ids, datasets) - current_tables(change, datasets)
    for other, tables in left:
        if creates and other.kind is change.kind and other.found and other.found["name"] == change.name:
            return f"{other.kind} {other.found['name']!r} in Airbyte still has this name"
        if isinstance(change.desired, Link):
            streams_change = creates or any(item.path.startswith("streams.") for item in change.fields)
            if streams_change and other.desired and _uses(change.desired, other):
                return f"{other.kind} {other.name!r} is not {OUTCOMES[other.action]} yet"
            if names := shared_names(gained, tables):
                return f"connection {other.name!r} still loads {', '.join(names)}"
        elif other.kind is Kind.CONNECTION and other.found and change.found:
            id_field = change.kind.id_field
            uses = other.found[id_field] == change.found[id_field]
            if uses and any(STREAMS.search(item.path) for item in change.fields):
                return f"connection {other.name!r} still reads the streams that this {change.kind} has now"
    return ""


def _uses(link: Link, other: Change) -> bool:
    """Return whether a declared connection uses this source or destination."""
    used = {Kind.SOURCE: link.declared.source, Kind.DESTINATION: link.declared.destination}
    return used.get(other.kind) == other.name

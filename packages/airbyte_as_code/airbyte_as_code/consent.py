"""Finds the changes that must wait for another change, because that one needs --prune.

Without --prune an object stays in Airbyte as it is. It still loads its tables, has its name, and reads its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from airbyte_as_code.airbyte_client import Json, Kind
from airbyte_as_code.change import OUTCOMES, Action, Change
from airbyte_as_code.connection_diff import label_of, streams_of
from airbyte_as_code.desired import Actor, Ids, Link
from platform_kit.names import identifier

STREAMS = re.compile(r"(^|\.)streams(\[|\.|$)")
"""Matches the path of a configuration field that lists a source's streams: of a file source, or in a manifest."""

type Dataset = tuple[str, str]
"""Project and dataset of a destination, or what identifies it, if it is not BigQuery."""

type Table = tuple[str, str, str]
"""Project, dataset and name."""


def with_waits(changes: list[Change], ids: Ids) -> list[Change]:
    """Return the changes, and set `waits` on each one that must wait for a change that needs --prune."""
    datasets = _datasets(changes)
    while True:
        left = [(change, _current_tables(change, datasets)) for change in changes if change.needs_consent]
        after = [
            change if change.needs_consent else replace(change, waits=_reason(change, left, ids, datasets))
            for change in changes
        ]
        if after == changes:
            return changes
        changes = after  # other changes may have to wait for a change that waits


def with_overwritten(changes: list[Change], ids: Ids) -> list[Change]:
    """Return the changes; `overwritten` is left without the streams that load another table from now on."""
    datasets = _datasets(changes)
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
    now = _tables_by_stream(found, datasets.get(destination, (destination, "")))
    then = _declared_tables(desired, ids, datasets)
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
        gained = _declared_tables(change.desired, ids, datasets) - _current_tables(change, datasets)
    for other, tables in left:
        if creates and other.kind is change.kind and other.found and other.found["name"] == change.name:
            return f"{other.kind} {other.found['name']!r} in Airbyte still has this name"
        if isinstance(change.desired, Link):
            streams_change = creates or any(item.path.startswith("streams.") for item in change.fields)
            if streams_change and other.desired and _uses(change.desired, other):
                return f"{other.kind} {other.name!r} is not {OUTCOMES[other.action]} yet"
            if shared := gained & tables:
                names = ", ".join(sorted(name for _, _, name in shared))
                return f"connection {other.name!r} still loads {names}"
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


def _datasets(changes: Iterable[Change]) -> dict[str, Dataset]:
    """Return the dataset of each destination after an apply without --prune, by the destination's name and id.

    Two destinations can have the same dataset, so that a destination's id alone does not identify a table.
    """
    found: dict[str, Dataset] = {}
    for change in changes:
        if change.kind is not Kind.DESTINATION:
            continue
        if isinstance(change.desired, Actor) and change.action is not Action.REPLACE:
            configuration = change.desired.configuration
        else:
            configuration = (change.found or {}).get("configuration") or {}
        project, dataset = configuration.get("project_id"), configuration.get("dataset_id")
        names = [change.name] if change.desired else []
        names += [change.found["destinationId"]] if change.found else []
        # `project:dataset` is another way to write a dataset.
        place = (str(project), str(dataset).rpartition(":")[2]) if project and dataset else (names[-1], "")
        found |= dict.fromkeys(names, place)
    return found


def _current_tables(change: Change, datasets: Mapping[str, Dataset]) -> set[Table]:
    """Return the tables that a connection loads now; none for another object."""
    if change.kind is not Kind.CONNECTION or change.found is None:
        return set()
    destination = change.found["destinationId"]
    return _tables(change.found, datasets.get(destination, (destination, "")))


def _declared_tables(link: Link, ids: Ids, datasets: Mapping[str, Dataset]) -> set[Table]:
    """Return the tables that a connection loads once it is as declared."""
    return _tables(link.creation("", ids), datasets[link.declared.destination])


def _tables(connection: Json, dataset: Dataset) -> set[Table]:
    return set(_tables_by_stream(connection, dataset).values())


def _tables_by_stream(connection: Json, dataset: Dataset) -> dict[str, Table]:
    definition, name_format = connection.get("namespaceDefinition"), connection.get("namespaceFormat") or ""
    tables: dict[str, Table] = {}
    for stream in streams_of(connection):
        schema = stream.get("namespace") or ""
        named = {"source": schema, "custom_format": name_format.replace("${SOURCE_NAMESPACE}", schema)}
        name = identifier((connection.get("prefix") or "") + stream["name"])
        tables[label_of(stream)] = (dataset[0], named.get(definition or "") or dataset[1], name)
    return tables

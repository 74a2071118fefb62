"""What has to wait until something is destroyed, which apply does only with --prune.

An object that stays as it is still fills its tables, has its name, and reads its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from bootstrap.airbyte_client import Json, Kind
from bootstrap.change import Action, Change
from bootstrap.connection_diff import streams_of
from bootstrap.desired import Ids, Link

STREAMS = re.compile(r"(^|\.)streams(\[|\.|$)")
"""The path of a configuration field that says which streams a source has: of files, or of a manifest."""


def with_waits(changes: list[Change], ids: Ids) -> list[Change]:
    """Return the changes, with a reason at each that cannot be done while others are left undone."""
    while True:
        left = [change for change in changes if change.needs_consent]
        after = [
            change if change.needs_consent else replace(change, waits=_reason(change, left, ids)) for change in changes
        ]
        if after == changes:
            return changes
        changes = after  # what waits keeps its name and its tables too


def _reason(change: Change, left: Iterable[Change], ids: Ids) -> str:
    """Return what a change waits for, empty if nothing."""
    if change.desired is None or change.action is Action.UNCHANGED:
        return ""
    for other in left:
        if other.found and change.action is Action.CREATE and _is_called(other, change):
            return f"{other.kind} {other.found['name']!r} in Airbyte has the name"
        if isinstance(change.desired, Link):
            if reason := _connection_reason(change, change.desired, other, ids):
                return reason
        elif other.kind is Kind.CONNECTION and other.found and change.found:
            id_field = change.kind.id_field
            uses = other.found[id_field] == change.found[id_field]
            if uses and any(STREAMS.search(item.path) for item in change.fields):
                return f"connection {other.name!r} still reads the streams as they are"
    return ""


def _connection_reason(change: Change, link: Link, other: Change, ids: Ids) -> str:
    uses = {Kind.SOURCE: link.declared.source, Kind.DESTINATION: link.declared.destination}
    streams_change = change.action is Action.CREATE or any(item.path.startswith("streams.") for item in change.fields)
    if uses.get(other.kind) == other.name and other.desired and streams_change:
        return f"{other.kind} {other.name!r} is still as it was"
    if other.kind is not Kind.CONNECTION or other.found is None:
        return ""
    new = _tables(link.creation("", ids)) - (_tables(change.found) if change.found else set())
    shared = new & _tables(other.found)
    names = ", ".join(sorted(table[-1] for table in shared))
    return f"connection {other.name!r} still fills {names}" if shared else ""


def _is_called(other: Change, change: Change) -> bool:
    return other.kind is change.kind and other.found is not None and other.found["name"] == change.name


def _tables(connection: Json) -> set[tuple[str, ...]]:
    """Return what identifies the tables of a connection: destination, namespace, name."""
    definition = connection.get("namespaceDefinition") or "destination"
    return {
        (
            connection["destinationId"],
            definition,
            (connection.get("namespaceFormat") or "") if definition == "custom_format" else "",
            (stream.get("namespace") or "") if definition != "destination" else "",
            (connection.get("prefix") or "") + stream["name"],
        )
        for stream in streams_of(connection)
    }

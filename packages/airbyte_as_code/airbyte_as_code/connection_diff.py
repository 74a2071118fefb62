"""Compares a declared connection with the one in Airbyte, and says which sync states the differences lose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from airbyte_as_code.airbyte_client import Json
from airbyte_as_code.diff import ABSENT, FieldChange

CHOSEN_BY_AIRBYTE = ("cursorField", "primaryKey")
"""Stream settings that Airbyte fills in from the source's definition if they are not declared."""

ADDED_BY_HAND = ("selectedFields", "mappers", "destinationObjectName", "includeFiles")
"""Stream settings that are missing in Airbyte if they are not declared."""

OVERWRITE = "full_refresh_overwrite"
"""How the sync modes begin that replace the rows of a table. `full_refresh_overwrite_deduped` is one of them."""


def chosen(connection: Json) -> dict[str, Json]:
    """Return what Airbyte filled in for each stream, given its answer to a write."""
    return {
        label_of(stream): {key: stream.get(key) or [] for key in CHOSEN_BY_AIRBYTE} for stream in streams_of(connection)
    }


def connection_changes(wanted: Json, found: Json, filled_in: dict[str, Json]) -> Iterator[FieldChange]:
    """Yield what differs. Streams are compared by name; undeclared settings are compared with `filled_in`."""
    for key, value in wanted.items():
        if key == "configurations":
            yield from _stream_changes(value["streams"], streams_of(found), filled_in)
            continue
        old, new = (timing(found.get(key)), timing(value)) if key == "schedule" else (found.get(key), value)
        if (old or ABSENT) != (new or ABSENT):
            yield FieldChange(key, old, new)


def not_kept(wanted: Json, answer: Json) -> list[str]:
    """Return the streams and stream settings that are missing in Airbyte's answer: every later plan would show them."""
    changes = _stream_changes(wanted["configurations"]["streams"], streams_of(answer), {})
    return [change.path for change in changes if change.old is ABSENT and change.new is not ABSENT]


def lost_states(found: Json, changes: Iterable[FieldChange]) -> list[str]:
    """Return the streams that lose their sync state by these changes."""
    by_path = {change.path: change for change in changes}
    lost = []
    for stream in streams_of(found):
        path = f"streams.{label_of(stream)}"
        mode = by_path.get(f"{path}.syncMode")
        leaves = mode is not None and not incremental(mode.new)
        if incremental(stream.get("syncMode")) and (path in by_path or f"{path}.cursorField" in by_path or leaves):
            lost.append(label_of(stream))
    return lost


def overwritten_streams(found: Json, changes: Iterable[FieldChange]) -> list[str]:
    """Return the streams whose next sync replaces rows that earlier syncs have appended or merged."""
    modes = {change.path: str(change.new) for change in changes}
    return [
        label_of(stream)
        for stream in streams_of(found)
        if modes.get(f"streams.{label_of(stream)}.syncMode", "").startswith(OVERWRITE)
        and not str(stream.get("syncMode")).startswith(OVERWRITE)
    ]


def incremental_streams(connection: Json) -> list[str]:
    """Return the streams that have a sync state: the incremental ones."""
    return [label_of(stream) for stream in streams_of(connection) if incremental(stream.get("syncMode"))]


def moved_streams(connection: Json, changed: set[str]) -> list[str]:
    """Return the incremental streams that load other tables after these fields of connection or destination change."""
    return [
        label_of(stream)
        for stream in streams_of(connection)
        if incremental(stream.get("syncMode")) and moves(stream, connection, changed)
    ]


def moves(stream: Json, connection: Json, changed: set[str]) -> bool:
    """Return whether a stream loads another table after these fields of connection or destination change."""
    if changed == {"dataset_id"}:
        # A connection that names a dataset itself, or takes it from the source, does not use the destination's.
        definition = connection.get("namespaceDefinition")
        return definition != "custom_format" and not (definition == "source" and stream.get("namespace"))
    return bool(changed)


def timing(schedule: Json | None) -> str | None:
    """Return a schedule as one text: manual, a cron expression, or the interval of Airbyte's UI ("Every 24 hours")."""
    if not schedule:
        return None
    detail = schedule.get("cronExpression") or schedule.get("basicTiming") or schedule["scheduleType"]
    return str(detail).removesuffix(" UTC")  # Airbyte adds the default time zone


def _stream_changes(wanted: list[Json], found: list[Json], filled_in: dict[str, Json]) -> Iterator[FieldChange]:
    left = {label_of(stream): stream for stream in found}
    for stream in wanted:
        label = _match(stream, left)
        path = f"streams.{label}"
        before = left.pop(label, None)
        if before is None:
            yield FieldChange(path, ABSENT, stream["syncMode"])
            continue
        expected = dict.fromkeys(ADDED_BY_HAND) | filled_in.get(label, {}) | stream
        for key, value in expected.items():
            if key != "name" and _comparable(key, before.get(key)) != _comparable(key, value):
                yield FieldChange(f"{path}.{key}", before.get(key) or ABSENT, value or ABSENT)
    for label, stream in left.items():
        yield FieldChange(f"streams.{label}", stream.get("syncMode"), ABSENT)


def _comparable(key: str, value: Any) -> Any:
    if not value:
        return ABSENT
    return sorted(".".join(field["fieldPath"]) for field in value) if key == "selectedFields" else value


def _match(stream: Json, found: dict[str, Json]) -> str:
    """Return the label in Airbyte of a declared stream. If one of the two has no namespace, the name alone is compared.

    Reason: Airbyte 0.63 does not show namespaces.
    """
    if not stream.get("namespace"):
        return next((label for label, item in found.items() if item["name"] == stream["name"]), stream["name"])
    label = label_of(stream)
    return stream["name"] if label not in found and stream["name"] in found else label


def label_of(stream: Json) -> str:
    """Return how plans name a stream: `namespace.name`, or the name alone."""
    namespace = stream.get("namespace")
    return f"{namespace}.{stream['name']}" if namespace else str(stream["name"])


def streams_of(connection: Json) -> list[Json]:
    """Return the streams of a connection as Airbyte shows them."""
    streams: list[Json] = (connection.get("configurations") or {}).get("streams") or []
    return streams


def incremental(mode: Any) -> bool:
    """Return whether a stream with this sync mode has a sync state."""
    return str(mode).startswith("incremental_")

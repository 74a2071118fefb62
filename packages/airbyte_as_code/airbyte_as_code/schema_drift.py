"""Compares the columns of a source with those that Airbyte's connections have."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from airbyte_as_code.airbyte_client import AirbyteClient, AirbyteError, Json
from airbyte_as_code.connection_diff import incremental, label_of
from airbyte_as_code.diff import ABSENT, FieldChange
from connections_file import Connection, Stream
from connections_file.contradictions import FILE_COLUMNS

PARALLEL = 4  # discoveries at a time: each of them runs a connector
REFRESH = "make apply o=--refresh-schema"
"""The command that takes the source's columns and types over into the connections."""
BREAKING = "breaking schema change"
LATER = f"the columns are compared after the change of the source: {REFRESH} does both"
"""The note of a connection whose source changes in the same plan."""
WAITS = "is not updated yet. The columns are compared after its change: make apply o='--prune --refresh-schema'"
"""The end of the note of a connection whose source changes in the same plan, but only with --prune."""
ONLY_NULL = "null"
"""The type of a column that is NULL in every row of the source: it says nothing about the column's type."""


@dataclass
class Drift:
    """The columns in which a connection differs from its source, and the streams of which the source told none."""

    columns: list[FieldChange] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)


def drift(
    client: AirbyteClient,
    connections: list[Json],
    declared: Mapping[str, Connection],
    of_files: Container[tuple[str, str]] = (),
) -> dict[str, Drift]:
    """Return how each connection differs from its source, by the connection's id.

    `declared` are the declared connections by id: streams that they do not have any more are not compared. `of_files`
    are the streams, by source id and name, that have the columns of files. Runs the connector of each source once.
    Raises AirbyteError with the name of the connection.
    """
    with ThreadPoolExecutor(PARALLEL) as pool:
        sources = {connection["sourceId"]: connection["name"] for connection in connections}
        found = dict(zip(sources, pool.map(lambda item: _discovered(client, *item), sources.items()), strict=True))
    drifts = {}
    for connection in connections:
        source, identity = connection["sourceId"], connection["connectionId"]
        known = client.catalog(identity)["syncCatalog"]["streams"]
        wanted = [item for item in known if _is_declared(item["stream"], declared[identity])]
        files = {name for name in (item["stream"]["name"] for item in wanted) if (source, name) in of_files}
        drifts[identity] = _compare(wanted, found[source], files)
    return drifts


def _is_declared(known: Json, connection: Connection) -> bool:
    """Return whether the connection declares a stream of Airbyte's. A namespace that one of them lacks may be any."""
    namespace = known.get("namespace")
    return any(
        stream.name == known["name"] and (not stream.namespace or not namespace or stream.namespace == namespace)
        for stream in connection.streams
    )


def note(client: AirbyteClient, connection_id: str) -> str:
    """Return what Airbyte has noticed of the source's schema: empty, or a sentence. Runs no connector.

    The real Airbyte shows breaking changes only. If Airbyte does not answer this request, nothing is known.
    """
    try:
        found = client.catalog(connection_id)
    except AirbyteError:
        return ""
    reason = str(found.get("statusReason") or "")
    if found.get("breakingChange"):
        reason = reason or "the primary key or the cursor is missing in the source"
        return reason if BREAKING in reason.lower() else f"{BREAKING}: {reason}"
    if found.get("schemaChange") == "non_breaking":
        told = f": {reason}" if reason else ""
        return f"the source's columns differ{told}" + ("" if REFRESH in reason else f". To take them over: {REFRESH}")
    return ""


def lost_columns(connection: Connection, columns: Iterable[FieldChange]) -> str:
    """Return which declared keys and cursors the source has no column for any more: empty, or a sentence.

    Airbyte refuses to take such a schema over. A column that now differs by case only is not lost.
    """
    gone, kept = (
        {change.path.casefold() for change in columns if (change.new is ABSENT) is absent} for absent in (True, False)
    )
    lost = [
        f"{stream.name} has lost the column {path[0]}, its {what}"
        for stream in connection.streams
        for label in (label_of({"namespace": stream.namespace, "name": stream.name}),)
        for what, path in _needed(stream)
        if f"streams.{label}.columns.{path[0]}".casefold() in gone - kept
    ]
    if not lost:
        return ""
    return (
        f"{BREAKING}: stream {'; stream '.join(lost)}. Airbyte refuses this schema. Put the column back into the "
        f"source, or set another primary_key or cursor_field in {connection.where}. Then: make apply"
    )


def _needed(stream: Stream) -> Iterator[tuple[str, list[str]]]:
    """Yield the columns without which the stream cannot be synced in its mode."""
    if stream.sync_mode == "incremental_deduped_history":
        yield from (("primary key", path) for path in stream.primary_key)
    if stream.cursor_field and incremental(stream.sync_mode):
        yield "cursor", stream.cursor_field


def _discovered(client: AirbyteClient, source_id: str, connection: str) -> list[Json]:
    try:
        return client.discover(source_id)
    except AirbyteError as error:
        raise AirbyteError(
            f"connection {connection!r}: the schema of its source could not be discovered. {error}\n"
            f"Correct the source in the connections file, then: {REFRESH}",
            error.status,
        ) from error


def _compare(known: Iterable[Json], offered: list[Json], of_files: Container[str]) -> Drift:
    now = {label_of(item["stream"]): _types(item["stream"]) for item in offered}
    drift = Drift()
    for item in known:
        label = label_of(item["stream"])
        before, after = _types(item["stream"]), now.get(label)
        if after is None:
            drift.unseen.append(f"the source does not have the stream {label} any more")
            continue
        if _has_no_data(after) and item["stream"]["name"] in of_files:
            drift.unseen.append(f"the source finds no file of the stream {label}, or its files have only a column data")
            continue
        if (item.get("config") or {}).get("fieldSelectionEnabled"):
            after = {name: after[name] for name in before if name in after}
        for name in dict.fromkeys([*before, *after]):
            old, new = before.get(name, ABSENT), after.get(name, ABSENT)
            if old != new and not _says_nothing(old, new):
                drift.columns.append(FieldChange(f"streams.{label}.columns.{name}", old, new))
    return drift


def unseen_text(unseen: list[str]) -> str:
    """Return the sentence about streams whose columns the source did not tell: empty if there are none."""
    if not unseen:
        return ""
    return (
        f"{'; '.join(unseen)}: the columns stay as they are. If data is missing, put it into the place that the "
        f"source reads, or correct the source (of files: bucket and globs). Then: {REFRESH}"
    )


def _has_no_data(types: dict[str, str]) -> bool:
    """Return whether these are the columns that Airbyte's file sources offer if no file matches.

    JSON lines such as {"data": {}} have the same columns.
    """
    return types.get("data") == "object" and set(types) <= {"data", *FILE_COLUMNS}


def _says_nothing(old: str | None, new: str | None) -> bool:
    """Return whether the new type of a known column says nothing about its type in the table.

    The column is NULL in every row of the source now, or it was, and may hold anything now.
    """
    return old is not ABSENT and (new == ONLY_NULL or (old, new) == (ONLY_NULL, "any"))


def _types(stream: Json) -> dict[str, str]:
    properties = (stream.get("jsonSchema") or {}).get("properties") or {}
    return {name: _type(column) for name, column in properties.items()}


def _type(column: Any) -> str:
    """Return the parts of a column's JSON schema that decide its type in the destination, as text."""
    if not isinstance(column, dict):
        return "any"
    types = column.get("type")
    names = sorted(str(name) for name in (types if isinstance(types, list) else [types]) if name not in ("null", None))
    if types and not names:
        return ONLY_NULL
    variants = column.get("oneOf") or column.get("anyOf")
    if not types and isinstance(variants, list):
        names = sorted({_type(variant) for variant in variants} - {ONLY_NULL})
        if not names:
            return ONLY_NULL
    elif not types:
        names = ["object"] if "properties" in column else ["array"] if "items" in column else []
    parts = [" or ".join(names) or "any", column.get("format"), column.get("airbyte_type")]
    return ", ".join(str(part) for part in parts if part)

"""Converts records to and from the JSON documents in the table `objects`."""

from __future__ import annotations

import json
import sqlite3
from typing import Any, cast

from airbyte_lite.state.records import Actor, Connection, Stream, Workspace


def row_of(connection: sqlite3.Connection, record: Workspace | Actor | Connection) -> sqlite3.Row | None:
    """Return the row with the record's id and kind, or None if there is no such row."""
    row: sqlite3.Row | None = connection.execute(
        "select id, kind, deleted, document from objects where id = ? and kind = ?", (record.id, kind_of(record)[0])
    ).fetchone()
    return row


def dependents(connection: sqlite3.Connection, record: Workspace | Actor | Connection) -> list[sqlite3.Row]:
    """Return the rows of the records that are deleted together with this one, connections first."""
    select = "select id, kind, document from objects where not deleted and "
    if isinstance(record, Workspace):
        rows = connection.execute(
            f"{select} workspace_id = ? and kind != 'workspace' order by kind = 'connection' desc, number", (record.id,)
        )
    elif isinstance(record, Actor):
        rows = connection.execute(
            f"{select} kind = 'connection' and json_extract(document, ?) = ? order by number",
            (f"$.{record.kind}_id", record.id),
        )
    else:
        return []
    return rows.fetchall()


def parents(record: Workspace | Actor | Connection) -> list[str]:
    """Return the ids of the records that a record belongs to."""
    if isinstance(record, Workspace):
        return []
    if isinstance(record, Actor):
        return [record.workspace_id]
    return [record.workspace_id, record.source_id, record.destination_id]


def record_of[R: Workspace | Actor | Connection](record: R, document: dict[str, Any]) -> R:
    """Return a document as a record of the same class as `record`."""
    found = connection_of(document) if isinstance(record, Connection) else type(record)(**document)
    return cast("R", found)


def kind_of(record: Workspace | Actor | Connection) -> tuple[str, str]:
    """Return the kind and the workspace id of a record."""
    if isinstance(record, Workspace):
        return "workspace", record.id
    return (record.kind if isinstance(record, Actor) else "connection"), record.workspace_id


def document_of(row: sqlite3.Row) -> dict[str, Any]:
    """Return the document of a row."""
    document: dict[str, Any] = json.loads(row["document"])
    return document


def connection_of(document: dict[str, Any]) -> Connection:
    """Return the document of a connection as a record."""
    return Connection(**{**document, "streams": [Stream(**stream) for stream in document["streams"]]})

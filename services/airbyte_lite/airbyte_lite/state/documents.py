"""Converts records to and from the JSON documents in the table `objects`."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from airbyte_lite.json_values import STORED_LEVELS, check
from airbyte_lite.problem import Problem, invalid
from airbyte_lite.state.records import Actor, Connection, Stream, Workspace

Record = Workspace | Actor | Connection
COLUMNS = "id, kind, workspace_id, deleted, cast(document as blob) as document"  # a text that is not UTF-8 would raise
_ADAPTERS: dict[str, TypeAdapter[Record]] = {
    "workspace": TypeAdapter(Workspace),
    "source": TypeAdapter(Actor),
    "destination": TypeAdapter(Actor),
    "connection": TypeAdapter(Connection),
}


@dataclass(frozen=True)
class Broken:
    """A stored record that cannot be read: its document was damaged, or stored by a release with fewer checks."""

    id: str
    kind: str
    workspace_id: str
    reason: str

    def problem(self) -> Problem:
        """Return the error for a request that needs the record."""
        return Problem(
            500,
            f"The stored {self.kind} {self.id} cannot be read: {self.reason}. Lists leave it out. Delete it with "
            f"DELETE /api/public/v1/{self.kind}s/{self.id}, then create it again.",
        )


def encode(record: Record) -> str:
    """Return the document of a record. Raises a 422 Problem for values that the server could not read back."""
    try:
        document = asdict(record)
        check(document, STORED_LEVELS)
        return json.dumps(document, allow_nan=False)
    except (ValueError, RecursionError) as error:
        reason = f"more than {STORED_LEVELS} levels of nesting" if isinstance(error, RecursionError) else error
        raise invalid(f"The {kind_of(record)[0]} {record.id} cannot be stored: it has {reason}.") from error


def read(row: sqlite3.Row) -> Record | Broken:
    """Return the record of a row with the columns COLUMNS."""
    try:
        document = json.loads(row["document"])
        check(document, STORED_LEVELS)
        json.dumps(document, allow_nan=False)
        return _ADAPTERS[row["kind"]].validate_python(document)
    except ValidationError as error:  # its own text has the values, which may be secret
        faults = error.errors(include_input=False, include_context=False, include_url=False)
        reason = "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'document'}: {fault['msg']}" for fault in faults)
    except (ValueError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
    return Broken(row["id"], row["kind"], row["workspace_id"], reason)


def row_of(connection: sqlite3.Connection, record: Record | Broken) -> sqlite3.Row | None:
    """Return the row with the record's id and kind, or None if there is no such row."""
    row: sqlite3.Row | None = connection.execute(
        f"select {COLUMNS} from objects where id = ? and kind = ?",  # noqa: S608 -- column names only
        (record.id, kind_of(record)[0]),
    ).fetchone()
    return row


def dependents(connection: sqlite3.Connection, record: Record | Broken) -> list[sqlite3.Row]:
    """Return the rows of the records that are deleted together with this one, connections first."""
    select = f"select {COLUMNS} from objects where not deleted and "  # noqa: S608 -- column names only
    kind = kind_of(record)[0]
    if kind == "workspace":
        rows = connection.execute(
            f"{select} workspace_id = ? and kind != 'workspace' order by kind = 'connection' desc, number", (record.id,)
        )
    elif kind != "connection":
        rows = connection.execute(
            f"{select} kind = 'connection' and case when json_valid(document) then json_extract(document, ?) end = ? "
            "order by number",
            (f"$.{kind}_id", record.id),
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


def kind_of(record: Record | Broken) -> tuple[str, str]:
    """Return the kind and the workspace id of a record."""
    if isinstance(record, Broken):
        return record.kind, record.workspace_id
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

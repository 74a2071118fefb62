"""Workspaces, sources, destinations, connections, and the state of their streams."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from typing import Any, TypeVar

from airbyte_lite.connectors.definitions import ActorKind
from airbyte_lite.problem import not_found
from airbyte_lite.state.database import Database
from airbyte_lite.state.records import Actor, Connection, Stream, Workspace

Record = TypeVar("Record", Workspace, Actor, Connection)


class Store:
    """The configuration objects and sync states in the database; reads raise a 404 Problem for unknown ids."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._on_connection: Callable[[], None] = lambda: None

    def follow_connections(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever a connection was saved or deleted."""
        self._on_connection = changed

    def key(self) -> bytes:
        """Return the random key of this installation, made at the first call."""
        with self._database.write() as connection:
            connection.execute("insert or ignore into meta values ('key', ?)", (secrets.token_bytes(32),))
            return bytes(connection.execute("select value from meta where name = 'key'").fetchone()[0])

    # Objects

    def save(self, record: Workspace | Actor | Connection) -> None:
        """Insert the record or replace the one with its id."""
        kind, workspace_id = _kind(record)
        with self._database.write() as connection:
            connection.execute(
                "insert into objects (id, kind, workspace_id, deleted, document) values (?, ?, ?, ?, ?) "
                "on conflict (id) do update set document = excluded.document, deleted = excluded.deleted",
                (record.id, kind, workspace_id, record.deleted, json.dumps(asdict(record))),
            )
        if isinstance(record, Connection):
            self._on_connection()

    def workspace(self, identifier: str) -> Workspace:
        """Return the workspace."""
        return Workspace(**self._get("workspace", identifier))

    def actor(self, kind: ActorKind, identifier: str) -> Actor:
        """Return the source or destination."""
        return Actor(**self._get(kind, identifier))

    def connection(self, identifier: str) -> Connection:
        """Return the connection."""
        return _connection(self._get("connection", identifier))

    def workspaces(self, ids: list[str], deleted: bool, limit: int, offset: int) -> list[Workspace]:
        """List workspaces, oldest first; no ids means all."""
        return [Workspace(**row) for row in self._list("workspace", ids, deleted, limit, offset)]

    def actors(self, kind: ActorKind, workspace_ids: list[str], deleted: bool, limit: int, offset: int) -> list[Actor]:
        """List sources or destinations, oldest first; no workspaces means all."""
        return [Actor(**row) for row in self._list(kind, workspace_ids, deleted, limit, offset)]

    def connections(self, workspace_ids: list[str], deleted: bool, limit: int, offset: int) -> list[Connection]:
        """List connections, oldest first; no workspaces means all."""
        return [_connection(row) for row in self._list("connection", workspace_ids, deleted, limit, offset)]

    def connections_of(self, actor: Actor) -> list[Connection]:
        """List the connections that use the source or destination."""
        with self._database.read() as connection:
            rows = connection.execute(
                "select document from objects "
                "where kind = 'connection' and not deleted and json_extract(document, ?) = ?",
                (f"$.{actor.kind}_id", actor.id),
            ).fetchall()
        return [_connection(json.loads(row["document"])) for row in rows]

    def scheduled_connections(self) -> list[Connection]:
        """List the active connections with a cron schedule."""
        with self._database.read() as connection:
            rows = connection.execute(
                "select document from objects where kind = 'connection' and not deleted "
                "and json_extract(document, '$.status') = 'active' and json_extract(document, '$.cron') is not null"
            ).fetchall()
        return [_connection(_document(row)) for row in rows]

    def delete(self, record: Workspace | Actor | Connection) -> None:
        """Mark the record as deleted; a connection's state goes with it."""
        self.save(replace(record, deleted=True))
        if isinstance(record, Connection):
            self.drop_states(record.id, [stream.name for stream in record.streams])

    def _get(self, kind: str, identifier: str) -> dict[str, Any]:
        with self._database.read() as connection:
            row = connection.execute(
                "select document from objects where id = ? and kind = ? and not deleted", (identifier, kind)
            ).fetchone()
        if row is None:
            raise not_found(kind, identifier)
        return _document(row)

    def _list(
        self, kind: str, workspace_ids: list[str], deleted: bool, limit: int, offset: int
    ) -> list[dict[str, Any]]:
        marks = ", ".join("?" * len(workspace_ids))
        where = f"and workspace_id in ({marks})" if workspace_ids else ""
        with self._database.read() as connection:
            rows = connection.execute(
                f"select document from objects where kind = ? and deleted <= ? {where} "  # noqa: S608 -- only marks
                "order by number limit ? offset ?",
                (kind, deleted, *workspace_ids, limit, offset),
            ).fetchall()
        return [_document(row) for row in rows]

    # State

    def states(self, connection_id: str, streams: Iterable[str]) -> list[dict[str, Any]]:
        """Return the saved AirbyteStateMessages of these streams, and the connection's global one if it has one."""
        wanted = {*streams, ""}
        with self._database.read() as connection:
            rows = connection.execute(
                "select stream, state from states where connection_id = ?", (connection_id,)
            ).fetchall()
        return [json.loads(row["state"]) for row in rows if row["stream"] in wanted]

    def save_states(self, connection_id: str, states: Iterable[dict[str, Any]]) -> None:
        """Save AirbyteStateMessages in one transaction, each in the place of the one before."""
        rows = [(connection_id, _stream_of(state), json.dumps(state)) for state in states]
        with self._database.write() as connection:
            connection.executemany("insert or replace into states values (?, ?, ?)", rows)

    def drop_states(self, connection_id: str, streams: Iterable[str]) -> None:
        """Forget the states of these streams, and a global state: it covers them too."""
        rows = [(connection_id, stream) for stream in (*streams, "")]
        with self._database.write() as connection:
            connection.executemany("delete from states where connection_id = ? and stream = ?", rows)

    def generations(self, connection_id: str) -> dict[str, int]:
        """Return the generation of each stream that has had one."""
        with self._database.read() as connection:
            rows = connection.execute(
                "select stream, generation from generations where connection_id = ?", (connection_id,)
            ).fetchall()
        return {row["stream"]: row["generation"] for row in rows}

    def next_generations(self, connection_id: str, streams: Iterable[str]) -> None:
        """Add one to the generation of each of these streams; the first is 1."""
        with self._database.write() as connection:
            connection.executemany(
                "insert into generations values (?, ?, 1) on conflict do update set generation = generation + 1",
                [(connection_id, stream) for stream in streams],
            )


def _kind(record: Workspace | Actor | Connection) -> tuple[str, str]:
    if isinstance(record, Workspace):
        return "workspace", record.id
    return (record.kind if isinstance(record, Actor) else "connection"), record.workspace_id


def _document(row: sqlite3.Row) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(row["document"])
    return document


def _connection(document: dict[str, Any]) -> Connection:
    return Connection(**{**document, "streams": [Stream(**stream) for stream in document["streams"]]})


def _stream_of(state: dict[str, Any]) -> str:
    return str(state["stream"]["stream_descriptor"]["name"]) if state.get("type") == "STREAM" else ""

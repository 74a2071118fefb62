"""Stores workspaces, sources, destinations, connections, and the states of the connections' streams."""

from __future__ import annotations

import json
import logging
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airbyte_lite.connectors.definitions import ActorKind
from airbyte_lite.problem import conflict, not_found
from airbyte_lite.state import syncstate
from airbyte_lite.state.database import Database
from airbyte_lite.state.documents import (
    COLUMNS,
    Broken,
    Record,
    connection_of,
    dependents,
    document_of,
    encode,
    kind_of,
    parents,
    read,
    record_of,
    row_of,
)
from airbyte_lite.state.records import Actor, Connection, Workspace

log = logging.getLogger("airbyte_lite")


class Store:
    """The configuration objects and sync states in the database. Methods raise a 404 Problem for unknown ids."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._on_connection: Callable[[], None] = lambda: None
        self._broken: set[str] = set()  # the ids of records that lists leave out

    def follow_connections(self, changed: Callable[[], None]) -> None:
        """Call `changed` after a connection was saved or deleted."""
        self._on_connection = changed

    def key(self) -> bytes:
        """Return the random key of this installation. The first call creates it."""
        with self._database.write() as connection:
            connection.execute("insert or ignore into meta values ('key', ?)", (secrets.token_bytes(32),))
            return bytes(connection.execute("select value from meta where name = 'key'").fetchone()[0])

    # Objects

    def add(self, record: Workspace | Actor | Connection) -> None:
        """Insert a new record. Raises a 404 Problem if its workspace, source or destination is deleted."""
        with self._database.write() as connection:
            for parent in parents(record):
                row = connection.execute("select kind from objects where id = ? and deleted", (parent,)).fetchone()
                if row is not None:
                    raise not_found(row["kind"], parent)
            connection.execute(
                "insert into objects (id, kind, workspace_id, document) values (?, ?, ?, ?)",
                (record.id, *kind_of(record), encode(record)),
            )
        self._tell(record)

    def add_workspace_once(self, workspace: Workspace) -> Workspace:
        """Return the workspace with this id. Insert it if it does not exist or is deleted.

        Raises a 409 Problem if the id belongs to an object of another kind.
        """
        with self._database.write() as connection:
            row = row_of(connection, workspace)
            if row is not None and not row["deleted"]:
                return Workspace(**document_of(row))
            inserted = connection.execute(
                "insert into objects (id, kind, workspace_id, document) values (?, ?, ?, ?) on conflict (id) "
                "do update set document = excluded.document, deleted = 0, deleted_at = null where kind = excluded.kind",
                (workspace.id, *kind_of(workspace), encode(workspace)),
            ).rowcount
        if not inserted:
            raise conflict(f"The id {workspace.id} belongs to an object that is not a workspace.", "state-conflict")
        return workspace

    def change[R: Workspace | Actor | Connection](self, record: R, alter: Callable[[R], R]) -> R:
        """Change a stored record and return the changed record. This is the only way to change one.

        `alter` receives the stored record and returns the new one. It runs inside the write transaction, so no change
        of another caller is lost; it must be quick and must not use the database. If it raises, nothing is changed.
        For a connection, the states of streams that can no longer continue from them are dropped.
        Raises a 404 Problem for a deleted record.
        """
        with self._database.write() as connection:
            row = row_of(connection, record)
            if row is None or row["deleted"]:
                raise not_found(kind_of(record)[0], record.id)
            before: R = record_of(record, document_of(row))
            after = alter(before)
            if after == before:
                return before
            connection.execute("update objects set document = ? where id = ?", (encode(after), record.id))
            if isinstance(before, Connection) and isinstance(after, Connection):
                _drop_states(connection, record.id, syncstate.stale(before, after))
        if isinstance(after, Actor):
            self._database.scrub()
        self._tell(after)
        return after

    def workspace(self, identifier: str) -> Workspace:
        """Return the workspace."""
        return self._get(Workspace, "workspace", identifier)

    def actor(self, kind: ActorKind, identifier: str, deleted: bool = False) -> Actor:
        """Return the source or destination; with `deleted`, also a deleted one."""
        return self._get(Actor, kind, identifier, deleted)

    def connection(self, identifier: str, deleted: bool = False) -> Connection:
        """Return the connection; with `deleted`, also a deleted one."""
        return self._get(Connection, "connection", identifier, deleted)

    def stored(self, kind: str, identifier: str, deleted: bool = False) -> Record | Broken:
        """Return the record, also if it is broken; for its deletion. With `deleted`, also a deleted one."""
        with self._database.read() as connection:
            row = connection.execute(
                f"select {COLUMNS} from objects where id = ? and kind = ? and deleted <= ?",  # noqa: S608 -- columns
                (identifier, kind, deleted),
            ).fetchone()
        if row is None:
            raise not_found(kind, identifier)
        found = read(row)
        if not isinstance(found, Broken):
            self._broken.discard(identifier)
        return found

    def workspaces(self, ids: list[str], deleted: bool, limit: int, offset: int) -> list[Workspace]:
        """List workspaces, oldest first. No ids means every workspace; `deleted` adds deleted ones."""
        return self._list(Workspace, "workspace", ids, deleted, limit, offset)

    def actors(self, kind: ActorKind, workspace_ids: list[str], deleted: bool, limit: int, offset: int) -> list[Actor]:
        """List sources or destinations, oldest first. Arguments as for `workspaces`."""
        return self._list(Actor, kind, workspace_ids, deleted, limit, offset)

    def connections(self, workspace_ids: list[str], deleted: bool, limit: int, offset: int) -> list[Connection]:
        """List connections, oldest first. Arguments as for `workspaces`."""
        return self._list(Connection, "connection", workspace_ids, deleted, limit, offset)

    def scheduled_connections(self) -> list[Connection]:
        """List the active connections with a cron schedule."""
        with self._database.read() as connection:
            rows = connection.execute(
                f"select {COLUMNS} from objects where kind = 'connection' and not deleted "  # noqa: S608 -- columns
                "and case when json_valid(document) then json_extract(document, '$.status') = 'active' "
                "and json_extract(document, '$.cron') is not null end"
            ).fetchall()
        return [found for found in map(read, rows) if isinstance(found, Connection)]

    def delete(self, record: Record | Broken, masked: Mapping[str, dict[str, Any]] | None = None) -> list[str]:
        """Mark a record and everything that depends on it as deleted; return the ids of the deleted connections.

        `masked` has configurations without secrets, by the ids of sources and destinations. They replace the stored
        ones; all other configurations are emptied. The states of connections are removed. Broken records are removed
        altogether. Raises a 404 Problem if the record is already deleted.
        """
        now = time.time()
        with self._database.write() as connection:
            row = row_of(connection, record)
            if row is None or row["deleted"]:
                raise not_found(kind_of(record)[0], record.id)
            deleted = [*dependents(connection, record), row]
            for found in deleted:
                connection.execute("delete from states where connection_id = ?", (found["id"],))
                if isinstance(read(found), Broken):
                    connection.execute("delete from objects where id = ?", (found["id"],))
                    continue
                document = document_of(found) | {"deleted": True}
                if found["kind"] in ("source", "destination"):
                    document["configuration"] = (masked or {}).get(found["id"], {})
                connection.execute(
                    "update objects set deleted = 1, deleted_at = ?, document = ? where id = ?",
                    (now, json.dumps(document), found["id"]),
                )
        self._database.scrub()
        connections = [found["id"] for found in deleted if found["kind"] == "connection"]
        if connections:
            self._on_connection()
        return connections

    def _tell(self, record: Workspace | Actor | Connection) -> None:
        if isinstance(record, Connection):
            self._on_connection()

    def _get[R: Record](self, class_: type[R], kind: str, identifier: str, deleted: bool = False) -> R:
        found = self.stored(kind, identifier, deleted)
        if isinstance(found, class_):
            return found
        assert isinstance(found, Broken)  # noqa: S101 -- for the type checker: the kind decides the class
        raise found.problem()

    def _list[R: Record](
        self, class_: type[R], kind: str, workspace_ids: list[str], deleted: bool, limit: int, offset: int
    ) -> list[R]:
        """Return a page of records. Broken ones are left out, and logged when they are found."""
        while True:
            with self._database.read() as connection:
                rows = connection.execute(
                    f"select {COLUMNS} from objects where kind = :kind and deleted <= :deleted "  # noqa: S608 -- columns
                    "and (:all or workspace_id in (select value from json_each(:workspaces))) "
                    "and id not in (select value from json_each(:broken)) order by number limit :limit offset :offset",
                    {
                        "kind": kind,
                        "deleted": deleted,
                        "all": not workspace_ids,
                        "workspaces": json.dumps(workspace_ids),
                        "broken": json.dumps([*self._broken]),
                        "limit": limit,
                        "offset": offset,
                    },
                ).fetchall()
            found = [read(row) for row in rows]
            broken = [item for item in found if isinstance(item, Broken)]
            if not broken:
                return [item for item in found if isinstance(item, class_)]
            for item in broken:  # the page is read again without them, so that it is full
                log.error("%s", item.problem().message)
                self._broken.add(item.id)

    # State

    def states(self, connection_id: str, streams: Iterable[str]) -> list[dict[str, Any]]:
        """Return the saved AirbyteStateMessages of these streams, and the connection's global one if there is one."""
        wanted = {*streams, ""}
        with self._database.read() as connection:
            rows = connection.execute(
                "select stream, state from states where connection_id = ?", (connection_id,)
            ).fetchall()
        return [json.loads(row["state"]) for row in rows if row["stream"] in wanted]

    def save_states(self, read: Connection, states: Sequence[dict[str, Any]]) -> list[str]:
        """Save AirbyteStateMessages of a sync in one transaction; each replaces the stream's previous one.

        `read` is the connection with which the sync was run. Returns the streams whose states were not saved, because
        they have another cursor now, are no longer incremental, or because the connection was deleted.
        """
        with self._database.write() as connection:
            row = row_of(connection, read)
            now = replace(read, streams=[]) if row is None or row["deleted"] else connection_of(document_of(row))
            stale = syncstate.stale(read, now)
            kept = [part for state in states if (part := syncstate.without(state, stale)) is not None]
            connection.executemany(
                "insert or replace into states values (?, ?, ?)",
                [(read.id, syncstate.stream_of(state), json.dumps(state)) for state in kept],
            )
        return [name for name in stale if any(syncstate.stream_of(state) in ("", name) for state in states)]

    def drop_states(self, connection_id: str, streams: Iterable[str]) -> None:
        """Remove the states of these streams, also from a global state."""
        with self._database.write() as connection:
            _drop_states(connection, connection_id, streams)

    def generations(self, connection_id: str) -> dict[str, int]:
        """Return the generation of each stream that has one."""
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


def _drop_states(connection: sqlite3.Connection, connection_id: str, streams: Iterable[str]) -> None:
    """Remove the states of streams, also from a global state."""
    names = [*streams]
    rows = connection.execute("select stream, state from states where connection_id = ?", (connection_id,)).fetchall()
    for row in rows:
        state = json.loads(row["state"])
        rest = syncstate.without(state, names)
        if rest is None:
            connection.execute(
                "delete from states where connection_id = ? and stream = ?", (connection_id, row["stream"])
            )
        elif rest != state:
            connection.execute(
                "update states set state = ? where connection_id = ? and stream = ?",
                (json.dumps(rest), connection_id, row["stream"]),
            )

"""What the SQL page remembers, in a SQLite file: the newest queries, and those that were saved by name."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


class StoreError(OSError):
    """The file cannot be read or written. The message names the file and the reason."""


LONGEST = 200_000
"""Characters of a query that is kept. A longer one runs, and is not remembered."""
NAME_LENGTH = 100
BEGINNING = 400
"""Characters of a query that a list has; `text` returns the whole query."""
TABLES = """
create table if not exists history (
  id integer primary key, at real not null, sql text not null, state text not null, detail text not null);
create table if not exists saved (name text primary key, sql text not null, at real not null);
"""


@dataclass(frozen=True)
class Entry:
    """One query of the history, or a saved one with its name. `sql` is the beginning of its text."""

    id: int
    at: datetime
    sql: str
    state: str = ""
    detail: str = ""
    name: str = ""


class Store:
    """The history and the saved queries. Its calls block. Every method raises StoreError."""

    def __init__(self, folder: Path, keep: int) -> None:
        """`keep` is the number of queries in the history, and the limit of the saved ones."""
        self._file, self._keep = folder / "sql.sqlite", keep
        self._lock = threading.Lock()

    def add(self, sql: str, state: str, detail: str) -> None:
        """Remember a query that has ended; the oldest one is forgotten. The same text again is one entry."""
        if len(sql) > LONGEST:
            return
        with self._open() as database:
            database.execute("delete from history where sql = ?", (sql,))
            row = (datetime.now(UTC).timestamp(), sql, state, detail[:500])
            database.execute("insert into history (at, sql, state, detail) values (?, ?, ?, ?)", row)
            kept = "select id from history order by id desc limit ?"
            database.execute(f"delete from history where id not in ({kept})", (self._keep,))  # noqa: S608 - constant

    def history(self, containing: str = "", limit: int = -1) -> list[Entry]:
        """Return the queries, the newest first; only those that contain a text, in upper or lower case.

        `limit` is the largest number of queries; -1 returns all.
        """
        pattern = f"%{containing.replace('!', '!!').replace('%', '!%').replace('_', '!_')}%"
        with self._open() as database:
            rows = database.execute(
                "select id, at, substr(sql, 1, ?), state, detail from history where sql like ? escape '!' "
                "order by id desc limit ?",
                (BEGINNING, pattern, limit),
            ).fetchall()
        return [Entry(number, _time(at), sql, state, detail) for number, at, sql, state, detail in rows]

    def save(self, name: str, sql: str) -> None:
        """Save a query under a name, in the place of another of this name.

        Raises ValueError without a name, for a long one, and when the limit is reached.
        """
        name = " ".join(name.split())
        if not name or len(name) > NAME_LENGTH:
            raise ValueError(f"A name has 1 to {NAME_LENGTH} characters.")
        if len(sql) > LONGEST:
            raise ValueError(f"The query has {len(sql):,} characters; {LONGEST:,} can be saved.")
        with self._open() as database:
            [others] = database.execute("select count(*) from saved where name != ?", (name,)).fetchone()
            if others >= self._keep:
                raise ValueError(f"{others} queries are saved, the limit (CONSOLE_SQL_HISTORY). Delete one first.")
            row = (name, sql, datetime.now(UTC).timestamp())
            database.execute("insert or replace into saved (name, sql, at) values (?, ?, ?)", row)

    def saved(self) -> list[Entry]:
        """Return the saved queries by name."""
        with self._open() as database:
            rows = database.execute(
                "select rowid, at, substr(sql, 1, ?), name from saved order by name collate nocase", (BEGINNING,)
            ).fetchall()
        return [Entry(number, _time(at), sql, name=name) for number, at, sql, name in rows]

    def text(self, entry: Entry) -> str | None:
        """Return the whole text of a query; None if it has been deleted."""
        where = ("saved where name = ?", entry.name) if entry.name else ("history where id = ?", entry.id)
        with self._open() as database:
            found = database.execute(f"select sql from {where[0]}", (where[1],)).fetchone()  # noqa: S608 - constants
        return str(found[0]) if found else None

    def forget(self, name: str) -> None:
        """Delete a saved query."""
        with self._open() as database:
            database.execute("delete from saved where name = ?", (name,))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                with closing(sqlite3.connect(self._file, timeout=5)) as database, database:
                    database.executescript(TABLES)
                    yield database
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The history and the saved queries are not available: {self._file}: {error}") from error


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

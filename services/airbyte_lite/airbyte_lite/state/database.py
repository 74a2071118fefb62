"""The SQLite file. There is one writer at a time, readers never wait, and kill -9 loses no committed data."""

from __future__ import annotations

import fcntl
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = """
create table if not exists meta (name text primary key, value blob not null);
create table if not exists objects (
    number integer primary key autoincrement, id text not null unique, kind text not null, workspace_id text not null,
    deleted integer not null default 0, deleted_at real, document text not null
);
create table if not exists jobs (
    id integer primary key autoincrement, connection_id text not null, workspace_id text not null, type text not null,
    status text not null, created_at real not null, updated_at real not null, started_at real,
    records integer not null default 0, bytes integer not null default 0,
    bytes_billed integer not null default 0, failure text, failure_type text, streams text
);
create unique index if not exists one_active_job on jobs (connection_id) where status in ('pending', 'running');
create table if not exists log_lines (job_id integer not null, number integer not null, line text not null,
    primary key (job_id, number)) without rowid;
create table if not exists states (connection_id text not null, stream text not null, state text not null,
    primary key (connection_id, stream)) without rowid;
create table if not exists generations (connection_id text not null, stream text not null, generation integer not null,
    primary key (connection_id, stream)) without rowid;
"""
VERSION = 1  # of the file's format; files of version 0 may hold secrets of deleted records
PAGES_LEFT = 4096  # free pages (16 MiB) that are not worth rewriting the file

log = logging.getLogger("airbyte_lite")


class DataDirUnusable(Exception):
    """The data directory cannot be created or written. The message has the reason and the setting to change."""


class DataDirInUse(DataDirUnusable):
    """Another server uses the data directory."""


class Database:
    """Connections to one SQLite file in write-ahead mode. Any number of threads may use them."""

    def __init__(self, data_dir: Path) -> None:
        """Open or create the file. Only the owner can read the directory and the file. Raises DataDirUnusable."""
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            data_dir.chmod(0o700)
            self._lock_file = os.open(data_dir / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataDirUnusable(
                f"AIRBYTE_LITE_DATA_DIR={data_dir}: {error.strerror}. Set it to a folder that can be written."
            ) from error
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock_file)
            raise DataDirInUse(
                f"Another airbyte-lite uses {data_dir}. Stop it, or set AIRBYTE_LITE_DATA_DIR to another directory."
            ) from error
        self._path = data_dir / "airbyte.sqlite"
        # Created before SQLite opens the file: SQLite's journal files get the same mode.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        self._path.chmod(0o600)
        self._idle: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
        self._write_lock = threading.Lock()
        with self.read() as connection:
            connection.execute("pragma journal_mode = wal")
            connection.executescript(SCHEMA)
            _upgrade(connection)

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for reading. Each statement sees the last committed data."""
        try:
            connection = self._idle.get_nowait()
        except queue.Empty:
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)
            connection.row_factory = sqlite3.Row
            connection.execute("pragma secure_delete = on")  # deleted and replaced values may be secrets
        try:
            yield connection
        finally:
            self._idle.put(connection)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection in a transaction, which is committed at the end or rolled back after an exception."""
        with self._write_lock, self.read() as connection:
            connection.execute("begin immediate")
            try:
                yield connection
                connection.execute("commit")
            except BaseException:
                if connection.in_transaction:  # SQLite itself rolls back when the disk is full
                    connection.execute("rollback")
                raise

    def scrub(self) -> None:
        """Remove deleted and replaced data from the write-ahead log too, where SQLite keeps it for some time.

        Never raises, because the deletion itself has succeeded. After a failure, this logs a warning, and the hourly
        `compact` tries again.
        """
        try:
            with self._write_lock, self.read() as connection:
                busy = bool(_truncate_log(connection))
        except sqlite3.Error as error:
            log.warning("deleted data is still in %s-wal, trying again within an hour: %s", self._path, error)
        else:
            if busy:
                log.warning(
                    "deleted data is still in %s-wal, trying again within an hour: the file is in use", self._path
                )

    def compact(self) -> None:
        """Rewrite the file if more than half of it is free, or if an earlier release may have left secrets in it."""
        with self._write_lock, self.read() as connection:
            pages, free, version = (
                connection.execute(f"pragma {name}").fetchone()[0]
                for name in ("page_count", "freelist_count", "user_version")
            )
            if version < VERSION or free > max(pages // 2, PAGES_LEFT):
                # SQLite makes a temporary copy of the file. By default the copy is in /tmp, which may be in memory.
                directory = str(self._path.parent).replace("'", "''")
                connection.execute(f"pragma temp_store_directory = '{directory}'")
                connection.execute("vacuum")
                connection.execute(f"pragma user_version = {VERSION}")
            _truncate_log(connection)

    def close(self) -> None:
        """Close every connection and release the lock of the directory."""
        while not self._idle.empty():
            self._idle.get_nowait().close()
        os.close(self._lock_file)


def _truncate_log(connection: sqlite3.Connection) -> int:
    """Move the write-ahead log into the file and empty the log. Return 1 if another thread's query prevented this."""
    return int(connection.execute("pragma wal_checkpoint(truncate)").fetchone()["busy"])


def _upgrade(connection: sqlite3.Connection) -> None:
    """Convert a file of an earlier release to the current format. After an interruption, the next call completes it."""
    for table, column, type_ in (
        ("jobs", "bytes_billed", "integer not null default 0"),
        ("jobs", "streams", "text"),
        ("objects", "deleted_at", "real"),
    ):
        if column not in {row["name"] for row in connection.execute(f"pragma table_info({table})")}:
            connection.execute(f"alter table {table} add column {column} {type_}")
    [version] = connection.execute("pragma user_version").fetchone()
    if version < VERSION:  # deleted records still have their secrets; `compact` also removes them from free pages
        connection.execute("delete from objects where deleted and kind in ('source', 'destination')")
        connection.execute("update objects set deleted_at = unixepoch('now') where deleted and deleted_at is null")

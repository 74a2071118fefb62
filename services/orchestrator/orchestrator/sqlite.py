"""Dagster's storage in SQLite, which keeps its connections. `dagster-local.yaml` names it.

Dagster's own storage makes an engine of SQLAlchemy and a connection for each query, about 900 in a run. A new engine
compiles each statement again, and SQLite writes its log into the database, on the disk, whenever the last connection is
closed: together a third of the processor time of Dagster's process in a run.

Dagster also reads 60 scripts of alembic whenever it opens the storage, which the code server does for each look of a
sensor. Here each process reads them once.
"""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any

import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.storage import sql
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import QueuePool

ENGINES = 16
"""Each run has a database of its own. A kept database has one open connection, of three files."""


class Engines:
    """The engines of the databases that this process has used last, each with one open connection."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept: OrderedDict[str, sqlalchemy.Engine] = OrderedDict()
        self._lock = Lock()

    def get(self, url: str) -> sqlalchemy.Engine:
        """Return the engine of a database. The connection of the database that was not used for longest is closed."""
        with self._lock:
            found = self._kept.pop(url, None) or _engine(url)
            self._kept[url] = found
            old = self._kept.popitem(last=False)[1] if len(self._kept) > ENGINES else None
        if old is not None:
            old.dispose()  # a connection that a thread uses now is closed when Python collects its pool
        return found

    @contextmanager
    def connected(self, url: str) -> Iterator[sqlalchemy.Connection]:
        """Connect to a database for one transaction. After an error the connection is closed, not kept."""
        with self.get(url).connect() as connection:
            try:
                with connection.begin():
                    yield connection
            except BaseException:
                # The traceback may hold a cursor with more rows. It keeps the connection in its old snapshot, in which
                # SQLite refuses each later write as soon as another process has written.
                connection.invalidate()
                raise

    def close(self) -> None:
        """Close the connections that no thread uses now."""
        with self._lock:
            while self._kept:
                self._kept.popitem()[1].dispose()


def _engine(url: str) -> sqlalchemy.Engine:
    # More connections are made when several threads need them at once, and are closed after use.
    options: dict[str, Any] = {"poolclass": QueuePool, "pool_size": 1, "max_overflow": -1}
    engine = sqlalchemy.create_engine(
        url, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False}, **options
    )
    sqlalchemy.event.listen(engine, "connect", _without_wait)
    return engine


def _without_wait(connection: Any, _record: object) -> None:
    """Let a commit return before the disk has it: what was committed outlives each process, but no power failure.

    The database is whole after a power failure too, because it is in SQLite's mode WAL; the last events may be missing.
    """
    connection.execute("pragma synchronous = normal")


class Migrations:
    """The scripts that change Dagster's tables, read once in a process. They stand for alembic's ScriptDirectory."""

    @staticmethod
    def from_config(config: Config) -> ScriptDirectory:
        """Return the scripts of a configuration."""
        return _scripts(config.get_main_option("script_location") or "")


@lru_cache
def _scripts(location: str) -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", location)
    return ScriptDirectory.from_config(config)


def read_migrations() -> None:
    """Read the scripts now; the forks of this process have them."""
    _scripts(sql.ALEMBIC_SCRIPTS_LOCATION).as_revision_number("head")


class _Runs(SqliteRunStorage):
    _engines: Engines

    def connect(self) -> Any:
        return self._engines.connected(self._conn_string)

    def dispose(self) -> None:
        super().dispose()
        self._engines.close()


class _Schedules(SqliteScheduleStorage):
    _engines: Engines

    def connect(self) -> Any:
        return self._engines.connected(self._conn_string)


class _Events(SqliteEventLogStorage):
    _engines: Engines
    _tables: set[str]

    def has_table(self, table_name: str) -> bool:
        # Dagster asks this for each event of a check, each time with a new engine and a new connection.
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        url = self.conn_string_for_shard(shard)
        with self._db_lock:
            if shard not in self._initialized_dbs:
                self._initdb(self._engines.get(url))
                self._initialized_dbs.add(shard)
            with self._engines.connected(url) as connection:
                yield connection

    def wipe(self) -> None:
        self._engines.close()  # it deletes files that are open here
        super().wipe()

    def dispose(self) -> None:
        super().dispose()
        self._engines.close()


class KeptSqliteStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite with the three parts above."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Prepare the storage in a folder, and make its databases if they are absent."""
        sql.ScriptDirectory = Migrations  # type: ignore[attr-defined,assignment]
        super().__init__(base_dir, inst_data)
        self._engines = Engines()  # closed with the parts: Dagster does not dispose of the storage as a whole
        # Only the connections of each part differ, so the existing parts are changed in place.
        self._run_storage.__class__ = _Runs
        self._schedule_storage.__class__ = _Schedules
        self._event_log_storage.__class__ = _Events
        self._event_log_storage._tables = set()  # type: ignore[attr-defined]
        for part in (self._run_storage, self._schedule_storage, self._event_log_storage):
            part._engines = self._engines  # type: ignore[union-attr]

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "KeptSqliteStorage":
        """Return the storage for its configuration in dagster.yaml."""
        return cls.from_local(config_value["base_dir"], inst_data)

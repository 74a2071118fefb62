"""Dagster's storage in SQLite, which keeps what SQLAlchemy knows of a database. `dagster-local.yaml` names it.

Dagster's own storage makes an engine of SQLAlchemy for each query. A new engine compiles each statement again: in a run
that was a quarter of the processor time of Dagster's process. The connections are closed after each use, as in Dagster.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import sqlalchemy
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import NullPool

ENGINES = 32
"""Each run has a database of its own."""


@lru_cache(maxsize=ENGINES)
def engine(url: str) -> sqlalchemy.Engine:
    """Return the engine of a database."""
    return sqlalchemy.create_engine(url, poolclass=NullPool, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})


@contextmanager
def connected(url: str) -> Iterator[sqlalchemy.Connection]:
    """Connect to a database for one transaction."""
    with engine(url).connect() as connection, connection.begin():
        yield connection


class _Runs(SqliteRunStorage):
    def connect(self) -> Any:
        return connected(self._conn_string)


class _Schedules(SqliteScheduleStorage):
    def connect(self) -> Any:
        return connected(self._conn_string)


class _Events(SqliteEventLogStorage):
    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        url = self.conn_string_for_shard(shard)
        with self._db_lock:
            if shard not in self._initialized_dbs:
                self._initdb(engine(url))
                self._initialized_dbs.add(shard)
            with connected(url) as connection:
                yield connection


class KeptSqliteStorage(DagsterSqliteStorage):
    """Dagster's storage in SQLite with the three parts above."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """Prepare the storage in a folder, and make its databases if they are absent."""
        super().__init__(base_dir, inst_data)
        # Each part has only other connections, so it is changed where it is.
        self._run_storage.__class__ = _Runs
        self._schedule_storage.__class__ = _Schedules
        self._event_log_storage.__class__ = _Events

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "KeptSqliteStorage":
        """Return the storage for its configuration in dagster.yaml."""
        return cls.from_local(config_value["base_dir"], inst_data)

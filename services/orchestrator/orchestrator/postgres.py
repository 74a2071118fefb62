"""Dagster's storage in Postgres with pools of connections for each process. `compose/dagster/dagster.yaml` names it.

Dagster's own storage opens a connection for each query, and the daemon asks several times a second: on an idle platform
Postgres used more processor time for new connections than for everything else.

A commit of events does not wait for the disk: a run has 500 of them. A commit of runs, schedules or sensors waits, and
with it everything is on the disk that was committed before. So only the events since the run's last change of status
can be lost, and only when Postgres is killed or the power fails within a second.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy
from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import pg_url_from_config

MOST_CONNECTIONS = 10
"""Of one engine. A process has two engines, and Postgres allows 100 connections."""
NO_WAIT = {"options": "-c synchronous_commit=off"}
"""Commits without waiting for the disk. Postgres writes them within 0.6 s, in order."""


@cache
def engine(url: str, *, waits: bool) -> sqlalchemy.Engine:
    """Return the engine of this process whose commits wait for the disk, or the one whose commits do not.

    Connections that a restart of Postgres has broken are replaced.
    """
    pool = {"pool_size": 2, "max_overflow": MOST_CONNECTIONS - 2, "pool_pre_ping": True, "pool_recycle": 600}
    options = {} if waits else NO_WAIT
    return sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", connect_args=options, **pool)


class PooledPostgresStorage(DagsterPostgresStorage):
    """Dagster's storage in Postgres, whose parts use the engines of the process."""

    def __init__(self, postgres_url: str, should_autocreate_tables: bool = True, **others: Any) -> None:
        """Prepare the storage, and make its tables if they are absent."""
        super().__init__(postgres_url, should_autocreate_tables, **others)
        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            part._engine = engine(postgres_url, waits=part is not self._event_log_storage)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledPostgresStorage":
        """Return the storage for its configuration in dagster.yaml."""
        autocreate = config_value.get("should_autocreate_tables", True)
        return cls(pg_url_from_config(config_value), autocreate, inst_data=inst_data)

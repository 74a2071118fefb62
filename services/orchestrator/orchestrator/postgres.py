"""Dagster's storage in Postgres with one pool of connections for each process. `compose/dagster/dagster.yaml` names it.

Dagster's own storage opens a connection for each query, and the daemon asks several times a second: on an idle platform
Postgres used more processor time for new connections than for everything else.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy
from dagster._serdes import ConfigurableClassData
from dagster_postgres.storage import DagsterPostgresStorage
from dagster_postgres.utils import pg_url_from_config

MOST_CONNECTIONS = 20
"""Of one process. Postgres allows 100."""


@cache
def engine(url: str) -> sqlalchemy.Engine:
    """Return the engine of this process. Connections that a restart of Postgres has broken are replaced."""
    pool = {"pool_size": 2, "max_overflow": MOST_CONNECTIONS - 2, "pool_pre_ping": True, "pool_recycle": 600}
    return sqlalchemy.create_engine(url, isolation_level="AUTOCOMMIT", **pool)


class PooledPostgresStorage(DagsterPostgresStorage):
    """Dagster's storage in Postgres, whose three parts share the engine of the process."""

    def __init__(self, postgres_url: str, should_autocreate_tables: bool = True, **others: Any) -> None:
        """Prepare the storage, and make its tables if they are absent."""
        super().__init__(postgres_url, should_autocreate_tables, **others)
        for part in (self._run_storage, self._event_log_storage, self._schedule_storage):
            part._engine = engine(postgres_url)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "PooledPostgresStorage":
        """Return the storage for its configuration in dagster.yaml."""
        autocreate = config_value.get("should_autocreate_tables", True)
        return cls(pg_url_from_config(config_value), autocreate, inst_data=inst_data)

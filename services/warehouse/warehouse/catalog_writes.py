"""Bridges for writes to the catalog, which holds the resources of tables and datasets, and the jobs."""

import threading
from typing import Any

from local_bigquery.catalog import iam, metadata
from local_bigquery.engine import database
from local_bigquery.jobs import store


def one_at_a_time() -> None:
    """Write to the catalog in one thread at a time.

    DuckDB refuses a write ("Conflict on update!") when another transaction changes the same row at the same moment. A
    job whose rows were already stored then failed, so that a client repeated it, or its last state was not saved.
    """
    lock = threading.Lock()

    def execute(sql: str, params: list[Any] | None = None) -> None:
        with lock:
            database.execute(sql, params)

    for module in (iam, metadata, store):
        module.execute = execute

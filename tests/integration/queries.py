"""The rows of a query, in tests of the emulator."""

from typing import Any

from google.cloud.bigquery import Client, QueryJobConfig


def rows(client: Client, sql: str) -> list[tuple[Any, ...]]:
    """Run a query and return its rows."""
    return [row.values() for row in client.query_and_wait(sql)]


def run(client: Client, sql: str, **config: Any) -> list[tuple[Any, ...]]:
    """Run a statement, once; return its rows."""
    job = client.query(sql, job_config=QueryJobConfig(**config), job_retry=None)
    return [row.values() for row in job.result()]

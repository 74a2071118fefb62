"""Removes what is old: jobs with their logs, and records that were deleted."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from airbyte_lite.state.database import Database

NEWEST_KEPT = 10  # jobs of a connection, whatever their age: Airbyte's own number
DELETED_KEPT = 1_000  # deleted records, whatever their age
BATCH = 20  # jobs in one transaction, so that no other writer waits long: a log has up to 11,000 lines
DAY = 86_400.0  # seconds

OLD_JOBS = """
with numbered as (
    select id, status, updated_at, row_number() over (partition by connection_id order by id desc) as place from jobs
)
select id from numbered where status not in ('pending', 'running')
and (place > :jobs or (place > :newest and updated_at < :before)) limit :batch
"""
OLD_RECORDS = """
select id from objects where deleted and (deleted_at < :before or number not in (
    select number from objects where deleted order by deleted_at desc limit :kept
))
"""
ORPHANED_JOBS = """
select id from jobs where status not in ('pending', 'running')
and connection_id not in (select id from objects where kind = 'connection') limit :batch
"""


@dataclass(frozen=True)
class Retention:
    """How much is kept: jobs of each connection, and for how many days what has ended or was deleted."""

    days: int
    jobs: int


def prune(database: Database, retention: Retention, now: float) -> int:
    """Remove ended jobs with their logs and deleted records beyond what is kept; return how many jobs.

    `now` is in seconds since 1970. The newest jobs of a connection stay whatever their age; a job that has not ended
    stays. With a deleted connection's record go its jobs.
    """
    before = now - retention.days * DAY
    with database.write() as connection:
        rows = connection.execute(OLD_RECORDS, {"before": before, "kept": DELETED_KEPT}).fetchall()
        for table, column in (("states", "connection_id"), ("generations", "connection_id"), ("objects", "id")):
            connection.executemany(f"delete from {table} where {column} = ?", [(row["id"],) for row in rows])  # noqa: S608
    values = {"before": before, "jobs": max(retention.jobs, 1), "newest": NEWEST_KEPT, "batch": BATCH}
    return sum(_remove_all(database, query, values) for query in (ORPHANED_JOBS, OLD_JOBS))


def _remove_all(database: Database, query: str, values: dict[str, float]) -> int:
    """Remove the jobs that a query finds, batch after batch."""
    removed = 0
    while True:
        with database.write() as connection:
            found = connection.execute(query, values).fetchall()
            _remove(connection, found)
        removed += len(found)
        if len(found) < values["batch"]:
            return removed


def _remove(connection: sqlite3.Connection, jobs: list[sqlite3.Row]) -> None:
    identifiers = [(job["id"],) for job in jobs]
    connection.executemany("delete from log_lines where job_id = ?", identifiers)
    connection.executemany("delete from jobs where id = ?", identifiers)

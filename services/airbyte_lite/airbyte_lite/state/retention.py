"""Removes old jobs with their logs, and old deleted records."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass

from airbyte_lite.state.database import Database

NEWEST_KEPT = 10  # newest jobs of a connection, kept whatever their age; Airbyte keeps the same number
DELETED_KEPT = 1_000  # largest number of deleted records
JOBS_AT_ONCE = 20
LINES_AT_ONCE = 500  # log lines in one transaction: up to 4 MB; other writers wait about 0.1 s
PAUSE = 0.001  # seconds between two transactions, so that waiting writers can start
DAY = 86_400.0  # seconds

OLD_JOBS = """
with numbered as (
    select id, connection_id, status, updated_at,
        row_number() over (partition by connection_id order by id desc) as place
    from jobs
)
select id from numbered where status not in ('pending', 'running') and (
    connection_id not in (select id from objects where kind = 'connection')
    or place > :jobs or (place > :newest and updated_at < :before)
)
"""
OLD_RECORDS = """
select id from objects where deleted and (deleted_at < :before or number not in (
    select number from objects where deleted order by deleted_at desc limit :kept
))
"""
LINES_OF_JOBS = """
delete from log_lines where (job_id, number) in (
    select job_id, number from log_lines where job_id in (select value from json_each(:jobs)) limit :lines
)
"""


@dataclass(frozen=True)
class Retention:
    """How long deleted records and ended jobs are kept, and how many jobs of each connection."""

    days: int
    jobs: int


def prune(database: Database, retention: Retention, now: float) -> int:
    """Remove old deleted records and old ended jobs with their logs; return the number of removed jobs.

    `now` is in seconds since 1970. The newest jobs of each connection are kept whatever their age. Jobs that have not
    ended are always kept. The jobs of a deleted connection are removed together with the connection's record.
    """
    before = now - retention.days * DAY
    with database.write() as connection:
        rows = connection.execute(OLD_RECORDS, {"before": before, "kept": DELETED_KEPT}).fetchall()
        for table, column in (("states", "connection_id"), ("generations", "connection_id"), ("objects", "id")):
            connection.executemany(f"delete from {table} where {column} = ?", [(row["id"],) for row in rows])  # noqa: S608
    # One query is enough: an ended job never changes, so these jobs can be removed in several transactions.
    with database.read() as connection:
        jobs = connection.execute(
            OLD_JOBS, {"before": before, "jobs": retention.jobs, "newest": NEWEST_KEPT}
        ).fetchall()
    for batch in itertools.batched([job["id"] for job in jobs], JOBS_AT_ONCE, strict=False):
        _remove_jobs(database, json.dumps(batch))
    return len(jobs)


def _remove_jobs(database: Database, jobs: str) -> None:
    """Remove the jobs (a JSON array of ids). Their logs are removed first, in several short transactions."""
    removed = LINES_AT_ONCE
    while removed == LINES_AT_ONCE:
        with database.write() as connection:
            removed = connection.execute(LINES_OF_JOBS, {"jobs": jobs, "lines": LINES_AT_ONCE}).rowcount
            if removed < LINES_AT_ONCE:
                connection.execute("delete from jobs where id in (select value from json_each(?))", (jobs,))
        time.sleep(PAUSE)

"""Stores jobs and their logs in the database."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Protocol

from airbyte_lite.problem import conflict, not_found
from airbyte_lite.state.database import Database
from airbyte_lite.state.records import Job, JobFilter

COLUMNS = ", ".join(field.name for field in fields(Job))
LARGEST_ID = 2**63 - 1  # the largest integer of SQLite
INTERRUPTED = (
    "The server stopped while the job was running. Start the job again. No table is half changed: "
    "each table is changed completely or not at all."
)
NOT_STARTED = "The server stopped before the job had started. Start the job again."


class Progress(Protocol):
    """The progress of a job so far."""

    records: int
    bytes: int
    bytes_billed: int


class JobStore:
    """The jobs and their logs. Ids grow and are never used again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, connection_id: str, workspace_id: str, job_type: str, streams: Sequence[str] | None = None) -> Job:
        """Add a pending job; of these streams only, if they are given.

        Raises a 409 Problem while the connection has a pending or running job, a 404 Problem if it is deleted.
        """
        now = time.time()
        try:
            with self._database.write() as connection:
                deleted = "select 1 from objects where id = ? and deleted"
                if connection.execute(deleted, (connection_id,)).fetchone():  # since the caller has looked
                    raise not_found("connection", connection_id)
                number = connection.execute(
                    "insert into jobs (connection_id, workspace_id, type, status, created_at, updated_at, streams) "
                    "values (?, ?, ?, 'pending', ?, ?, ?)",
                    (connection_id, workspace_id, job_type, now, now, None if streams is None else json.dumps(streams)),
                ).lastrowid
        except sqlite3.IntegrityError as error:
            active = self.active(connection_id)
            raise conflict(
                f"A sync is already running for: {connection_id} (job {active.id if active else 'unknown'}). "
                "Wait for the end of the job, or cancel it with DELETE /jobs/<job id>."
            ) from error
        return self.get(number or 0)

    def get(self, job_id: int) -> Job:
        """Return the job. Raises a 404 Problem if the id is unknown."""
        if not 0 < job_id <= LARGEST_ID:
            raise not_found("job", job_id)
        with self._database.read() as connection:
            row = connection.execute(f"select {COLUMNS} from jobs where id = ?", (job_id,)).fetchone()  # noqa: S608
        if row is None:
            raise not_found("job", job_id)
        return Job(**dict(row))

    def find(self, conditions: JobFilter, limit: int, offset: int) -> list[Job]:
        """List the jobs that match the conditions."""
        where, values = _where(conditions)
        direction = "desc" if conditions.descending else "asc"
        with self._database.read() as connection:
            rows = connection.execute(
                f"select {COLUMNS} from jobs where {where} "  # noqa: S608 -- column names and marks only
                f"order by {conditions.order_by} {direction}, id {direction} limit ? offset ?",
                (*values, limit, offset),
            ).fetchall()
        return [Job(**dict(row)) for row in rows]

    def count(self, conditions: JobFilter) -> int:
        """Return the number of jobs that match the conditions."""
        where, values = _where(conditions)
        with self._database.read() as connection:
            row = connection.execute(f"select count(*) from jobs where {where}", values).fetchone()  # noqa: S608
        return int(row[0])

    def active(self, connection_id: str) -> Job | None:
        """Return the connection's pending or running job, or None."""
        with self._database.read() as connection:
            row = connection.execute(
                f"select {COLUMNS} from jobs where connection_id = ? and status in ('pending', 'running')",  # noqa: S608
                (connection_id,),
            ).fetchone()
        return Job(**dict(row)) if row else None

    def start(self, job_id: int) -> bool:
        """Mark a pending job as running. Return False if it is not pending any more."""
        now = time.time()
        with self._database.write() as connection:
            changed = connection.execute(
                "update jobs set status = 'running', started_at = ?, updated_at = ? "
                "where id = ? and status = 'pending'",
                (now, now, job_id),
            ).rowcount
        return changed == 1

    def finish(self, job_id: int, status: str, failure: str | None = None, failure_type: str | None = None) -> bool:
        """Set the final status of a job. Return False if it already has one."""
        with self._database.write() as connection:
            changed = connection.execute(
                "update jobs set status = ?, failure = ?, failure_type = ?, updated_at = ? "
                "where id = ? and status in ('pending', 'running')",
                (status, failure, failure_type, time.time(), job_id),
            ).rowcount
        return changed == 1

    def progress(self, job_id: int, progress: Progress, first_line: int, lines: Sequence[str]) -> None:
        """Store the progress of a running job and its new log lines, numbered from first_line."""
        with self._database.write() as connection:
            connection.execute(
                "update jobs set records = ?, bytes = ?, bytes_billed = ?, updated_at = ? "
                "where id = ? and status = 'running'",
                (progress.records, progress.bytes, progress.bytes_billed, time.time(), job_id),
            )
            connection.executemany(
                "insert or replace into log_lines values (?, ?, ?)",
                [(job_id, first_line + index, line) for index, line in enumerate(lines)],
            )

    def log(self, job_id: int) -> list[str]:
        """Return the job's log lines, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                "select line from log_lines where job_id = ? order by number", (job_id,)
            ).fetchall()
        return [row["line"] for row in rows]

    def fail_interrupted(self) -> int:
        """Mark the pending and running jobs of a stopped server as failed. Return their number."""
        with self._database.write() as connection:
            return connection.execute(
                "update jobs set status = 'failed', failure = case status when 'pending' then ? else ? end, "
                "failure_type = 'system_error', updated_at = ? where status in ('pending', 'running')",
                (NOT_STARTED, INTERRUPTED, time.time()),
            ).rowcount


def _where(conditions: JobFilter) -> tuple[str, list[Any]]:
    clauses = ["true"]
    values: list[Any] = []
    for clause, value in (
        ("connection_id = ?", conditions.connection_id),
        ("created_at >= ?", conditions.created_from),
        ("created_at <= ?", conditions.created_to),
        ("updated_at >= ?", conditions.updated_from),
        ("updated_at <= ?", conditions.updated_to),
    ):
        if value is not None:
            clauses.append(clause)
            values.append(value)
    for column, wanted in (
        ("type", conditions.types),
        ("status", conditions.statuses),
        ("workspace_id", conditions.workspace_ids or None),
    ):
        if wanted is not None:  # as one value: SQLite has a limit for the number of values
            clauses.append(f"{column} in (select value from json_each(?))")  # noqa: S608 -- a column's name
            values.append(json.dumps(wanted))
    return " and ".join(clauses), values

"""One query as a BigQuery job: estimated, started under an id of ours, waited for, cancelled, its result found."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from console.clients.calls import ServiceError
from console.clients.warehouse import Warehouse
from console.logic.sql import results
from console.logic.sql.results import Source
from console.logic.sql.statements import Chosen, Place, place, told, writes
from platform_kit.bigquery_results import selecting, words

if TYPE_CHECKING:
    from google.cloud import bigquery

LABELS = {"made-by": "console"}
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0  # seconds between two looks at a job
START_SECONDS = 30.0
GRACE_SECONDS = 5.0
"""Seconds after its time limit in which a job may still end without being cancelled."""


class QueryError(Exception):
    """A query that BigQuery refuses or that failed. The message has BigQuery's words and the place in the editor."""

    def __init__(self, message: str, where: Place | None = None) -> None:
        """Keep the place in the editor, if it is known."""
        super().__init__(message)
        self.where = where


@dataclass(frozen=True)
class Limits:
    """Limits of one query: seconds, rows that are shown or downloaded, and bytes that BigQuery may bill."""

    seconds: int
    rows: int
    bytes_billed: int | None = None


@dataclass(frozen=True)
class Estimate:
    """What a dry run says: the type of the statement, the bytes that it would read, and the table that it changes."""

    kind: str | None
    bytes: int
    target: str | None

    @property
    def writes(self) -> bool:
        """Whether the statement may change something."""
        return writes(self.kind)


@dataclass
class Running:
    """A query from the user's request to the end of its job."""

    sent: Chosen
    id: str = field(default_factory=lambda: f"console_{uuid.uuid4().hex}")
    started: float = field(default_factory=time.monotonic)
    is_cancelled: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a query ended. `rows` is where its result is; None if it has none."""

    job_id: str
    kind: str | None
    seconds: float
    bytes: int
    changed: int | None
    target: str | None
    rows: Source | None


async def estimate(warehouse: Warehouse, sent: Chosen, limits: Limits) -> Estimate:
    """Return what a statement would do, from BigQuery's dry run, which costs nothing. Raises QueryError."""

    def ask(client: bigquery.Client) -> Estimate:
        job = client.query(sent.sql, job_config=_options(limits, dry_run=True), job_retry=None)
        return Estimate(job.statement_type, int(job.total_bytes_processed or 0), _target(job))

    return await _told(warehouse, sent, ask, START_SECONDS)


async def run(warehouse: Warehouse, query: Running, limits: Limits) -> Outcome:
    """Start the job and wait for its end. Raises QueryError when it fails, is cancelled or takes too long.

    A look at the job that fails is repeated until the time limit. Raises ServiceError with the job's id if the job may
    still run.
    """
    query.started = time.monotonic()
    if query.is_cancelled:
        raise _cancelled()
    job: Any = await _started(warehouse, query, limits)
    if query.is_cancelled and job.state != "DONE":  # while BigQuery did not know the job yet
        await cancel(warehouse, query)
    pause = FIRST_PAUSE
    end = query.started + limits.seconds + GRACE_SECONDS
    while job.state != "DONE":
        if time.monotonic() > end:
            await _given_up(warehouse, query)
            raise _late(limits)
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, LONGEST_PAUSE)
        # Not result(): it asks for rows too, and the emulator then sends all of them.
        with contextlib.suppress(ServiceError):  # the job goes on, so the next look may find it
            job = await warehouse.call(lambda client: client.get_job(query.id))
    if job.error_result:
        raise _failed(job, query, limits)
    return await warehouse.call(lambda client: _outcome(client, job))


async def _started(warehouse: Warehouse, query: Running, limits: Limits) -> Any:
    """Start the job and return it, also if BigQuery has started it and the answer was lost."""
    try:
        return await _told(
            warehouse,
            query.sent,
            lambda client: client.query(query.sent.sql, job_id=query.id, job_config=_options(limits), job_retry=None),
            START_SECONDS,
        )
    except ServiceError as problem:
        try:
            return await warehouse.call(lambda client: client.get_job(query.id))
        except ServiceError:
            await _given_up(warehouse, query, problem)
            raise _may_run(query, problem) from problem


async def _given_up(warehouse: Warehouse, query: Running, problem: ServiceError | None = None) -> None:
    """Cancel a job that is not waited for any longer. Raises ServiceError with the job's id if that fails."""
    try:
        await cancel(warehouse, query)
    except ServiceError as error:
        raise _may_run(query, problem or error) from error


def _may_run(query: Running, problem: ServiceError) -> ServiceError:
    return ServiceError(problem.service, f"{problem.what}. The job {query.id} may still run", problem.remedy)


async def cancel(warehouse: Warehouse, query: Running) -> None:
    """Stop a query: before it is a job, it does not become one; a job is stopped by BigQuery. Raises ServiceError."""
    query.is_cancelled = True

    def ask(client: bigquery.Client) -> None:
        from google.api_core.exceptions import NotFound

        # BigQuery does not know the job before its start: `run` looks at the mark before and after that.
        with contextlib.suppress(NotFound):
            client.cancel_job(query.id)

    await warehouse.call(ask)


def is_ours(job_id: str) -> bool:
    """Return whether a job's id was made here."""
    return re.fullmatch(r"console_[0-9a-f]{32}", job_id) is not None


async def finished(warehouse: Warehouse, job_id: str) -> Source | None:
    """Return where the rows of an ended job are: BigQuery keeps a result for a day. Raises ServiceError."""
    return await warehouse.call(lambda client: _rows(client, client.get_job(job_id)))


def _options(limits: Limits, *, dry_run: bool = False) -> Any:
    from google.cloud import bigquery

    options = bigquery.QueryJobConfig(dry_run=dry_run, labels=LABELS)
    if limits.bytes_billed:
        options.maximum_bytes_billed = limits.bytes_billed
    if dry_run:
        options.use_query_cache = False
    else:
        options.job_timeout_ms = limits.seconds * 1000
    return options


async def _told[T](warehouse: Warehouse, sent: Chosen, ask: Any, seconds: float) -> T:
    """Call the warehouse; a refusal of the statement becomes a QueryError with its place."""
    from google.api_core.exceptions import ClientError

    def asking(client: bigquery.Client) -> T | QueryError:
        try:
            answer: T = ask(client)
        except ClientError as error:
            return _error(words(error), sent)
        return answer

    found = await warehouse.call(asking, seconds)
    if isinstance(found, QueryError):
        raise found
    return found


def _error(message: str, sent: Chosen) -> QueryError:
    where = place(message, sent)
    return QueryError(told(message, where), where)


def _failed(job: Any, query: Running, limits: Limits) -> QueryError:
    reason, message = job.error_result.get("reason"), str(job.error_result.get("message", "the query failed"))
    if query.is_cancelled:
        return _cancelled()
    if reason in ("stopped", "timeout") and time.monotonic() - query.started >= limits.seconds:
        return _late(limits)
    return _error(message, query.sent)


def _cancelled() -> QueryError:
    return QueryError("The query was cancelled. A script keeps what its earlier statements have changed.")


def _late(limits: Limits) -> QueryError:
    return QueryError(
        f"The query was stopped after {limits.seconds} seconds, its time limit. Read less, or set a higher "
        "CONSOLE_SQL_SECONDS in .env and run: make up"
    )


def _outcome(client: bigquery.Client, job: Any) -> Outcome:
    # By the server's clock: our own has the pauses between the looks.
    seconds = (job.ended - job.started).total_seconds() if job.ended and job.started else 0.0
    size, changed = int(job.total_bytes_processed or 0), job.num_dml_affected_rows
    return Outcome(job.job_id, job.statement_type, seconds, size, changed, _target(job), _rows(client, job))


def _rows(client: bigquery.Client, job: Any) -> Source | None:
    """Return the result of a SELECT; of a script, that of its last SELECT."""
    found = selecting(client, job)
    return results.source(client, found.destination) if found else None


def _target(job: Any) -> str | None:
    """Return the table or dataset that a statement changes, as `dataset.table`."""
    found = job.ddl_target_table or (job.destination if writes(job.statement_type) else None)
    if found is None or found.dataset_id.startswith("_"):
        return None
    return f"{found.dataset_id}.{found.table_id}"

"""Jobs of connections: syncs and clears, from both of Airbyte's APIs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from console.clients.airbyte import Airbyte
from console.clients.calls import ServiceError

type Json = dict[str, Any]

ACTIVE = {"pending", "queued", "running", "incomplete"}
"""A job is incomplete between two attempts: Airbyte tries it again."""
CLEARS = {"reset", "reset_connection", "clear"}
CONFIG_TYPES = ["sync", "reset_connection", "clear", "refresh"]
DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?")
PRICE_OF_TIB = 6.25
"""US dollars that BigQuery bills for a TiB on demand in the United States. docs/console.md names it."""
TIB = 2**40


@dataclass(frozen=True)
class Job:
    """One job of a connection. None: not known."""

    id: int
    connection_id: str
    kind: str
    """sync, clear or refresh"""
    status: str
    """Airbyte's word: pending, queued, running, incomplete, succeeded, failed, cancelled"""
    created: datetime | None
    seconds: float | None = None
    rows: int | None = None
    bytes: int | None = None
    billed: int | None = None
    """Bytes that BigQuery billed; only airbyte-lite reports them."""
    failure: str = ""
    origin: str = ""
    """Where the failure comes from: source, destination, or the platform."""

    @property
    def is_active(self) -> bool:
        """Whether the job has not ended."""
        return self.status in ACTIVE

    @property
    def cost(self) -> str:
        """What BigQuery bills for the load, in dollars on demand; empty if Airbyte does not report it."""
        return "" if self.billed is None else f"${self.billed / TIB * PRICE_OF_TIB:.4f}" if self.billed else "$0"


def read_job(found: Json) -> Job:
    """Return a job of the public API (JobResponse)."""
    kind = str(found.get("jobType", "sync"))
    return Job(
        id=int(found["jobId"]),
        connection_id=str(found.get("connectionId", "")),
        kind="clear" if kind in CLEARS else kind,
        status=str(found["status"]),
        created=moment(found.get("startTime")),
        seconds=seconds(found.get("duration")),
        rows=_whole(found.get("rowsSynced")),
        bytes=_whole(found.get("bytesSynced")),
        billed=_whole(found.get("bytesBilled")),
    )


async def current(airbyte: Airbyte, job_id: int) -> Job:
    """Return a job with its progress so far."""
    return read_job(await airbyte.get(f"/jobs/{job_id}"))


def moment(given: Any) -> datetime | None:
    """Return a time of either API: seconds since 1970, or ISO 8601."""
    if isinstance(given, int | float):
        return datetime.fromtimestamp(given / 1000 if given > 10**11 else given, UTC)
    try:
        found = datetime.fromisoformat(str(given))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def seconds(duration: Any) -> float | None:
    """Return the seconds of a duration in ISO 8601, PT1M2.5S."""
    match = DURATION.fullmatch(str(duration))
    if not match:
        return None
    hours, minutes, rest = match.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) else None


async def latest(airbyte: Airbyte, connection_id: str, limit: int) -> list[Job]:
    """Return a connection's jobs, newest first, with the failures of those that failed.

    The failures come from the configuration API. Where it does not give them, as on Airbyte Cloud, they are unknown.
    """
    query: Json = {"connectionId": connection_id, "orderBy": "createdAt|DESC", "limit": limit}
    answer, failures = await asyncio.gather(airbyte.get("/jobs", **query), _failures(airbyte, connection_id, limit))
    return [with_failure(job, *failures.get(job.id, ("", ""))) for job in map(read_job, answer.get("data") or [])]


async def _failures(airbyte: Airbyte, connection_id: str, limit: int) -> dict[int, tuple[str, str]]:
    body = {"configTypes": CONFIG_TYPES, "configId": connection_id, "pagination": {"pageSize": limit, "rowOffset": 0}}
    try:
        found = (await airbyte.post("/jobs/list", body)).get("jobs") or []
    except ServiceError:
        return {}
    return {int(item["job"]["id"]): failure_of(item.get("attempts") or []) for item in found}


def with_failure(job: Job, failure: str, origin: str) -> Job:
    """Return the job with the reason of its failure; one that succeeded after a failed attempt has none."""
    return job if job.status == "succeeded" else replace(job, failure=failure, origin=origin)


def failure_of(attempts: Iterable[Json]) -> tuple[str, str]:
    """Return the failure of the last attempt that has one, and where it comes from."""
    for attempt in reversed([*attempts]):
        summary = (attempt.get("attempt") or attempt).get("failureSummary") or {}
        for failure in summary.get("failures") or []:
            text = str(failure.get("externalMessage") or failure.get("internalMessage") or "")
            return text, origin_of(failure)
    return "", ""


def origin_of(failure: Json) -> str:
    """Return where a failure comes from, in words."""
    origin, kind = str(failure.get("failureOrigin") or ""), str(failure.get("failureType") or "")
    words = {"source": "the source", "destination": "the destination"}.get(origin, origin.replace("_", " "))
    if not words:
        words = {"config_error": "the configuration", "system_error": "the platform"}.get(kind, kind.replace("_", " "))
    return words

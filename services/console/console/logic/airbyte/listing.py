"""The list of connections with their states."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from console.clients.airbyte import Airbyte
from console.logic.airbyte import jobs
from console.logic.airbyte.jobs import Job
from console.logic.airbyte.states import ORDER, State, state_of

PAGE = 100
"""The most objects in one answer of Airbyte's public API."""
SHOWN = 50
"""Connections on one page of the list."""
JOB_PAGES = 3
"""Pages of the newest jobs of all connections. The newest job of any other connection is asked for by itself."""

type Json = dict[str, Any]


@dataclass(frozen=True)
class Summary:
    """One connection in the list."""

    id: str
    name: str
    state: State
    source: str
    destination: str
    streams: int
    schedule: str
    job: Job | None
    """The newest job."""


@dataclass
class Known:
    """The newest jobs that earlier looks have found, so that a look asks for new ones only."""

    jobs: dict[str, Job | None] = field(default_factory=dict)
    """By connection; None for a connection without a job."""
    newest: int = 0
    """The highest id of a job at the last look."""


async def connections(airbyte: Airbyte, workspace_id: str | None, known: Known | None = None) -> list[Summary]:
    """Return every connection of the workspace, the most urgent states first, then by name; update `known`."""
    scope = {"workspaceIds": workspace_id} if workspace_id else {}
    found, sources, destinations = await asyncio.gather(
        *(pages(airbyte, kind, scope) for kind in ("connections", "sources", "destinations"))
    )
    names = {
        item[key]: item["name"]
        for items, key in ((sources, "sourceId"), (destinations, "destinationId"))
        for item in items
    }
    ids = {str(item["connectionId"]) for item in found}
    newest = await _newest_jobs(airbyte, scope, ids, known if known is not None else Known())
    summaries = [
        Summary(
            id=item["connectionId"],
            name=item["name"],
            state=state_of(item.get("status", "active"), newest.get(item["connectionId"])),
            source=names.get(item.get("sourceId"), ""),
            destination=names.get(item.get("destinationId"), ""),
            streams=len((item.get("configurations") or {}).get("streams") or []),
            schedule=schedule_words(item.get("schedule") or {}),
            job=newest.get(item["connectionId"]),
        )
        for item in found
        if item.get("status") != "deprecated"
    ]
    return sorted(summaries, key=lambda one: (ORDER[one.state], one.name.lower()))


def schedule_words(schedule: Json) -> str:
    """Return a schedule of either API in words."""
    kind = schedule.get("scheduleType", "manual")
    if kind == "manual":
        return "by Dagster"
    return str(schedule.get("cronExpression") or schedule.get("basicTiming") or kind)


async def pages(airbyte: Airbyte, kind: str, scope: Json) -> list[Json]:
    """Return all objects of a kind."""
    found: list[Json] = []
    while True:
        answer = await airbyte.get(f"/{kind}", **scope, limit=PAGE, offset=len(found))
        page = answer.get("data") or []
        found += page
        if len(page) < PAGE:
            return found


async def _newest_jobs(airbyte: Airbyte, scope: Json, wanted: set[str], known: Known) -> dict[str, Job]:
    found: dict[str, Job] = {}
    oldest = newest = 0
    is_all = False
    for page in range(JOB_PAGES if wanted else 0):
        query: Json = {"orderBy": "createdAt|DESC", "limit": PAGE, "offset": page * PAGE}
        answer = (await airbyte.get("/jobs", **scope, **query)).get("data") or []
        for job in map(jobs.read_job, answer):
            found.setdefault(job.connection_id, job)
            oldest, newest = job.id, max(newest, job.id)
        is_all = len(answer) < PAGE
        if is_all or wanted <= found.keys():
            break
    if is_all:
        known.jobs = dict.fromkeys(wanted)
    elif oldest > known.newest:  # between the jobs of this look and those of the last one there may be others
        known.jobs = {}
    known.jobs |= found

    async def look(connection_id: str) -> None:
        known.jobs[connection_id] = await _newest_job(airbyte, connection_id)

    running = {one for one, job in known.jobs.items() if job and job.is_active}
    await asyncio.gather(*(look(one) for one in sorted(wanted - found.keys() - (known.jobs.keys() - running))))
    known.newest = newest
    return {one: job for one, job in known.jobs.items() if job}


async def _newest_job(airbyte: Airbyte, connection_id: str) -> Job | None:
    answer = await airbyte.get("/jobs", connectionId=connection_id, orderBy="createdAt|DESC", limit=1)
    return next(map(jobs.read_job, answer.get("data") or []), None)


def matching(summaries: Iterable[Summary], text: str, states: Iterable[str]) -> list[Summary]:
    """Return the connections with the text in name, source or destination, and one of these states (none: any)."""
    wanted, words = set(states), text.lower().split()
    return [
        one
        for one in summaries
        if (not wanted or one.state in wanted)
        and all(word in f"{one.name} {one.source} {one.destination}".lower() for word in words)
    ]


def page_of(summaries: Sequence[Summary], page: int) -> tuple[list[Summary], int, int]:
    """Return the connections of a page (from 1), the number of the page that exists, and the number of pages."""
    count = max(1, -(-len(summaries) // SHOWN))
    page = min(max(page, 1), count)
    return [*summaries[(page - 1) * SHOWN : page * SHOWN]], page, count

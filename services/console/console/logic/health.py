"""The health of each service, each asked at the same time and with a short time limit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from console.clients.calls import ServiceError
from console.clients.platform import Platform
from console.logic.times import short

SECONDS = 5.0
DAGSTER = """{ instance { daemonHealth { allDaemonStatuses { daemonType required healthy
  lastHeartbeatErrors { message } } } }
  workspaceOrError { ... on Workspace { locationEntries { name loadStatus locationOrLoadError {
    ... on PythonError { message } } } } } }"""


@dataclass(frozen=True)
class Health:
    """One service: whether it answers, what is wrong with it, and what to do."""

    title: str
    detail: str
    problem: ServiceError | None = None


async def check(platform: Platform) -> list[Health]:
    """Return the health of every service, in the order in which the data flows."""
    airbyte, s3, warehouse = platform.airbyte, platform.s3, platform.warehouse
    return list(
        await asyncio.gather(
            _timed("S3", lambda: s3.call(lambda client: client.head_bucket(Bucket=s3.bucket), SECONDS)),
            _timed("Airbyte", lambda: airbyte.health()),
            _timed("BigQuery", lambda: warehouse.call(lambda client: [*client.list_datasets(max_results=1)], SECONDS)),
            _timed("Dagster", lambda: _dagster(platform)),
        )
    )


async def _timed(title: str, ask: Callable[[], Awaitable[object]]) -> Health:
    started = time.monotonic()
    try:
        await ask()
    except ServiceError as problem:
        return Health(title, problem.what, problem)
    seconds = time.monotonic() - started
    return Health(title, f"answers in {short(seconds) if seconds >= 1 else f'{seconds * 1000:.0f} ms'}")


async def _dagster(platform: Platform) -> None:
    """Raise ServiceError if Dagster does not answer, a daemon does not run or a code location is not loaded."""
    answer = await platform.dagster.query(DAGSTER, SECONDS)
    entries = answer["workspaceOrError"].get("locationEntries", [])
    for entry in entries:
        message = (entry["locationOrLoadError"] or {}).get("message")
        if message:
            what = f"the code location {entry['name']} is not loaded: {message.strip().splitlines()[0][:300]}"
            raise platform.dagster.service.error(what, "make logs s=code")
    for daemon in answer["instance"]["daemonHealth"]["allDaemonStatuses"]:
        if daemon["required"] and not daemon["healthy"]:
            said = "; ".join(error["message"].strip()[:200] for error in daemon["lastHeartbeatErrors"])
            what = f"the daemon {daemon['daemonType'].lower()} does not run{': ' + said if said else ''}"
            raise platform.dagster.service.error(what, "make logs s=daemon")

"""Removes containers that are over: Dagster leaves its run workers, so that a crash can be looked at."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from socket_proxy.engine import Engine

INTERVAL = 60  # seconds
NEVER_STARTED = 600  # seconds after which a container that was created but not started is left over
log = logging.getLogger(__name__)


async def sweep_forever(engine: Engine, interval: float = INTERVAL) -> None:
    """Sweeps every `interval` seconds until cancelled; after a failure, whatever it was, the next turn tries again."""
    while True:
        try:
            await sweep(engine)
        except Exception as error:
            log.warning("could not sweep finished containers: %r", error)
        await asyncio.sleep(interval)


async def sweep(engine: Engine) -> None:
    """Removes what is over; one container that cannot be removed does not keep the others."""
    for worker in over(await engine.workers(), engine.settings.keep_finished, time.time()):
        if await engine.remove(worker["Id"]):
            log.info("removed the finished %s %.12s", engine.settings.noun, worker["Id"])
        else:
            log.warning("the engine did not remove the finished %s %.12s", engine.settings.noun, worker["Id"])


def over(workers: list[dict[str, Any]], keep: int, now: float) -> list[dict[str, Any]]:
    """Picks, from workers sorted newest first, the finished ones after the first `keep` and those never started."""
    finished = [worker for worker in workers if worker["State"] in ("exited", "dead")]
    never = [worker for worker in workers if worker["State"] == "created" and worker["Created"] < now - NEVER_STARTED]
    return finished[keep:] + never

"""Removes finished containers. Dagster leaves its run workers, so that a crash can be examined."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import aiohttp

from socket_proxy.engine import Engine

INTERVAL = 60  # seconds
NEVER_STARTED = 600  # seconds after which a container that was created but not started is removed
log = logging.getLogger(__name__)


async def sweep_forever(engine: Engine, interval: float = INTERVAL) -> None:
    """Sweeps every `interval` seconds until cancelled; logs any failure and goes on."""
    while True:
        try:
            await sweep(engine)
        except Exception as error:
            log.warning("could not sweep finished containers: %r", error)
        await asyncio.sleep(interval)


async def sweep(engine: Engine) -> None:
    """Removes finished containers; a failure to remove one is logged, and the others are removed all the same."""
    for worker in over(await engine.workers(), engine.settings.keep_finished, time.time()):
        name = f"{engine.settings.noun} {worker['Id']:.12}"
        try:
            if await engine.remove(worker["Id"]):
                log.info("removed the finished %s", name)
            else:
                log.warning("the engine did not remove the finished %s", name)
        except (aiohttp.ClientError, OSError) as error:
            log.warning("the engine did not remove the finished %s: %r", name, error)


def over(workers: list[dict[str, Any]], keep: int, now: float) -> list[dict[str, Any]]:
    """Returns, of workers sorted newest first, the finished ones after the first `keep`, and those never started."""
    finished = [worker for worker in workers if worker["State"] in ("exited", "dead")]
    never = [worker for worker in workers if worker["State"] == "created" and worker["Created"] < now - NEVER_STARTED]
    return finished[keep:] + never

"""Threads for endpoints that may wait, apart from FastAPI's threads: those must stay free for reads."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any

from anyio import CapacityLimiter, to_thread

SLOW = CapacityLimiter(200)
"""For endpoints that write, run a connector, or wait for the end of a job. Each waits for seconds and uses no
processor meanwhile."""
PATIENT = CapacityLimiter(40)
"""For reads that may wait: for the specification of a connector, or for the database's writer."""

Endpoint = Callable[..., Any]


def _in(limiter: CapacityLimiter, endpoint: Endpoint) -> Callable[..., Coroutine[Any, Any, Any]]:
    @functools.wraps(endpoint)
    async def run(*arguments: Any, **options: Any) -> Any:
        return await to_thread.run_sync(functools.partial(endpoint, *arguments, **options), limiter=limiter)

    return run


def slow(endpoint: Endpoint) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Run an endpoint in the threads of SLOW."""
    return _in(SLOW, endpoint)


def patient(endpoint: Endpoint) -> Callable[..., Coroutine[Any, Any, Any]]:
    """Run an endpoint in the threads of PATIENT."""
    return _in(PATIENT, endpoint)

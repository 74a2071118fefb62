"""One question to a service for all open pages, instead of one for each."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from console.clients.calls import THREADS

SECONDS = 3.0
"""How long open pages share an answer that changes with the runs."""
AT_ONCE = THREADS - 1
"""Questions of one page to a service at the same time: one thread of the service is left for other pages."""


class Shared[T]:
    """The answer to a question; it is asked again when the answer is older than `seconds`."""

    def __init__(self, ask: Callable[[], Awaitable[T]], seconds: float) -> None:
        self._ask, self._seconds = ask, seconds
        self._task: asyncio.Task[T] | None = None
        self._asked = 0.0

    async def __call__(self) -> T:
        """Return the answer. Raises what the question raises."""
        old = self._task is None or (self._task.done() and time.monotonic() - self._asked > self._seconds)
        if old or self._task is None:
            self._asked = time.monotonic()
            self._task = asyncio.create_task(self._answer())
        # Shielded: a page that is closed does not end the question of the others.
        return await asyncio.shield(self._task)

    def forget(self) -> None:
        """Ask again the next time, because something has changed."""
        self._asked = float("-inf")

    async def _answer(self) -> T:
        return await self._ask()


def for_all_pages[S, T](
    seconds: float,
) -> Callable[[Callable[[S], Coroutine[Any, Any, T]]], Callable[[S], Coroutine[Any, Any, T]]]:
    """Return a decorator for a question to a service: all open pages ask it together; see Shared."""

    def decorated(ask: Callable[[S], Coroutine[Any, Any, T]]) -> Callable[[S], Coroutine[Any, Any, T]]:
        asked: dict[S, Shared[T]] = {}

        @functools.wraps(ask)
        async def answer(service: S) -> T:
            if service not in asked:
                asked[service] = Shared(lambda: ask(service), seconds)
            return await asked[service]()

        return answer

    return decorated


async def gathered[A, T](ask: Callable[[A], Awaitable[T]], items: Iterable[A]) -> list[T]:
    """Return the answer for each item, AT_ONCE at the same time, so that the time limit of each begins with its call.

    Raises the first error; the questions that have not been answered are then dropped.
    """
    free = asyncio.Semaphore(AT_ONCE)

    async def one(item: A) -> T:
        async with free:
            return await ask(item)

    tasks = [asyncio.create_task(one(item)) for item in items]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()

"""Calls of a service: off the event loop, with a time limit, and with one error for everything that can go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

SECONDS = 10.0
"""The time limit of a call, where the caller gives no other."""
THREADS = 4
"""The calls of one service at the same time. Further ones wait, within their own time limit."""


class ServiceError(Exception):
    """A call that failed. The message says which service, what happened, and the next command."""

    def __init__(self, service: str, what: str, remedy: str) -> None:
        """`remedy` is the next command or a sentence that says what to do."""
        super().__init__(f"{service}: {what}")
        self.service, self.what, self.remedy = service, what, remedy

    @property
    def sentence(self) -> str:
        """What failed and the next command, as one text."""
        return f"{str(self).rstrip('.')}. Next: {self.remedy}"


class Service:
    """One service of the platform, with threads of its own: when it hangs, only its own calls wait."""

    def __init__(self, name: str, title: str, remedy: str) -> None:
        """`name` is the service's name in `make logs s=…`, `remedy` says what to do when it does not answer."""
        self.name, self.title, self.remedy = name, title, remedy
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=name)

    async def call[**P, T](self, function: Callable[P, T], *args: P.args, **keywords: P.kwargs) -> T:
        """Return what a blocking function returns, called in one of the service's threads.

        Raises ServiceError when it fails or takes longer than SECONDS.
        """
        return await self.limited(SECONDS, function, *args, **keywords)

    async def limited[**P, T](self, seconds: float, function: Callable[P, T], *args: P.args, **keywords: P.kwargs) -> T:
        """Return what a blocking function returns, with another time limit. Raises ServiceError."""
        future = asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(*args, **keywords))
        return await self.awaited(future, seconds)

    async def awaited[T](self, answer: Awaitable[T], seconds: float = SECONDS) -> T:
        """Return the result of an awaitable. Raises ServiceError when it fails or takes longer."""
        try:
            return await asyncio.wait_for(answer, seconds)
        except ServiceError:
            raise
        except TimeoutError:
            raise self.error(f"no answer within {seconds:g} seconds") from None
        except Exception as error:
            raise self.error(reason(error)) from error

    def error(self, what: str, remedy: str = "") -> ServiceError:
        """Return an error of this service."""
        return ServiceError(self.title, what, remedy or self.remedy)


def reason(error: BaseException) -> str:
    """Return the first sentence-like part of an error's text; of an error without a text, its kind."""
    text = str(error).strip()
    return text.splitlines()[0][:500] if text else type(error).__name__

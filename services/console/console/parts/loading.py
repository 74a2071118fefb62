"""Content that comes from a service: the page appears at once, the content when the service has answered."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from nicegui import background_tasks, ui

from console.clients.calls import ServiceError, reason
from console.parts import pieces

REDRAW_SECONDS = 60.0
RETRY_SECONDS = (4.0, 8.0, 16.0, 60.0)
"""Between the tries after an error, where the content is not loaded again anyway. The last one is repeated."""
FIRST_SECONDS = 0.06
"""How long a page waits for its content before it is sent with placeholders. What comes later waits for the browser's
socket, which takes longer than most answers."""
logger = logging.getLogger(__name__)


class Box(ui.element):
    """The place of content that comes from a service."""

    first: asyncio.Task[None]
    """The first load."""


class Loaded[T]:
    """A part of a page that shows what `load` returns, an error of the service, or that it is loading."""

    def __init__(
        self,
        load: Callable[[], Awaitable[T]],
        show: Callable[[T], None],
        *,
        every: float = 0,
        lines: int = 3,
        retry: bool = True,
    ) -> None:
        """Begin to load.

        With `every`, load again after this number of seconds, and show again if the value has changed, or after
        REDRAW_SECONDS: it may have words like "5 min ago". Without it, load again after an error only; without `retry`,
        only when the user wants it: a load that signs in somewhere could lock the account. `lines` is the height of the
        placeholder.
        """
        self._load, self._show = load, show
        self._shown: T | ServiceError | None = None
        self._drawn = float("-inf")
        self._busy = False
        self._retries = retry and not every
        self._failures = 0
        self.box = Box("div").classes("loaded").props('aria-live="polite" aria-busy="true"')
        with self.box:
            for _ in range(lines):
                ui.element("div").classes("skeleton")
        self.box.first = background_tasks.create(self.refresh())
        if every:
            ui.timer(every, self.refresh, immediate=False)

    async def refresh(self) -> None:
        """Load again, and show the value if it differs from the one that is shown."""
        if self._busy:
            return
        self._busy = True
        try:
            await self._loaded()
        finally:
            self._busy = False
        if self._failures and self._retries:
            background_tasks.create(self._again(self._failures))

    async def _again(self, failures: int) -> None:
        """Load again after an error, unless that has happened meanwhile."""
        await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS)) - 1])
        if failures == self._failures and not self.box.is_deleted:
            await self.refresh()

    async def _loaded(self) -> None:
        found: T | ServiceError
        try:
            found = await self._load()
        except ServiceError as problem:
            found = problem
        except Exception as error:
            found = unexpected(error)
        self._failures = self._failures + 1 if isinstance(found, ServiceError) else 0
        recent = time.monotonic() - self._drawn < REDRAW_SECONDS
        if self.box.is_deleted or (recent and _same(found, self._shown)):
            return
        self._shown, self._drawn = found, time.monotonic()
        self.box.clear()
        self.box.props(remove="aria-busy")
        with self.box:
            if isinstance(found, ServiceError):
                pieces.error(found, self.refresh)
                return
            try:
                self._show(found)
            except Exception as error:
                self.box.clear()
                pieces.error(unexpected(error), self.refresh)


async def first_content() -> None:
    """Wait until the content of this page is there, but only FIRST_SECONDS."""
    loads = [each.first for each in ui.context.client.elements.values() if isinstance(each, Box)]
    if loads:
        await asyncio.wait(loads, timeout=FIRST_SECONDS)


def unexpected(error: Exception) -> ServiceError:
    """Log an error that no service reported, and return it as an error that a page shows."""
    logger.error("a part of a page failed", exc_info=error)
    return ServiceError("Console", f"unexpected error, {type(error).__name__}: {reason(error)}", "make logs s=console")


def _same(found: object, shown: object) -> bool:
    if isinstance(found, ServiceError) and isinstance(shown, ServiceError):
        return str(found) == str(shown)
    return shown is not None and found == shown


def loaded[T](
    load: Callable[[], Awaitable[T]],
    show: Callable[[T], None],
    *,
    every: float = 0,
    lines: int = 3,
    retry: bool = True,
) -> Loaded[T]:
    """Show what `load` returns when it is there; see Loaded."""
    return Loaded(load, show, every=every, lines=lines, retry=retry)

"""Limits how many connector commands run for clients at the same time. Each command is a process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from airbyte_lite.problem import busy

MOST_WAITING = 16
"""Requests that wait for a slot. Each one keeps a thread."""
WAIT_SECONDS = 10.0


class Slots:
    """A number of slots. Whoever takes one waits up to WAIT_SECONDS for it; at most MOST_WAITING wait."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._taken = 0
        self._waiting = 0
        self._changed = threading.Condition()

    @contextmanager
    def take(self, gone: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Hold a slot. Raises a 503 Problem if none becomes free; waits no longer when `gone` and `wake` say so."""
        with self._changed:
            if self._taken >= self._count or self._waiting:
                self._wait(gone)
            self._taken += 1
        try:
            yield
        finally:
            with self._changed:
                self._taken -= 1
                self._changed.notify_all()

    def wake(self) -> None:
        """Make every waiting caller ask `gone` again."""
        with self._changed:
            self._changed.notify_all()

    def _wait(self, gone: Callable[[], bool]) -> None:
        if self._waiting < MOST_WAITING:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._taken < self._count or gone(), WAIT_SECONDS)
            finally:
                self._waiting -= 1
            if self._taken < self._count and not gone():
                return
        raise busy(
            f"{self._count} commands of connectors run already (check_connection, discover_schema, or the discovery "
            "for streams and connections), and no more are started. Wait for Retry-After seconds and send the request "
            "again. To allow more, set AIRBYTE_LITE_COMMANDS."
        )

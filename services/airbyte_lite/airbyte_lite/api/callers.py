"""The client of the present request, so that a connector's command can end when its client has gone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar


class Caller:
    """The client of one request."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone = False
        self._callbacks: list[Callable[[], object]] = []

    @property
    def gone(self) -> bool:
        """Whether the client has closed its connection."""
        return self._gone

    def when_gone(self, callback: Callable[[], object]) -> None:
        """Call `callback`, which must return at once, when the client closes its connection, or now if it has."""
        with self._lock:
            if not self._gone:
                self._callbacks.append(callback)
                return
        callback()

    def leave(self) -> None:
        """Note that the client has closed its connection."""
        with self._lock:
            self._gone, callbacks, self._callbacks = True, self._callbacks, []
        for callback in callbacks:
            callback()


CALLER: ContextVar[Caller] = ContextVar("CALLER")
"""Set for each request by `api.requests.RequestReader`; the threads of the endpoints get it with their context."""

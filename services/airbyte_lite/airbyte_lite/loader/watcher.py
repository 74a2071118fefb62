"""Stops the connector and the load when a sync is cancelled or a batch cannot be loaded."""

from __future__ import annotations

import threading

from airbyte_lite.loader.background import Background
from airbyte_lite.loader.sync import Source

_WATCH_S = 0.1  # longest time between a cancellation or a failed load and the stop of the connector


class Watcher:
    """A thread that sets `halt` and stops the connector after a cancellation or a failed load."""

    def __init__(
        self, source: Source, cancelled: threading.Event, halt: threading.Event, background: Background
    ) -> None:
        self.reading = True
        self._done = threading.Event()
        self._thread = threading.Thread(
            target=self._watch, args=(source, cancelled, halt, background), name="watch", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop the thread and wait for its end."""
        self._done.set()
        self._thread.join()

    def _watch(self, source: Source, cancelled: threading.Event, halt: threading.Event, background: Background) -> None:
        while not self._done.wait(_WATCH_S):
            if cancelled.is_set() or background.failed.is_set():
                halt.set()
                if self.reading:
                    source.stop()
                return

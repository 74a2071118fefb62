"""Keeps the database small: removes old jobs and deleted records at the start and every hour."""

from __future__ import annotations

import logging
import threading
import time

from airbyte_lite.state.database import Database
from airbyte_lite.state.retention import Retention, prune

INTERVAL = 3600.0  # seconds
CLOSE_SECONDS = 3.0

log = logging.getLogger("airbyte_lite")


class Pruner:
    """A thread that removes what the settings do not keep."""

    def __init__(self, database: Database, retention: Retention) -> None:
        self._database = database
        self._retention = retention
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pruner", daemon=True)

    def open(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Start no other turn; wait a few seconds for the end of the current one."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            try:
                removed = prune(self._database, self._retention, time.time())
                self._database.compact()
                if removed:
                    log.info("removed %d old jobs with their logs", removed)
            except Exception as error:  # for example a full disk; the next turn tries again
                if not self._closing.is_set():
                    log.error("old jobs could not be removed: %s: %s", type(error).__name__, error)
            if self._closing.wait(INTERVAL):
                return

"""Limits the size of the database: removes old jobs and deleted records at the start and every hour.

AIRBYTE_LITE_KEEP_DAYS and AIRBYTE_LITE_KEEP_JOBS set what is kept.
"""

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
    """A thread that prunes the database every hour."""

    def __init__(self, database: Database, retention: Retention) -> None:
        self._database = database
        self._retention = retention
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pruner", daemon=True)

    def open(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Stop the thread; waits up to 3 s for its end."""
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
            except Exception as error:  # for example a full disk
                if not self._closing.is_set():
                    log.error("could not remove old jobs, trying again in an hour: %s: %s", type(error).__name__, error)
            if self._closing.wait(INTERVAL):
                return

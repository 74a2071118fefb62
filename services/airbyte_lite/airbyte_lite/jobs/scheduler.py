"""Starts the syncs of connections that have a cron schedule."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from airbyte_lite.jobs.cron import CronError, next_time
from airbyte_lite.problem import Problem
from airbyte_lite.state.records import Connection

# Seconds. The scheduler looks at the time of day at least this often: the clock that measures a wait stops while the
# machine sleeps, and somebody may set the time of day.
LONGEST_WAIT = 60.0
CLOSE_SECONDS = 3.0

log = logging.getLogger("airbyte_lite")


@dataclass(frozen=True)
class Due:
    """A connection and the time of its next sync in seconds since 1970; infinity if there is no next sync."""

    connection: Connection
    time: float


class Clock:
    """The time of day, and waiting. Tests replace it."""

    def time(self) -> float:
        """Return the time of day in seconds since 1970."""
        return time.time()

    def wait(self, condition: threading.Condition, until: Callable[[], bool], seconds: float | None) -> None:
        """Wait until `until` returns True, at most `seconds`; None means no limit. The caller holds the condition."""
        condition.wait_for(until, seconds)


class Scheduler:
    """Starts due syncs in one thread, which sleeps until the next due time or the next change of a connection."""

    def __init__(
        self,
        scheduled: Callable[[], Iterable[Connection]],
        start_sync: Callable[[Connection], object],
        clock: Clock | None = None,
    ) -> None:
        self._scheduled = scheduled
        self._start_sync = start_sync
        self._clock = clock or Clock()
        self._wake = threading.Condition()
        self._changed = True
        self._closing = False
        self._unread = False
        self._due: dict[str, Due] = {}
        self._latest = 0.0  # the latest time of day seen since the clock was last set back
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def open(self) -> None:
        """Start the thread. Syncs that were due before are not started."""
        self._thread.start()

    def changed(self) -> None:
        """Make the thread read the schedules again."""
        with self._wake:
            self._changed = True
            self._wake.notify()

    def close(self) -> None:
        """Stop the thread. No sync is started afterwards."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            with self._wake:
                self._clock.wait(self._wake, lambda: self._closing or self._changed, self._seconds())
                if self._closing:
                    return
                changed, self._changed = self._changed, False
            try:
                if changed or self._unread:
                    self._read()
                self._start_due()
            except Exception as error:  # a full disk, for example
                log.error("could not read the schedules or start a due sync: %s: %s", type(error).__name__, error)

    def _seconds(self) -> float | None:
        """Return how many seconds to sleep; None if no sync is scheduled."""
        if self._unread:
            return LONGEST_WAIT  # also if a sync is due: its connection may have been deleted
        if not self._due:
            return None
        return min(LONGEST_WAIT, max(0.0, min(due.time for due in self._due.values()) - self._clock.time()))

    def _read(self) -> None:
        """Read the schedules. A connection with an unchanged schedule keeps its due time, even if that is now."""
        self._unread = True  # reset at the end: after an exception, the next turn reads them again
        before = self._due
        planned: dict[str, Due] = {}
        for connection in self._scheduled():
            known = before.get(connection.id)
            if known is not None and known.connection.cron == connection.cron:
                planned[connection.id] = Due(connection, known.time)
            else:
                self._plan(planned, connection)
        self._due = planned
        self._unread = False

    def _start_due(self) -> None:
        now = self._clock.time()
        self._notice_clock(now)
        for due in [due for due in self._due.values() if due.time <= now]:
            self._plan(self._due, due.connection)  # before the start, so that a failed start does not stop the schedule
            try:
                self._start_sync(due.connection)
            except Problem as problem:
                log.info("connection %s: scheduled sync not started: %s", due.connection.id, problem.message)

    def _notice_clock(self, now: float) -> None:
        """Plan every schedule again if the time of day was set back: the due times came from a clock that was ahead."""
        # Not after a correction of less than a minute: a sync that has just started would be due again.
        if now >= self._latest - LONGEST_WAIT:
            self._latest = max(self._latest, now)
            return
        log.info("the clock was set back by %.0f seconds: planning all schedules again", self._latest - now)
        for due in [*self._due.values()]:
            self._plan(self._due, due.connection)
        self._latest = now

    def _plan(self, planned: dict[str, Due], connection: Connection) -> None:
        """Set the next due time of the connection."""
        planned.pop(connection.id, None)
        try:
            at = next_time(connection.cron or "", self._clock.time())
        except CronError as error:
            log.error("connection %s: invalid cron expression %r: %s", connection.id, connection.cron, error)
            return
        # A schedule without a next time stays in the plan: the clock may be ahead and be set back later.
        planned[connection.id] = Due(connection, math.inf if at is None else at)

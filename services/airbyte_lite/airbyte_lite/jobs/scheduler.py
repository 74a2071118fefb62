"""Starts the syncs of connections with a cron schedule, at their times."""

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

# A wait is measured by a clock that stands still while the machine sleeps, and the time of day can be set.
LONGEST_WAIT = 60.0
CLOSE_SECONDS = 3.0

log = logging.getLogger("airbyte_lite")


@dataclass(frozen=True)
class Due:
    """A connection and when it is to be synced next, in infinity where never (again)."""

    connection: Connection
    time: float


class Clock:
    """The time of day, and waiting for it."""

    def time(self) -> float:
        """Return the time of day in seconds since 1970."""
        return time.time()

    def wait(self, condition: threading.Condition, until: Callable[[], bool], seconds: float | None) -> None:
        """Wait on a condition that is held until the function returns True, or for these seconds."""
        condition.wait_for(until, seconds)


class Scheduler:
    """One thread that sleeps until the next sync is due, or until a connection is changed."""

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
        self._latest = 0.0  # the latest time of day that was seen, since it was last set back
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def open(self) -> None:
        """Begin; what came due before is not made up for."""
        self._thread.start()

    def changed(self) -> None:
        """Take over the schedules as they are now."""
        with self._wake:
            self._changed = True
            self._wake.notify()

    def close(self) -> None:
        """Start no more syncs."""
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
                log.error("the scheduler could not do its work: %s: %s", type(error).__name__, error)

    def _seconds(self) -> float | None:
        """Return how long to sleep, None where nothing is scheduled."""
        if self._unread:
            return LONGEST_WAIT  # also where something is due: it may have been deleted since
        if not self._due:
            return None
        return min(LONGEST_WAIT, max(0.0, min(due.time for due in self._due.values()) - self._clock.time()))

    def _read(self) -> None:
        """Take over the schedules; one that did not change keeps its time, which may be this very moment."""
        self._unread = True  # until the end, so that what fails is tried again
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
            self._plan(self._due, due.connection)  # first: whatever happens to this sync, the next one is at its time
            try:
                self._start_sync(due.connection)
            except Problem as problem:
                log.info("connection %s: not synced at its time: %s", due.connection.id, problem.message)

    def _notice_clock(self, now: float) -> None:
        """Plan everything anew if the time of day was set back: the times are those of a clock that was ahead."""
        # Not for a small correction, after which what was just started would be due again; no schedule is
        # for more than once a minute.
        if now >= self._latest - LONGEST_WAIT:
            self._latest = max(self._latest, now)
            return
        log.info("the time of day was set back by %.0f seconds: all schedules are planned anew", self._latest - now)
        for due in [*self._due.values()]:
            self._plan(self._due, due.connection)
        self._latest = now

    def _plan(self, planned: dict[str, Due], connection: Connection) -> None:
        """Note when the connection is due next."""
        planned.pop(connection.id, None)
        try:
            at = next_time(connection.cron or "", self._clock.time())
        except CronError as error:
            log.error("connection %s: its cron expression %s", connection.id, error)
            return
        # One that is over is kept: it may be over only because the clock is ahead.
        planned[connection.id] = Due(connection, math.inf if at is None else at)

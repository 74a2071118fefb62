"""When the scheduler starts syncs."""

import datetime
import queue
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from airbyte_lite.jobs.scheduler import LONGEST_WAIT, Scheduler
from airbyte_lite.problem import conflict
from airbyte_lite.state.records import Connection

CONNECTION = Connection("c1", "w", "orders", "s1", "d1", [], 1.0)
PATIENCE = 30.0
DAY = 86400.0
YEAR = 366 * DAY


def due_in(seconds: float) -> str:
    """A cron expression for one second of the day."""
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return at.strftime("%-S %-M %-H * * ?")


class Clock:
    """The time of day, which can be set."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._now = time.time

    def time(self) -> float:
        return self._now() + self.ahead


class Server:
    """What the scheduler works with: scheduled connections, and syncs that can be started or not."""

    def __init__(self) -> None:
        self.connections: dict[str, Connection] = {}
        self.started: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
        self.failures: list[Exception] = []
        self.unreadable: list[Exception] = []
        self.scheduler = Scheduler(self.scheduled, self.start)

    def scheduled(self) -> list[Connection]:
        if self.unreadable:
            raise self.unreadable.pop()
        return [*self.connections.values()]

    def start(self, connection: Connection) -> None:
        self.started.put((connection.id, time.time()))
        if self.failures:
            raise self.failures.pop()

    def schedule(self, identifier: str, expression: str) -> None:
        self.connections[identifier] = replace(CONNECTION, id=identifier, cron=expression)
        self.scheduler.changed()

    def next_start(self) -> str:
        return self.started.get(timeout=PATIENCE)[0]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("airbyte_lite.jobs.scheduler.time.time", clock.time)
    return clock


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.scheduler.open()
    yield server
    server.scheduler.close()


def test_each_connection_is_synced_at_its_time(server: Server) -> None:
    begin = time.time()
    server.schedule("later", due_in(5))
    server.schedule("sooner", due_in(3))
    (first, first_time), (second, second_time) = (server.started.get(timeout=PATIENCE) for _ in range(2))
    assert (first, second) == ("sooner", "later")
    assert first_time >= int(begin + 3)
    assert second_time >= int(begin + 5)
    assert server.started.empty()  # once each


def test_a_changed_schedule_takes_the_place_of_the_old_one(server: Server) -> None:
    server.schedule("c1", due_in(3))
    server.schedule("c2", due_in(3600))
    server.schedule("c1", due_in(7200))
    server.schedule("c2", due_in(5))
    assert server.next_start() == "c2"
    assert server.started.empty()


def test_a_connection_that_is_no_longer_scheduled_is_not_synced(server: Server) -> None:
    server.schedule("inactive", due_in(3))
    server.schedule("active", due_in(5))
    del server.connections["inactive"]
    server.scheduler.changed()
    assert server.next_start() == "active"
    assert server.started.empty()


@pytest.mark.parametrize(
    ("failure", "told"),
    [(conflict("A sync is already running."), ("INFO", "busy: not synced")), (OSError("disk"), ("ERROR", "OSError"))],
)
def test_a_sync_that_cannot_be_started_is_left_out(
    server: Server, caplog: pytest.LogCaptureFixture, failure: Exception, told: tuple[str, str]
) -> None:
    caplog.set_level("INFO", "airbyte_lite")
    server.failures.append(failure)
    server.schedule("busy", due_in(3))
    assert server.next_start() == "busy"
    server.schedule("next", due_in(3))
    assert server.next_start() == "next"
    assert server.started.empty()
    [record] = caplog.records
    assert record.levelname == told[0]
    assert told[1] in record.getMessage()


def test_a_connection_that_is_saved_at_its_very_time_is_synced(clock: Clock) -> None:
    server = Server()
    server.schedule("c1", due_in(5))
    server.scheduler._read()
    clock.ahead = 60
    server.scheduler._read()
    server.scheduler._start_due()
    assert server.next_start() == "c1"


def test_nothing_is_started_after_the_end() -> None:
    server = Server()
    server.scheduler.open()
    server.schedule("c1", due_in(3))
    server.scheduler.close()
    with pytest.raises(queue.Empty):
        server.started.get(timeout=4)


def test_it_sleeps_until_something_is_due() -> None:
    server = Server()
    assert server.scheduler._seconds() is None
    server.schedule("c1", due_in(30))
    server.scheduler._read()
    seconds = server.scheduler._seconds()
    assert seconds is not None
    assert 20 < seconds <= 30


def test_schedules_that_could_not_be_read_are_read_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("airbyte_lite.jobs.scheduler.LONGEST_WAIT", 0.1)
    server = Server()
    server.unreadable.append(OSError("no file descriptors"))
    server.schedule("c1", due_in(5))
    server.scheduler.open()
    try:
        assert server.next_start() == "c1"
    finally:
        server.scheduler.close()
    [record] = caplog.records
    assert "no file descriptors" in record.getMessage()


def test_a_schedule_that_could_not_be_planned_is_planned_later(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    server = Server()
    server.schedule("c1", due_in(30))
    with monkeypatch.context() as patch:
        patch.setattr("airbyte_lite.jobs.scheduler.next_time", None)  # as where its library cannot be loaded
        with pytest.raises(TypeError):
            server.scheduler._read()
    assert server.scheduler._seconds() == LONGEST_WAIT
    server.scheduler._read()
    clock.ahead = 60
    server.scheduler._start_due()
    assert server.next_start() == "c1"


def test_nothing_is_forgotten_while_schedules_cannot_be_read(clock: Clock) -> None:
    server = Server()
    server.schedule("c1", due_in(30))
    server.scheduler._read()
    clock.ahead = 60
    server.unreadable.append(OSError("no file descriptors"))
    with pytest.raises(OSError, match="descriptors"):
        server.scheduler._read()
    assert server.scheduler._seconds() == LONGEST_WAIT  # not at once, although c1 is due
    server.scheduler._read()
    server.scheduler._start_due()
    assert server.next_start() == "c1"


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize("over", [False, True])  # is the schedule over, for a clock that is ahead
def test_schedules_are_planned_anew_when_the_clock_is_set_back(clock: Clock, over: bool, saved: bool) -> None:
    server = Server()
    year = datetime.datetime.now(datetime.UTC).year
    expression, ahead, later = (
        (f"0 0 0 1 1 ? {year + 2}", 4 * YEAR, 3 * YEAR) if over else (due_in(600), 2 * DAY, 700.0)
    )
    clock.ahead = ahead
    server.schedule("c1", expression)
    server.scheduler._read()
    server.scheduler._start_due()
    assert server.scheduler._seconds() == LONGEST_WAIT  # it looks at the clock again
    clock.ahead = 0.0
    if saved:
        server.scheduler._read()
    server.scheduler._start_due()
    assert server.started.empty()
    clock.ahead = later
    server.scheduler._start_due()
    assert server.next_start() == "c1"
    assert server.started.empty()


def test_nothing_is_started_twice_when_the_clock_is_corrected(clock: Clock) -> None:
    server = Server()
    server.schedule("c1", due_in(30))
    server.scheduler._read()
    for clock.ahead in (31.0, 10.0, 32.0):
        server.scheduler._start_due()
    assert server.next_start() == "c1"
    assert server.started.empty()

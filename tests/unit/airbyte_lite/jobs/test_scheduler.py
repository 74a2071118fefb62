"""When the scheduler starts syncs."""

import datetime
import math
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from airbyte_lite.jobs.scheduler import LONGEST_WAIT, Clock, Scheduler
from airbyte_lite.problem import conflict
from airbyte_lite.state.records import Connection

CONNECTION = Connection("c1", "w", "orders", "s1", "d1", [], 1.0)
PATIENCE = 30.0
DAY = 86400.0
YEAR = 366 * DAY
BEGIN = datetime.datetime(2026, 3, 14, 12, tzinfo=datetime.UTC)


def due_in(seconds: float) -> str:
    """A cron expression for one second of the day, counted from the start of the fake clock."""
    return (BEGIN + datetime.timedelta(seconds=seconds)).strftime("%-S %-M %-H * * ?")


class FakeClock(Clock):
    """A time of day that tests set, and that knows whether the scheduler sleeps."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._awake: Callable[[], bool] = lambda: True

    def time(self) -> float:
        return BEGIN.timestamp() + self.ahead

    def wait(self, condition: threading.Condition, until: Callable[[], bool], seconds: float | None) -> None:
        end = self.time() + (math.inf if seconds is None else seconds)
        self._awake = lambda: until() or self.time() >= end
        condition.notify_all()
        condition.wait_for(self._awake)
        self._awake = lambda: True

    def asleep(self) -> bool:
        return not self._awake()


class Server:
    """The functions that the scheduler calls: scheduled connections, and syncs whose start may fail."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.connections: dict[str, Connection] = {}
        self.started: list[str] = []
        self.failures: list[Exception] = []
        self.unreadable: list[Exception] = []
        self.scheduler = Scheduler(self.scheduled, self.start, clock)

    def scheduled(self) -> list[Connection]:
        if self.unreadable:
            raise self.unreadable.pop()
        return [*self.connections.values()]

    def start(self, connection: Connection) -> None:
        self.started.append(connection.id)
        if self.failures:
            raise self.failures.pop()

    def schedule(self, identifier: str, expression: str) -> None:
        self.connections[identifier] = replace(CONNECTION, id=identifier, cron=expression)
        self.scheduler.changed()

    def wait_until_asleep(self) -> None:
        wake = self.scheduler._wake
        with wake:
            assert wake.wait_for(self.clock.asleep, PATIENCE)

    def at(self, seconds: float) -> list[str]:
        """Set the clock to these seconds after its beginning; return what the scheduler has started so far."""
        self.wait_until_asleep()
        with self.scheduler._wake:
            self.clock.ahead = seconds
            self.scheduler._wake.notify_all()
        self.wait_until_asleep()
        return self.started


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def idle(clock: FakeClock) -> Server:
    """A scheduler whose thread does not run."""
    return Server(clock)


@pytest.fixture
def server(clock: FakeClock) -> Iterator[Server]:
    server = Server(clock)
    server.scheduler.open()
    yield server
    server.scheduler.close()
    assert not server.scheduler._thread.is_alive()


def test_each_connection_is_synced_at_its_time(server: Server) -> None:
    server.schedule("later", due_in(5))
    server.schedule("sooner", due_in(3))
    assert server.at(2.9) == []
    assert server.at(3) == ["sooner"]
    assert server.at(4.9) == ["sooner"]
    assert server.at(5) == ["sooner", "later"]
    assert server.at(DAY) == ["sooner", "later"]  # once each
    assert server.at(DAY + 5) == ["sooner", "later"] * 2


def test_the_real_clock_wakes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the real clock, a sync that is due at once is started."""
    started: queue.SimpleQueue[str] = queue.SimpleQueue()
    monkeypatch.setattr("airbyte_lite.jobs.scheduler.next_time", lambda _, after: after + 0.05)
    due = replace(CONNECTION, cron="* * * * * ?")
    scheduler = Scheduler(lambda: [due], lambda connection: started.put(connection.id))
    scheduler.open()
    try:
        assert [started.get(timeout=PATIENCE) for _ in range(2)] == ["c1", "c1"]
    finally:
        scheduler.close()


def test_a_changed_schedule_takes_the_place_of_the_old_one(server: Server) -> None:
    server.schedule("c1", due_in(3))
    server.schedule("c2", due_in(3600))
    server.schedule("c1", due_in(7200))
    server.schedule("c2", due_in(5))
    assert server.at(5) == ["c2"]
    assert server.at(3600) == ["c2"]
    assert server.at(7200) == ["c2", "c1"]


def test_a_connection_that_is_no_longer_scheduled_is_not_synced(server: Server) -> None:
    server.schedule("inactive", due_in(3))
    server.schedule("active", due_in(5))
    server.wait_until_asleep()
    del server.connections["inactive"]
    server.scheduler.changed()
    assert server.at(5) == ["active"]


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (conflict("A sync is already running."), ("INFO", "busy: scheduled sync not started")),
        (OSError("disk"), ("ERROR", "OSError")),
    ],
)
def test_a_sync_that_cannot_be_started_is_left_out(
    server: Server, caplog: pytest.LogCaptureFixture, failure: Exception, told: tuple[str, str]
) -> None:
    caplog.set_level("INFO", "airbyte_lite")
    server.failures.append(failure)
    server.schedule("busy", due_in(3))
    assert server.at(3) == ["busy"]
    server.schedule("next", due_in(6))
    assert server.at(6) == ["busy", "next"]
    [record] = caplog.records
    assert record.levelname == told[0]
    assert told[1] in record.getMessage()


def test_a_connection_that_is_saved_at_its_very_time_is_synced(idle: Server, clock: FakeClock) -> None:
    idle.schedule("c1", due_in(5))
    idle.scheduler._read()
    clock.ahead = 60
    idle.scheduler._read()
    idle.scheduler._start_due()
    assert idle.started == ["c1"]


def test_nothing_is_started_after_the_end(server: Server, clock: FakeClock) -> None:
    server.schedule("c1", due_in(3))
    server.wait_until_asleep()
    with server.scheduler._wake:  # it comes due, and the server ends before the thread sees it
        clock.ahead = 4
        server.scheduler._closing = True
    server.scheduler.close()
    assert server.started == []


def test_what_came_due_before_the_start_is_not_made_up_for(idle: Server, clock: FakeClock) -> None:
    idle.schedule("c1", due_in(5))
    clock.ahead = 60
    idle.scheduler._read()
    idle.scheduler._start_due()
    assert idle.started == []
    clock.ahead = DAY + 5
    idle.scheduler._start_due()
    assert idle.started == ["c1"]


def test_it_sleeps_until_something_is_due(idle: Server) -> None:
    assert idle.scheduler._seconds() is None
    idle.schedule("c1", due_in(30))
    idle.scheduler._read()
    assert idle.scheduler._seconds() == 30


def test_schedules_that_could_not_be_read_are_read_again(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    server.wait_until_asleep()
    server.unreadable.append(OSError("no file descriptors"))
    server.schedule("c1", due_in(LONGEST_WAIT + 5))
    assert server.at(LONGEST_WAIT - 1) == []
    assert server.at(LONGEST_WAIT) == []
    assert server.at(LONGEST_WAIT + 5) == ["c1"]
    [record] = caplog.records
    assert "no file descriptors" in record.getMessage()


def test_a_schedule_that_could_not_be_planned_is_planned_later(
    idle: Server, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle.schedule("c1", due_in(30))
    with monkeypatch.context() as patch:
        patch.setattr("airbyte_lite.jobs.scheduler.next_time", None)  # as when its library cannot be loaded
        with pytest.raises(TypeError):
            idle.scheduler._read()
    assert idle.scheduler._seconds() == LONGEST_WAIT
    idle.scheduler._read()
    clock.ahead = 60
    idle.scheduler._start_due()
    assert idle.started == ["c1"]


def test_nothing_is_forgotten_while_schedules_cannot_be_read(idle: Server, clock: FakeClock) -> None:
    idle.schedule("c1", due_in(30))
    idle.scheduler._read()
    clock.ahead = 60
    idle.unreadable.append(OSError("no file descriptors"))
    with pytest.raises(OSError, match="descriptors"):
        idle.scheduler._read()
    assert idle.scheduler._seconds() == LONGEST_WAIT  # not at once, although c1 is due
    idle.scheduler._read()
    idle.scheduler._start_due()
    assert idle.started == ["c1"]


@pytest.mark.parametrize("saved", [False, True])
@pytest.mark.parametrize("over", [False, True])  # is the schedule over, for a clock that is ahead
def test_schedules_are_planned_anew_when_the_clock_is_set_back(
    idle: Server, clock: FakeClock, over: bool, saved: bool
) -> None:
    expression, ahead, later = (
        (f"0 0 0 1 1 ? {BEGIN.year + 2}", 4 * YEAR, 3 * YEAR) if over else (due_in(600), 2 * DAY, 700.0)
    )
    clock.ahead = ahead
    idle.schedule("c1", expression)
    idle.scheduler._read()
    idle.scheduler._start_due()
    assert idle.scheduler._seconds() == LONGEST_WAIT  # it looks at the clock again
    clock.ahead = 0.0
    if saved:
        idle.scheduler._read()
    idle.scheduler._start_due()
    assert idle.started == []
    clock.ahead = later
    idle.scheduler._start_due()
    assert idle.started == ["c1"]


def test_nothing_is_started_twice_when_the_clock_is_corrected(idle: Server, clock: FakeClock) -> None:
    idle.schedule("c1", due_in(30))
    idle.scheduler._read()
    for clock.ahead in (31.0, 10.0, 32.0):
        idle.scheduler._start_due()
    assert idle.started == ["c1"]

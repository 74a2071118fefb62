import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.jobs.log import ERRORS_KEPT, LINE_CHARACTERS, LINES_KEPT, JobLog
from airbyte_lite.jobs.queue import QUIET_AT_ONCE, Jobs
from airbyte_lite.loader.errors import SyncCancelled, SyncError
from airbyte_lite.problem import Problem, not_found
from airbyte_lite.state.database import Database
from airbyte_lite.state.jobstore import JobStore
from airbyte_lite.state.records import Connection, Job
from airbyte_lite.sync.task import Task


def connection(number: int) -> Connection:
    return Connection(f"c{number}", "w1", "name", "s1", "t1", [], 0.0)


class Work:
    """Jobs that run until they are released or stopped."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.order: list[int] = []
        self.error: Exception | None = None

    def __call__(self, task: Task) -> None:
        task.log.hide({"hunter2-secret"})
        self.order.append(task.job.id)
        task.log.progress.records, task.log.progress.bytes = 3, 30
        while not self.go.wait(0.01):
            task.check()
        if self.error is not None:
            raise self.error


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    database = Database(tmp_path)
    yield JobStore(database)
    database.close()


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def jobs(store: JobStore, work: Work) -> Iterator[Jobs]:
    jobs = Jobs(store, work, running_at_once=2)
    yield jobs
    jobs.close()


@pytest.fixture
def ended(jobs: Jobs) -> Callable[[Job], Job]:
    def wait(job: Job) -> Job:
        deadline = time.monotonic() + 60
        while not (now := jobs.get(job.id)).ended:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return now

    return wait


def test_job_runs_and_succeeds(jobs: Jobs, work: Work, ended: Callable[[Job], Job]) -> None:
    job = jobs.start(connection(1), "sync")
    assert job.status == "running"
    work.go.set()
    job = ended(job)
    assert (job.status, job.records, job.bytes, job.failure) == ("succeeded", 3, 30, None)
    assert "The job succeeded: 3 records, 30 bytes." in jobs.log(job.id)[-1]


def test_progress_is_seen_while_it_runs(jobs: Jobs, work: Work) -> None:
    job = jobs.start(connection(1), "sync")
    while not work.order:
        time.sleep(0.01)
    time.sleep(0.05)
    assert jobs.get(job.id).records == 3


def test_jobs_wait_in_order_for_their_turn(jobs: Jobs, work: Work, ended: Callable[[Job], Job]) -> None:
    started = [jobs.start(connection(number), "sync") for number in range(5)]
    assert [job.status for job in started] == ["running", "running", "pending", "pending", "pending"]
    work.go.set()
    assert {ended(job).status for job in started} == {"succeeded"}
    assert work.order[2:] == [job.id for job in started[2:]]


def test_jobs_that_wait_for_their_source_do_not_stop_the_others(jobs: Jobs, work: Work, store: JobStore) -> None:
    hung = [jobs.start(connection(number), "sync") for number in range(2)]
    waiting = jobs.start(connection(2), "sync")
    assert waiting.status == "pending"
    task = jobs._tasks[hung[0].id]
    task.on_quiet(task, True)
    assert jobs.get(waiting.id).status == "running"
    task.on_quiet(task, False)
    assert jobs.start(connection(3), "sync").status == "pending", "three run already"


def test_number_of_quiet_jobs_is_limited(jobs: Jobs) -> None:
    for number in range(2 + QUIET_AT_ONCE):
        job = jobs.start(connection(number), "sync")
        assert job.status == "running", number
        task = jobs._tasks[job.id]
        task.on_quiet(task, True)
    assert jobs.start(connection(99), "sync").status == "pending"


def test_second_job_of_a_connection_is_refused(jobs: Jobs) -> None:
    jobs.start(connection(1), "sync")
    with pytest.raises(Problem, match="already running"):
        jobs.start(connection(1), "reset")


def test_running_job_is_cancelled(jobs: Jobs) -> None:
    job = jobs.start(connection(1), "sync")
    job = jobs.cancel(job.id)
    assert (job.status, job.failure) == ("cancelled", None)
    assert "all other streams are unchanged" in jobs.log(job.id)[-1]
    assert jobs.cancel(job.id).status == "cancelled"
    assert jobs.start(connection(1), "sync").status == "running"


def test_waiting_job_is_cancelled_before_it_starts(jobs: Jobs, work: Work, ended: Callable[[Job], Job]) -> None:
    for number in range(2):
        jobs.start(connection(number), "sync")
    waiting = jobs.start(connection(2), "sync")
    assert jobs.cancel(waiting.id).status == "cancelled"
    last = jobs.start(connection(3), "sync")
    work.go.set()
    assert ended(last).status == "succeeded"
    assert waiting.id not in work.order


@pytest.mark.parametrize(
    ("error", "failure", "failure_type"),
    [
        (SyncError("bad file", "config_error"), "bad file", "config_error"),
        (ConnectorError("no bucket", "trace", "config_error"), "no bucket", "config_error"),
        (RuntimeError("bug"), "Unexpected error: RuntimeError: bug. The job's log has the details.", "system_error"),
        (SyncError("key hunter2-secret is wrong"), "key ********** is wrong", "system_error"),
    ],
)
def test_failures(
    jobs: Jobs, work: Work, ended: Callable[[Job], Job], error: Exception, failure: str, failure_type: str
) -> None:
    work.error = error
    work.go.set()
    job = ended(jobs.start(connection(1), "sync"))
    assert (job.status, job.failure, job.failure_type) == ("failed", failure, failure_type)
    assert f"The job failed: {failure}" in jobs.log(job.id)[-1]
    assert "hunter2" not in "".join(jobs.log(job.id))


def test_what_breaks_while_a_job_is_stopped_is_a_cancellation(jobs: Jobs, work: Work) -> None:
    original = work.__class__.__call__

    def breaking(self: Work, task: Task) -> None:
        try:
            original(self, task)
        except SyncCancelled as error:
            raise ConnectorError("the connector was ended") from error

    jobs._work = breaking.__get__(work)
    job = jobs.start(connection(1), "sync")
    assert jobs.cancel(job.id).status == "cancelled"


def test_closing_fails_what_runs_and_what_waits(jobs: Jobs, store: JobStore) -> None:
    started = [jobs.start(connection(number), "sync") for number in range(3)]
    jobs.close()  # waits for no job: they would never end
    found = [store.get(job.id) for job in started]
    assert {job.status for job in found} == {"failed"}
    assert all("server stopped while the job was running" in str(job.failure) for job in found[:2])
    assert "server stopped before the job had started" in str(found[2].failure)


def test_log_is_bounded_but_keeps_errors(store: JobStore) -> None:
    job = store.create("c1", "w1", "sync")
    log = JobLog(store, job.id)
    for number in range(LINES_KEPT + 100):
        log("WARN", f"line {number}")
    log("ERROR", "the reason")
    log("INFO", "x" * 10_000)
    log.flush()
    lines = store.log(job.id)
    assert len(lines) == LINES_KEPT + 2
    assert f"limit of {LINES_KEPT} lines" in lines[-2]
    assert lines[-1].endswith("ERROR the reason")


def test_long_lines_are_cut(store: JobStore) -> None:
    job = store.create("c1", "w1", "sync")
    log = JobLog(store, job.id)
    log("INFO", "first" + "x" * 10_000 + "last")
    log.flush()
    [line] = store.log(job.id)
    assert " INFO firstxx" in line
    assert "xx… (10009 characters) …xx" in line
    assert line.endswith("xxlast")
    assert len(line) < LINE_CHARACTERS + 100


def test_errors_are_bounded_too_but_not_the_last_line(store: JobStore) -> None:
    job = store.create("c1", "w1", "sync")
    log = JobLog(store, job.id)
    for number in range(LINES_KEPT + 2 * ERRORS_KEPT):
        log("ERROR", f"line {number}")
    log.end("ERROR", "the reason")
    lines = store.log(job.id)
    assert len(lines) == LINES_KEPT + ERRORS_KEPT + 2
    assert f"limit of {LINES_KEPT} lines" in lines[-2]
    assert lines[-1].endswith("ERROR the reason")


def test_full_log_says_so_even_if_the_line_that_filled_it_was_an_error(store: JobStore) -> None:
    job = store.create("c1", "w1", "sync")
    log = JobLog(store, job.id)
    for number in range(LINES_KEPT):
        log("INFO", f"line {number}")
    log("ERROR", "an error")
    log("INFO", "not kept")
    log.flush()
    assert f"limit of {LINES_KEPT} lines" in store.log(job.id)[-1]


def test_job_that_was_cancelled_before_it_is_in_the_queue_does_not_run(
    jobs: Jobs, store: JobStore, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = store.create

    def cancelled_at_once(*arguments: str) -> Job:
        job = create(*arguments)
        jobs.cancel_of("c1")  # the connection is deleted in this moment
        return job

    monkeypatch.setattr(store, "create", cancelled_at_once)
    assert jobs.start(connection(1), "sync").status == "cancelled"
    monkeypatch.undo()
    assert jobs.start(connection(1), "sync").status == "running"
    work.go.set()
    assert len(work.order) <= 1


def test_job_that_cannot_be_started_has_failed(
    jobs: Jobs, work: Work, ended: Callable[[Job], Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_thread)
        started = [jobs.start(connection(number), "sync") for number in range(3)]
    assert {job.status for job in started} == {"failed"}
    assert "can't start new thread" in str(started[0].failure)
    work.go.set()
    assert ended(jobs.start(connection(1), "sync")).status == "succeeded"


def test_full_disk_does_not_keep_a_job_from_ending(
    jobs: Jobs,
    store: JobStore,
    work: Work,
    ended: Callable[[Job], Job],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    job = jobs.start(connection(1), "sync")
    monkeypatch.setattr(store, "progress", full)
    work.error = SyncError("bad file")
    work.go.set()
    assert ended(job).failure == "bad file"
    assert "job 1: could not store its log" in caplog.text


def test_job_of_a_deleted_connection_fails_with_a_sentence(jobs: Jobs, work: Work, ended: Callable[[Job], Job]) -> None:
    work.error = not_found("connection", "c1")
    work.go.set()
    assert ended(jobs.start(connection(1), "sync")).failure == "Could not find a connection with the id c1."

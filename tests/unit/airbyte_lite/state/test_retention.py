"""Old records are removed, and no secret stays in the file."""

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

import airbyte_lite.state.database
from airbyte_lite.loader.sync import SyncProgress
from airbyte_lite.problem import Problem
from airbyte_lite.state.database import Database
from airbyte_lite.state.jobstore import JobStore
from airbyte_lite.state.records import Actor, Connection, JobFilter
from airbyte_lite.state.retention import DAY, LINES_AT_ONCE, NEWEST_KEPT, Retention, prune
from airbyte_lite.state.store import Store

SECRET = "hunter2-not-to-be-found"
SOURCE = Actor("s1", "source", "w1", "files", "d1", {"bucket": "b", "key": SECRET}, 2.0)
CONNECTION = Connection("c1", "w1", "orders", "s1", "t1", [], 3.0)
NOW = 100_000 * DAY  # long after the clock of the machine


def bytes_on_disk(directory: Path) -> bytes:
    """All that the database's files hold."""
    return b"".join(path.read_bytes() for path in directory.iterdir())


def add_jobs(database: Database, connection_id: str, ages: list[float]) -> list[int]:
    """Add ended jobs, so many days old, with a log each; return their ids."""
    jobs = JobStore(database)
    identifiers = []
    for age in ages:
        job = jobs.create(connection_id, "w1", "sync")
        jobs.start(job.id)
        jobs.progress(job.id, SyncProgress(), 0, [f"line of {job.id}"])
        jobs.finish(job.id, "succeeded")
        with database.write() as connection:
            connection.execute("update jobs set updated_at = ? where id = ?", (NOW - age * DAY, job.id))
        identifiers.append(job.id)
    return identifiers


def kept(database: Database, connection_id: str) -> list[int]:
    """The jobs of a connection, oldest first; each has its log."""
    jobs = JobStore(database)
    found = [job.id for job in jobs.find(JobFilter(connection_id=connection_id), 1_000, 0)]
    assert all(jobs.log(identifier) for identifier in found)
    return found


def count_lines(database: Database) -> int:
    """The number of log lines of all jobs."""
    with database.read() as connection:
        return int(connection.execute("select count(*) from log_lines").fetchone()[0])


def test_no_secret_outlives_a_deletion_or_a_replacement(database: Database, tmp_path: Path) -> None:
    store = Store(database)
    store.add(SOURCE)
    store.add(replace(SOURCE, id="s2"))
    assert SECRET.encode() in bytes_on_disk(tmp_path)
    store.change(SOURCE, lambda now: replace(now, configuration={"key": "another"}))
    store.delete(replace(SOURCE, id="s2"))
    assert SECRET.encode() not in bytes_on_disk(tmp_path)
    [deleted] = [actor for actor in store.actors("source", [], True, 10, 0) if actor.deleted]
    assert (deleted.id, deleted.name, deleted.configuration) == ("s2", "files", {})


def test_a_deletion_is_whole_although_the_write_ahead_log_cannot_be_emptied(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def fail(_connection: sqlite3.Connection) -> int:
        raise sqlite3.OperationalError("disk I/O error")

    store = Store(database)
    for record in (SOURCE, CONNECTION):
        store.add(record)
    followed: list[str] = []
    store.follow_connections(lambda: followed.append("changed"))
    with monkeypatch.context() as broken:
        broken.setattr(airbyte_lite.state.database, "_truncate_log", fail)
        assert store.delete(SOURCE) == ["c1"]
    assert followed == ["changed"]
    assert "disk I/O error" in caplog.text
    database.compact()
    assert SECRET.encode() not in bytes_on_disk(tmp_path)


def test_a_query_that_keeps_data_in_the_write_ahead_log_is_told(
    database: Database, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    Store(database).add(SOURCE)
    with database.read() as connection:
        connection.execute("pragma busy_timeout = 10")  # scrub uses this connection
    with contextlib.closing(sqlite3.connect(tmp_path / "airbyte.sqlite", isolation_level=None)) as reader:
        reader.execute("begin")
        reader.execute("select * from objects").fetchall()
        Store(database).delete(SOURCE)
    assert "airbyte.sqlite-wal" in caplog.text


def test_secrets_that_an_earlier_release_left_are_removed(tmp_path: Path) -> None:
    database = Database(tmp_path)
    Store(database).add(SOURCE)
    Store(database).add(CONNECTION)
    database.close()
    with sqlite3.connect(tmp_path / "airbyte.sqlite", isolation_level=None) as file:
        file.execute("pragma user_version = 0")
        file.execute("pragma secure_delete = off")
        file.execute("alter table objects drop column deleted_at")
        file.execute("update objects set deleted = 1, document = json_set(document, '$.deleted', json('true'))")
        file.execute("create table old as select document from objects")
        file.execute("drop table old")
    file.close()
    assert bytes_on_disk(tmp_path).count(SECRET.encode()) == 2
    database = Database(tmp_path)
    database.compact()
    assert SECRET.encode() not in bytes_on_disk(tmp_path)
    store = Store(database)
    assert store.actors("source", [], True, 10, 0) == []
    [found] = store.connections([], True, 10, 0)
    assert found == replace(CONNECTION, deleted=True)
    database.close()


def test_jobs_go_by_age_and_by_number_and_the_newest_stay(database: Database) -> None:
    Store(database).add(CONNECTION)
    Store(database).add(replace(CONNECTION, id="c2"))
    ages = [40.0] * 30 + [5.0] * 20
    identifiers = add_jobs(database, "c1", ages)
    old = add_jobs(database, "c2", [90.0] * 15)
    assert prune(database, Retention(days=30, jobs=100), NOW) == 30 + 5
    assert kept(database, "c1") == identifiers[-20:]
    assert kept(database, "c2") == old[-NEWEST_KEPT:]
    assert prune(database, Retention(days=30, jobs=3), NOW) == 17 + 7
    assert kept(database, "c1") == identifiers[-3:]
    assert count_lines(database) == 6


def test_a_job_that_has_not_ended_stays_and_numbers_are_not_used_again(database: Database) -> None:
    Store(database).add(CONNECTION)
    jobs = JobStore(database)
    first = jobs.create("c1", "w1", "sync").id
    assert prune(database, Retention(days=1, jobs=1), NOW) == 0
    jobs.finish(first, "failed")
    Store(database).delete(CONNECTION)
    assert prune(database, Retention(days=1, jobs=1), NOW) == 1
    with pytest.raises(Problem):
        jobs.get(first)
    assert jobs.create("c2", "w1", "sync").id > first


def test_deleted_records_go_with_their_jobs(database: Database) -> None:
    store = Store(database)
    for record in (SOURCE, CONNECTION, replace(CONNECTION, id="c2")):
        store.add(record)
    add_jobs(database, "c1", [1.0])
    staying = add_jobs(database, "c2", [1.0])
    store.delete(CONNECTION)
    with database.write() as connection:
        connection.execute("update objects set deleted_at = ? where deleted", (NOW - 31 * DAY,))
    assert prune(database, Retention(days=30, jobs=100), NOW) == 1
    assert [found.id for found in store.connections([], True, 10, 0)] == ["c2"]
    assert kept(database, "c2") == staying


def test_a_long_log_is_removed_in_short_transactions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(database).add(CONNECTION)
    jobs = JobStore(database)
    for _ in range(3):
        job = jobs.create("c1", "w1", "sync")
        jobs.progress(job.id, SyncProgress(), 0, ["line"] * 2 * LINES_AT_ONCE)
        jobs.finish(job.id, "failed")
    lines_after: list[int] = []
    monkeypatch.setattr(
        "airbyte_lite.state.retention.time.sleep", lambda _seconds: lines_after.append(count_lines(database))
    )
    assert prune(database, Retention(days=30, jobs=1), NOW) == 2
    assert lines_after == [lines * LINES_AT_ONCE for lines in (5, 4, 3, 2, 2)]
    assert len(jobs.log(job.id)) == 2 * LINES_AT_ONCE


def test_the_file_is_rewritten_in_its_own_directory(database: Database, tmp_path: Path) -> None:
    """/tmp may be memory, as it is in the container."""
    with database.write() as connection:
        connection.execute("insert into meta values ('big', zeroblob(20000000))")
    found: set[Path] = set()

    def look() -> None:
        for descriptor in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(descriptor.readlink())

    with database.read() as connection:  # the connection that compact uses
        connection.set_progress_handler(look, 100)
    database.compact()
    assert {path.parent for path in found if path.name.startswith("etilqs_")} == {tmp_path}


def test_the_file_shrinks_where_most_of_it_is_free(database: Database, tmp_path: Path) -> None:
    database.compact()
    Store(database).add(CONNECTION)
    jobs = JobStore(database)
    for _ in range(12):
        job = jobs.create("c1", "w1", "sync")
        jobs.progress(job.id, SyncProgress(), 0, ["x" * 8_000] * 300)
        jobs.finish(job.id, "failed")
    before = (tmp_path / "airbyte.sqlite").stat().st_size
    prune(database, Retention(days=30, jobs=1), 0.0)
    database.compact()
    assert (tmp_path / "airbyte.sqlite").stat().st_size < before / 5

"""What is removed with time, and that no secret stays behind in the file."""

import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from airbyte_lite.loader.sync import SyncProgress
from airbyte_lite.problem import Problem
from airbyte_lite.state.database import Database
from airbyte_lite.state.jobstore import JobStore
from airbyte_lite.state.records import Actor, Connection, JobFilter
from airbyte_lite.state.retention import DAY, NEWEST_KEPT, Retention, prune
from airbyte_lite.state.store import Store

SECRET = "hunter2-not-to-be-found"
SOURCE = Actor("s1", "source", "w1", "files", "d1", {"bucket": "b", "key": SECRET}, 2.0)
CONNECTION = Connection("c1", "w1", "orders", "s1", "t1", [], 3.0)
NOW = 100_000 * DAY  # long after the clock of the machine


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    yield database
    database.close()


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


def test_secrets_that_an_earlier_release_left_are_removed(tmp_path: Path) -> None:
    database = Database(tmp_path)
    Store(database).add(SOURCE)
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
    [found] = Store(database).actors("source", [], True, 10, 0)
    assert asdict(found) == asdict(replace(SOURCE, configuration={}, deleted=True))
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
    with database.read() as connection:
        assert connection.execute("select count(*) from log_lines").fetchone()[0] == 6


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

import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airbyte_lite.loader.sync import SyncProgress
from airbyte_lite.problem import Problem
from airbyte_lite.state.database import Database, DataDirInUse
from airbyte_lite.state.jobstore import JobStore
from airbyte_lite.state.records import Actor, Connection, JobFilter, Stream, Workspace
from airbyte_lite.state.store import Store

SOURCE = Actor("s1", "source", "w1", "files", "d1", {"key": "secret"}, 2.0)
STREAM = Stream({"name": "orders"}, "incremental_append", [["id"]], ["at"])
CONNECTION = Connection("c1", "w1", "orders", "s1", "t1", [STREAM], 3.0)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "data")
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


@pytest.fixture
def jobs(database: Database) -> JobStore:
    return JobStore(database)


def state(stream: str, value: int) -> dict[str, Any]:
    return {"type": "STREAM", "stream": {"stream_descriptor": {"name": stream}, "stream_state": {"value": value}}}


def test_only_the_owner_can_read_the_files(database: Database, store: Store, tmp_path: Path) -> None:
    store.add(SOURCE)
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "data").iterdir()}
    assert set(modes) >= {"airbyte.sqlite", "airbyte.sqlite-wal"}
    assert set(modes.values()) == {0o600}


def test_directory_is_used_by_one_server(database: Database, tmp_path: Path) -> None:
    with pytest.raises(DataDirInUse, match="AIRBYTE_LITE_DATA_DIR"):
        Database(tmp_path / "data")


def test_records_survive_a_restart(tmp_path: Path) -> None:
    database = Database(tmp_path)
    store = Store(database)
    key = store.key()
    for record in (Workspace("w1", "one", 1.0), SOURCE, CONNECTION):
        store.add(record)
    store.save_states(CONNECTION, [state("orders", 1)])
    database.close()
    database = Database(tmp_path)
    store = Store(database)
    assert store.workspace("w1") == Workspace("w1", "one", 1.0)
    assert store.actor("source", "s1") == SOURCE
    assert store.connection("c1") == CONNECTION
    assert store.states("c1", ["orders"]) == [state("orders", 1)]
    assert store.key() == key
    database.close()


def test_unknown_ids_are_404(store: Store) -> None:
    store.add(SOURCE)
    with pytest.raises(Problem, match="destination with the id s1") as caught:
        store.actor("destination", "s1")
    assert caught.value.status == 404


def test_deleted_records_are_listed_on_demand_only(store: Store) -> None:
    store.add(SOURCE)
    store.add(replace(SOURCE, id="s2"))
    store.delete(SOURCE)
    assert [actor.id for actor in store.actors("source", [], False, 10, 0)] == ["s2"]
    assert [(actor.id, actor.deleted) for actor in store.actors("source", [], True, 10, 0)] == [
        ("s1", True),
        ("s2", False),
    ]
    with pytest.raises(Problem):
        store.actor("source", "s1")


def test_lists_are_pages_of_workspaces(store: Store) -> None:
    for number in range(5):
        store.add(replace(SOURCE, id=f"s{number}", workspace_id=f"w{number % 2}"))
    assert [actor.id for actor in store.actors("source", ["w0"], False, 2, 1)] == ["s2", "s4"]
    assert len(store.actors("source", ["w0", "w1"], False, 10, 0)) == 5


def test_scheduled_connections_are_active_and_followed(store: Store) -> None:
    seen: list[list[str]] = []
    store.follow_connections(lambda: seen.append([found.id for found in store.scheduled_connections()]))
    store.add(CONNECTION)
    store.change(CONNECTION, lambda now: replace(now, cron="0 0 12 * * ?"))
    store.add(SOURCE)
    store.change(CONNECTION, lambda now: replace(now, status="inactive"))
    store.change(CONNECTION, lambda now: replace(now, status="active"))
    store.delete(CONNECTION)
    assert seen == [[], ["c1"], [], ["c1"], []]


def test_connection_of_a_file_from_before_schedules_has_none(database: Database, store: Store) -> None:
    store.add(CONNECTION)
    with database.write() as connection:
        connection.execute("update objects set document = json_remove(document, '$.cron')")
    assert store.connection("c1") == CONNECTION
    assert store.scheduled_connections() == []


def test_states_are_kept_by_stream(store: Store) -> None:
    both = replace(CONNECTION, streams=[STREAM, replace(STREAM, stream={"name": "customers"})])
    store.add(both)
    store.save_states(both, [state("orders", 1), state("customers", 1)])
    store.save_states(both, [state("orders", 2)])
    assert store.states("c1", ["orders"]) == [state("orders", 2)]
    store.drop_states("c1", ["orders"])
    assert store.states("c1", ["orders", "customers"]) == [state("customers", 1)]
    assert store.states("c2", ["customers"]) == []


def test_deleting_a_connection_forgets_its_state(store: Store) -> None:
    store.add(CONNECTION)
    store.save_states(CONNECTION, [state("orders", 1)])
    store.delete(CONNECTION)
    assert store.states("c1", ["orders"]) == []


def test_generations_count_from_one(store: Store) -> None:
    store.next_generations("c1", ["orders"])
    store.next_generations("c1", ["orders", "customers"])
    assert store.generations("c1") == {"orders": 2, "customers": 1}


def test_one_active_job_per_connection(jobs: JobStore) -> None:
    job = jobs.create("c1", "w1", "sync")
    with pytest.raises(Problem, match=f"job {job.id}") as caught:
        jobs.create("c1", "w1", "sync")
    assert caught.value.status == 409
    jobs.create("c2", "w1", "sync")
    assert jobs.finish(job.id, "succeeded")
    assert not jobs.finish(job.id, "failed")
    assert jobs.create("c1", "w1", "sync").id > job.id


def test_job_of_a_connection_that_was_just_deleted_is_not_created(database: Database, jobs: JobStore) -> None:
    with database.write() as connection:
        connection.execute(
            "insert into objects (id, kind, workspace_id, document, deleted) "
            "values ('gone', 'connection', 'w', '{}', 1)"
        )
    with pytest.raises(Problem) as caught:
        jobs.create("gone", "w", "sync")
    assert caught.value.status == 404
    assert jobs.active("gone") is None


def test_cancelled_job_does_not_start(jobs: JobStore) -> None:
    job = jobs.create("c1", "w1", "sync")
    jobs.finish(job.id, "cancelled")
    assert not jobs.start(job.id)


def test_interrupted_jobs_are_failed(jobs: JobStore) -> None:
    running, pending, done = (jobs.create(f"c{number}", "w1", "sync") for number in range(3))
    jobs.start(running.id)
    jobs.finish(done.id, "succeeded")
    assert jobs.fail_interrupted() == 2
    assert [jobs.get(job.id).status for job in (running, pending, done)] == ["failed", "failed", "succeeded"]
    assert "server stopped while the job was running" in str(jobs.get(running.id).failure)
    assert "server stopped before the job had started" in str(jobs.get(pending.id).failure)


def test_job_filters(jobs: JobStore) -> None:
    first, second, third = (jobs.create(connection, workspace, kind).id for connection, workspace, kind in (
        ("c1", "w1", "sync"), ("c2", "w1", "reset"), ("c3", "w2", "sync")))  # fmt: skip
    jobs.finish(third, "failed")

    def ids(conditions: JobFilter, limit: int = 10, offset: int = 0) -> list[int]:
        return [job.id for job in jobs.find(conditions, limit, offset)]

    assert ids(JobFilter()) == [first, second, third]
    assert ids(JobFilter(descending=True), 2, 1) == [second, first]
    assert ids(JobFilter(connection_id="c2")) == [second]
    assert ids(JobFilter(workspace_ids=["w1"])) == [first, second]
    assert ids(JobFilter(types=["sync"])) == [first, third]
    assert ids(JobFilter(statuses=["failed"])) == [third]
    created = jobs.get(second).created_at
    assert ids(JobFilter(created_from=created)) == [second, third]
    assert ids(JobFilter(created_to=created)) == [first, second]
    assert ids(JobFilter(order_by="updated_at", updated_from=jobs.get(third).updated_at)) == [third]


def test_log_keeps_its_order(jobs: JobStore) -> None:
    job = jobs.create("c1", "w1", "sync")
    jobs.progress(job.id, SyncProgress(1, 2), 0, ["one", "two"])
    jobs.progress(job.id, SyncProgress(3, 4), 2, ["three"])
    assert jobs.log(job.id) == ["one", "two", "three"]


def test_costs_are_kept_also_in_a_file_that_was_made_before_they_were(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with database.write() as connection:
        connection.execute("alter table jobs drop column bytes_billed")
    database.close()
    database = Database(tmp_path)
    jobs = JobStore(database)
    job = jobs.create("c1", "w1", "sync")
    jobs.start(job.id)
    jobs.progress(job.id, SyncProgress(1, 2, 10 << 20), 0, [])
    assert jobs.get(job.id).bytes_billed == 10 << 20
    database.close()


def test_failed_transaction_is_undone(database: Database) -> None:
    def twice() -> None:
        with database.write() as connection:
            for _ in range(2):
                connection.execute("insert into meta values ('a', 'b')")

    with pytest.raises(sqlite3.IntegrityError):
        twice()
    with database.read() as connection:
        assert connection.execute("select count(*) from meta where name = 'a'").fetchone()[0] == 0

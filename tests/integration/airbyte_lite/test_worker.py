"""What a job does with a connector that hangs or crashes."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from airbyte_lite.connectors.definitions import BIGQUERY_ID, Definition, Definitions
from airbyte_lite.connectors.registry import Connector
from airbyte_lite.connectors.runner import ConnectorError, ConnectorRunner
from airbyte_lite.jobs.log import JobLog
from airbyte_lite.loader import destination, names
from airbyte_lite.loader.errors import SourceError, SyncCancelled, SyncError
from airbyte_lite.loader.stream import SyncStream
from airbyte_lite.loader.sync import Source, Sync
from airbyte_lite.settings import Settings
from airbyte_lite.state.database import Database
from airbyte_lite.state.jobstore import JobStore
from airbyte_lite.state.records import Actor, Connection, Stream
from airbyte_lite.state.store import Store
from airbyte_lite.sync import worker
from airbyte_lite.sync.job_source import JobSource
from airbyte_lite.sync.task import Task
from airbyte_lite.sync.worker import Worker

STREAM = Stream({"name": "orders"}, "full_refresh_append", [], [])
CONNECTION = Connection("c1", "w1", "orders", "s1", "d1", [STREAM], 0.0)


class Setting:
    """A worker and its database. `task` adds a connection whose source runs the given code, and starts a job for it."""

    def __init__(self, connector: Connector, runner: ConnectorRunner, database: Database, directory: Path) -> None:
        self.connector, self.runner = connector, runner
        settings = Settings(data_dir=directory, connector_environments=directory, emulator_address="http://127.0.0.1:9")
        self.store, self.jobs = Store(database), JobStore(database)
        self.worker = Worker(self.store, Definitions({connector.name: connector}, runner), runner, settings, directory)
        self.store.add(Actor("d1", "destination", "w1", "d", BIGQUERY_ID, {"project_id": "p", "dataset_id": "d"}, 0.0))

    def task(self, code: str, job_type: str = "sync", **connection: Any) -> Task:
        self.store.add(Actor("s1", "source", "w1", "s", "", {"code": code}, 0.0))
        self.store.add(replace(CONNECTION, **connection))
        job = self.jobs.create("c1", "w1", job_type)
        self.jobs.start(job.id)
        return Task(job, JobLog(self.jobs, job.id))


@pytest.fixture
def setting(fake_connector: Connector, runner: ConnectorRunner, tmp_path: Path) -> Iterator[Setting]:
    database = Database(tmp_path / "data")
    yield Setting(fake_connector, runner, database, tmp_path)
    database.close()


Loader = Callable[[Callable[[Sync, Source], None]], None]


@pytest.fixture
def load_with(monkeypatch: pytest.MonkeyPatch) -> Loader:
    """Replace the loader by a function that needs no warehouse."""

    def replace_loader(run: Callable[[Sync, Source], None]) -> None:
        monkeypatch.setattr(
            worker, "prepared", lambda sync: contextlib.nullcontext(SimpleNamespace(order=None, run=partial(run, sync)))
        )

    return replace_loader


def read_to_the_end(_sync: Sync, source: Source) -> None:
    for _ in source:
        pass
    if source.exit_code:
        raise SourceError("The connector ended.")


HOUR = "time.sleep(3600)"


def run_and_cancel(task: Task, work: Callable[[Task], None]) -> None:
    """Run the work and cancel it once its connector runs. The work ends in time only if the connector is stopped."""

    def cancel() -> None:
        while task.read is None:
            time.sleep(0.01)
        task.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises((ConnectorError, SyncError, SyncCancelled)):
        work(task)
    thread.join()


def test_cancel_ends_a_connector_that_hangs_while_it_discovers(setting: Setting) -> None:
    run_and_cancel(setting.task(HOUR, schema_updates="propagate_columns"), setting.worker.run)


def test_cancel_ends_a_connector_that_hangs_while_it_checks(setting: Setting) -> None:
    task = setting.task(HOUR)
    actor, connector = setting.store.actor("source", "s1"), setting.connector
    definition = Definition("", "source", connector.name, connector.title, connector.version, connector)
    source = JobSource(setting.runner, definition, actor, task)
    run_and_cancel(task, lambda _task: source.confirm_empty())


def test_what_a_crashed_connector_wrote_last_is_in_the_log(setting: Setting, load_with: Loader) -> None:
    load_with(read_to_the_end)
    # The connector's check passes, so its standard error is the reason.
    task = setting.task(
        "say(type='CONNECTION_STATUS', connectionStatus={'status': 'SUCCEEDED'})\n"
        "if 'catalog' in files: raise KeyError('last words')"
    )
    with pytest.raises(SyncError, match="The connector ended"):
        setting.worker.run(task)
    task.log.flush()
    assert "KeyError: 'last words'" in "".join(setting.jobs.log(task.job.id))


FAILING = "say(type='CONNECTION_STATUS', connectionStatus={'status': 'FAILED', 'message': 'no such bucket'})"


def test_a_failure_of_the_source_is_told_with_what_its_check_says(setting: Setting, load_with: Loader) -> None:
    def fail(*_: object) -> None:
        raise SourceError("The connector ended with exit code 1.")

    load_with(fail)
    with pytest.raises(SyncError, match=r"exit code 1.*no such bucket") as caught:
        setting.worker.run(setting.task(FAILING))
    assert caught.value.failure_type == "config_error"


def test_a_failure_of_the_destination_is_not_put_on_the_source(setting: Setting, load_with: Loader) -> None:
    def fail(_sync: Sync, source: Source) -> None:
        source.stop()  # as when a load fails while the connector writes
        for _ in source:
            pass
        raise SyncError("BigQuery does not answer.", "transient_error")

    load_with(fail)
    task = setting.task(f"{FAILING}\nif 'catalog' in files: sys.stderr.write('ended by us'); time.sleep(60)")
    with pytest.raises(SyncError, match=r"^BigQuery does not answer\.$") as caught:
        setting.worker.run(task)
    assert caught.value.failure_type == "transient_error"
    task.log.flush()
    assert "ended by us" not in "".join(setting.jobs.log(task.job.id))


def test_what_is_known_of_a_lost_connector_is_in_the_log(setting: Setting, load_with: Loader) -> None:
    def lose(*_: object) -> None:
        raise SourceError("The connector was killed.") from ConnectorError(
            "The connector was killed.", "its last words"
        )

    load_with(lose)
    task = setting.task("say(type='CONNECTION_STATUS', connectionStatus={'status': 'SUCCEEDED'})")
    with pytest.raises(SyncError, match="was killed"):
        setting.worker.run(task)
    task.log.flush()
    assert "its last words" in "".join(setting.jobs.log(task.job.id))


def test_configuration_of_the_connector_does_not_undo_a_rename(setting: Setting, load_with: Loader) -> None:
    def rename(sync: Sync, source: Source) -> None:
        read_to_the_end(sync, source)
        setting.store.change(setting.store.actor("source", "s1"), lambda now: replace(now, name="renamed"))

    load_with(rename)
    control = {"type": "CONNECTOR_CONFIG", "connectorConfig": {"config": {"new": 1}}}
    setting.worker.run(setting.task(f"say(type='CONTROL', control={control})"))
    source = setting.store.actor("source", "s1")
    assert (source.name, source.configuration) == ("renamed", {"new": 1})


def test_reset_is_cancelled_as_a_whole_or_not_at_all(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [replace(STREAM, stream={"name": name}) for name in ("a", "b")]
    task = setting.task("", "reset", streams=streams)
    dropped: list[str] = []

    class Tables:
        def __init__(self, *_: object) -> None: ...

        def drop(self, stream: SyncStream, *_: object) -> None:
            dropped.append(stream.name)
            task.cancel()

    monkeypatch.setattr(worker, "BigQueryDestination", Tables)
    setting.worker.run(task)
    assert dropped == ["a", "b"]
    with pytest.raises(SyncCancelled):
        setting.worker.run(task)
    assert dropped == ["a", "b"]


class Dataset:
    """A stand-in for the dataset in the warehouse."""

    tables_: set[str] = set()

    def __init__(self, *_: object) -> None: ...

    def tables(self) -> list[str]:
        return sorted(self.tables_)

    def drop(self, table: str) -> None:
        self.tables_.discard(table)


CLASHING = [
    Stream({"name": "my orders"}, "full_refresh_append", [], []),
    Stream({"name": "my-orders"}, "incremental_append", [], ["at"]),
]
FIRST, SECOND = names.tables((None, stream.name, stream.name) for stream in CLASHING).values()


def state(name: str) -> dict[str, Any]:
    return {"type": "STREAM", "stream": {"stream_descriptor": {"name": name}, "stream_state": {}}}


@pytest.mark.parametrize("lost", [FIRST, SECOND])
def test_state_goes_with_the_table_of_its_own_stream(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, load_with: Loader, lost: str
) -> None:
    monkeypatch.setattr(destination, "Warehouse", Dataset)
    monkeypatch.setattr(Dataset, "tables_", {FIRST, SECOND} - {lost})
    load_with(read_to_the_end)
    task = setting.task("", streams=CLASHING)
    setting.store.save_states(setting.store.connection("c1"), [state("my-orders")])
    setting.worker.run(task)
    assert len(setting.store.states("c1", ["my-orders"])) == (lost != SECOND)


APPENDED = [Stream({"name": name}, "incremental_append", [], ["at"]) for name in ("a", "b")]
SHARED: dict[str, Any] = {"type": "GLOBAL", "global": {"shared_state": {"lsn": 1}}}


def global_state(*names: str) -> dict[str, Any]:
    parts = [state(name)["stream"] for name in names]
    return {"type": "GLOBAL", "global": {**SHARED["global"], "stream_states": parts}}


@pytest.mark.parametrize("known", [("a", "b"), ("b",)], ids=["lost", "new"])
def test_a_stream_without_a_table_does_not_have_the_others_read_again(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, load_with: Loader, known: tuple[str, ...]
) -> None:
    monkeypatch.setattr(destination, "Warehouse", Dataset)
    monkeypatch.setattr(Dataset, "tables_", {"b"})
    load_with(read_to_the_end)
    task = setting.task("", streams=APPENDED)
    setting.store.save_states(setting.store.connection("c1"), [global_state(*known)])
    setting.worker.run(task)
    assert setting.store.states("c1", ["a", "b"]) == [global_state("b")]


def test_a_lost_table_is_refused_where_the_state_cannot_be_divided(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, load_with: Loader
) -> None:
    monkeypatch.setattr(destination, "Warehouse", Dataset)
    monkeypatch.setattr(Dataset, "tables_", {"b"})
    load_with(read_to_the_end)
    task = setting.task("", streams=APPENDED)
    setting.store.save_states(setting.store.connection("c1"), [SHARED])
    with pytest.raises(SyncError, match="type reset") as caught:
        setting.worker.run(task)
    assert caught.value.failure_type == "config_error"
    assert setting.store.states("c1", ["a", "b"]) == [SHARED]
    deduped = [APPENDED[0], replace(APPENDED[1], sync_mode="incremental_deduped_history", primary_key=[["id"]])]
    setting.store.change(setting.store.connection("c1"), lambda now: replace(now, streams=deduped))
    setting.worker.run(task)  # read from the start, and merged
    assert setting.store.states("c1", ["a", "b"]) == []


def test_a_stream_that_is_changed_while_it_is_read_keeps_no_state_of_the_old_cursor(
    setting: Setting, load_with: Loader
) -> None:
    def change(sync: Sync, source: Source) -> None:
        read_to_the_end(sync, source)
        streams = [replace(APPENDED[0], cursor_field=["other"]), APPENDED[1]]
        setting.store.change(setting.store.connection("c1"), lambda now: replace(now, streams=streams))
        for name in ("a", "b"):
            sync.commit_state([state(name)])

    load_with(change)
    task = setting.task("", streams=APPENDED)
    setting.worker.run(task)
    assert setting.store.states("c1", ["a", "b"]) == [state("b")]
    task.log.flush()
    assert any("WARN Stream a" in line for line in setting.jobs.log(task.job.id))


def test_reset_drops_the_tables_of_streams_that_normalise_to_one_name(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destination, "Warehouse", Dataset)
    monkeypatch.setattr(Dataset, "tables_", {FIRST, SECOND, "other"})
    setting.worker.run(setting.task("", "reset", streams=CLASHING))
    assert Dataset.tables_ == {"other"}


def test_reset_of_one_stream_leaves_the_other(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destination, "Warehouse", Dataset)
    monkeypatch.setattr(Dataset, "tables_", {"a", "b"})
    task = setting.task("", "reset", streams=APPENDED)
    setting.store.save_states(setting.store.connection("c1"), [state("a"), state("b")])
    setting.worker.run(replace(task, job=replace(task.job, streams='["a"]')))
    assert Dataset.tables_ == {"b"}
    assert setting.store.states("c1", ["a", "b"]) == [state("b")]

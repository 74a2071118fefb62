"""Syncs that end badly: the tables and the state stay as they were, and nothing is left behind."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google_bigquery

from airbyte_lite.loader import jobs as loader_jobs
from airbyte_lite.loader import names, spool, tables
from airbyte_lite.loader import warehouse as loader_warehouse
from airbyte_lite.loader.destination import BigQueryDestination
from airbyte_lite.loader.errors import SourceError, SyncCancelled, SyncError
from airbyte_lite.loader.stream import SyncStream
from tools.local.free_ports import free_ports
from tools.local.platform import Platform
from tools.local.processes import Supervisor
from tools.settings_table import PORTS

from .loader_kit import EMITTED_AT, InBatches, Kit, Line, Lines, error, record, state, status
from .processes import wait_until

OVERWRITE, DEDUPED = "full_refresh_overwrite", "incremental_deduped_history"
MODES = [OVERWRITE, "full_refresh_append", "incremental_append", DEDUPED]
OLD = [{"id": n, "name": "old"} for n in range(3)]
OLD_ROWS = [(n, "old") for n in range(3)]


@pytest.fixture(params=["records", "batches"])
def either_way(request: pytest.FixtureRequest, kit: Kit) -> None:
    """The connector sends records, or it makes the batches itself."""
    kit.batch_rows = 4 if request.param == "batches" else 0


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BATCH_BYTES", 400)


def new(stream: SyncStream, count: int = 6) -> list[Line]:
    """Records for a table: three small batches."""
    return [record(stream.name, {"id": n, "name": "new"}) for n in range(count)]


def assert_as_before(kit: Kit) -> None:
    assert kit.rows() == OLD_ROWS
    assert kit.tables() == {"t"}
    assert kit.states == []
    assert not kit.spool.exists()


def with_old_rows(kit: Kit, mode: str) -> SyncStream:
    stream = kit.stream(mode)
    kit.sync(stream, rows=OLD)
    kit.states.clear()
    return stream


ENDINGS: dict[str, tuple[Callable[[list[Line]], Lines], str]] = {
    "an error": (
        lambda lines: Lines([*lines, error("the bucket is gone", "config_error"), error("1 stream failed")], 1),
        "the bucket is gone",
    ),
    "an error and exit code 0": (
        lambda lines: Lines([*lines, error("bad file"), state("t", 1), status("t")]),
        "bad file",
    ),
    "an exit code": (lambda lines: Lines([*lines, state("t", 1), status("t")], 2), r"ended with exit code 2\b"),
    "a kill": (
        lambda lines: Lines([*lines, state("t", 1), status("t")], -9),
        r"The connector was killed \(signal 9: usually out of memory\)",
    ),
    "a signal": (lambda lines: Lines([*lines, status("t")], -11), r"The connector was killed \(signal 11: .*limit"),
    "an incomplete stream": (lambda lines: Lines([*lines, state("t", 1), status("t", "INCOMPLETE")]), r"complete: t\."),
    "no word": (lambda lines: Lines([*lines, state("t", 1)]), r"complete: t\."),
    "a strange record": (lambda lines: Lines([*lines, record("x", {}), status("t")]), "'x'"),
    "a broken message": (lambda lines: Lines([*lines, b'{"type": "RECORD", \n', status("t")]), "not valid JSON"),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rows", [4, 20, 50])  # several batches; one full batch; one batch that is not full
def test_batches_of_the_connector_are_loaded(kit: Kit, mode: str, rows: int) -> None:
    stream = with_old_rows(kit, mode)
    kit.batch_rows = rows
    later: list[Line] = [record("t", {"id": n, "name": "new"}, EMITTED_AT + 1) for n in range(20)]
    progress = kit.run(Lines([*later, state("t", 1), status("t")]), stream)
    expected = [(n, "new") for n in range(20)]
    if mode not in (OVERWRITE, DEDUPED):
        expected = sorted([*OLD_ROWS, *expected], key=repr)
    assert kit.rows() == sorted(expected, key=repr)
    assert progress.records == 20
    assert kit.tables() == {"t"}
    assert not kit.spool.exists()


def test_a_batch_with_other_rows_than_reported_is_refused(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = with_old_rows(kit, DEDUPED)
    kit.batch_rows = 20
    original = loader_jobs.Jobs.load
    monkeypatch.setattr(loader_jobs.Jobs, "load", lambda *arguments: (original(*arguments) or 0) - 1)
    with pytest.raises(SyncError, match=r"20 rows.*19"):
        kit.run(Lines([*new(stream, 20), state("t", 1), status("t")]), stream)
    assert_as_before(kit)


@pytest.mark.parametrize("mode", [OVERWRITE, "incremental_append"])
def test_a_single_batch_with_other_rows_than_reported_changes_nothing(
    kit: Kit, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = with_old_rows(kit, mode)
    kit.batch_rows = 50
    original = InBatches.report
    monkeypatch.setattr(InBatches, "report", lambda self, name, rows, full: original(self, name, rows, full, rows[1:]))
    with pytest.raises(SyncError, match=r"20 rows.*19"):
        kit.run(Lines([*new(stream, 20), state("t", 1), status("t")]), stream)
    assert_as_before(kit)


def test_rows_that_bigquery_does_not_count_are_not_compared(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = with_old_rows(kit, OVERWRITE)
    kit.batch_rows = 50
    monkeypatch.setattr(google_bigquery.LoadJob, "output_rows", None)
    kit.run(Lines([*new(stream, 20), state("t", 1), status("t")]), stream)
    assert kit.rows() == sorted(((n, "new") for n in range(20)), key=repr)


@pytest.mark.usefixtures("small_batches", "either_way")
def test_a_source_that_ends_badly_changes_nothing(kit: Kit, subtests: pytest.Subtests) -> None:
    """Each ending on the same table: it is as before after each of them."""
    stream = with_old_rows(kit, OVERWRITE)
    endings = ["an error and exit code 0", "a kill", "no word"] if kit.batch_rows else list(ENDINGS)
    for ending in endings:
        make, message = ENDINGS[ending]
        with subtests.test(ending):
            with pytest.raises(SourceError, match=message) as caught:
                kit.run(make(new(stream)), stream)
            assert caught.value.failure_type == ("config_error" if ending == "an error" else "system_error")
            assert_as_before(kit)


@pytest.mark.usefixtures("small_batches", "either_way")
@pytest.mark.parametrize("mode", MODES)
def test_cancelled_while_reading(kit: Kit, mode: str) -> None:
    stream = with_old_rows(kit, mode)
    source = Lines([])

    def cancel() -> None:
        kit.cancelled.set()
        assert source.stopped.wait(60)

    source.lines = [*new(stream), cancel, *new(stream), state("t", 1), status("t")]
    with pytest.raises(SyncCancelled):
        kit.run(source, stream)
    assert_as_before(kit)


@pytest.mark.parametrize("mode", MODES)
def test_cancelled_when_everything_is_read(kit: Kit, mode: str) -> None:
    stream = with_old_rows(kit, mode)
    with pytest.raises(SyncCancelled):
        kit.run(Lines([*new(stream), state("t", 1), status("t"), kit.cancelled.set]), stream)
    assert_as_before(kit)


def test_cancelled_between_two_streams_keeps_the_first(kit: Kit) -> None:
    streams = [kit.stream("incremental_append", name=name) for name in ("a", "b")]
    kit.on_state = kit.cancelled.set
    with pytest.raises(SyncCancelled):
        kit.sync(*streams, rows=OLD)
    assert kit.tables() == {"a"}
    assert kit.states == [{"at": 3}]


@pytest.mark.parametrize("mode", ["full_refresh_append", "incremental_append", DEDUPED])
def test_a_failing_load_job_says_what_bigquery_says(kit: Kit, mode: str) -> None:
    schema = [*tables._META_FIELDS, google_bigquery.SchemaField("must", "STRING", mode="REQUIRED")]
    schema += [google_bigquery.SchemaField("id", "INTEGER"), google_bigquery.SchemaField("name", "STRING")]
    kit.client.create_table(google_bigquery.Table(f"local-dev.{kit.dataset}.t", schema=schema))
    with pytest.raises(SyncError, match=r"must.*\(BigQuery job airbyte_lite_1_"):
        kit.sync(kit.stream(mode), rows=OLD)
    assert kit.rows() == []
    assert kit.tables() == {"t"}
    assert kit.states == []


@pytest.mark.usefixtures("small_batches", "either_way")
def test_a_batch_that_fails_ends_the_connector(kit: Kit) -> None:
    stream = with_old_rows(kit, OVERWRITE)
    source = Lines([])

    def break_staging() -> None:
        for name in kit.tables() - {"t"}:
            kit.client.delete_table(f"{kit.dataset}.{name}")
            kit.client.query(f"CREATE VIEW `{kit.dataset}.{name}` AS SELECT 1 AS x").result()

    def go_on() -> None:
        assert source.stopped.wait(60)

    def wait_for_staging() -> None:
        threading.Event().wait(2)

    source.lines = [*new(stream), wait_for_staging, break_staging, *new(stream, 6), go_on, *new(stream)]
    with pytest.raises(SyncError, match="load rows into") as caught:
        kit.run(source, stream)
    assert not isinstance(caught.value, SourceError)  # the loader has ended the connector
    assert kit.rows() == OLD_ROWS
    assert kit.states == []


def test_a_stream_that_fails_to_load_leaves_the_ones_before_it_loaded(kit: Kit) -> None:
    good, bad = (kit.stream("incremental_append", name=name) for name in ("good", "bad"))
    kit.sync(bad, rows=[])
    kit.states.clear()
    kit.on_state = lambda: kit.client.delete_dataset(kit.dataset, delete_contents=True) if not kit.states else None
    with pytest.raises(SyncError, match=f"{kit.dataset}.bad"):
        kit.sync(good, bad, rows=OLD)
    assert kit.states == [{"at": 3}]
    kit.client.create_dataset(kit.dataset)


def test_leftovers_of_a_killed_sync_are_swept(kit: Kit) -> None:
    stream = with_old_rows(kit, OVERWRITE)
    ours, others_stream, others_load = (
        names.staging(table, connection, "0123456789ab")
        for table, connection in (("t", "c"), ("other", "c"), ("t", "d"))
    )
    for name in (ours, others_stream, others_load):
        kit.client.create_table(google_bigquery.Table(f"local-dev.{kit.dataset}.{name}"))
    kit.spool.mkdir()
    (kit.spool / "stream-0-000001.jsonl").write_bytes(b"left")
    kit.sync(stream, rows=OLD)
    assert kit.tables() == {"t", others_stream, others_load}
    assert any(ours in text for level, text in kit.log if level == "WARN")
    assert not kit.spool.exists()


@pytest.mark.usefixtures("small_batches")
def test_two_connections_load_one_table_at_a_time(kit: Kit, tmp_path: Path) -> None:
    stream = with_old_rows(kit, "incremental_append")
    other = Kit(kit.url, kit.dataset, kit.client, tmp_path / "other", connection_id="d")
    begun: list[Line] = [*new(stream), lambda: wait_for_staging(kit)]
    kit.run(Lines([*begun, lambda: _sync(other, stream), *new(stream), status("t")]), stream)
    assert len(kit.rows()) == 3 + 1 + 2 * 6
    assert kit.tables() == {"t"}


def test_two_connections_make_one_deduplicated_table_at_a_time(kit: Kit, tmp_path: Path) -> None:
    stream = kit.stream(DEDUPED)
    other = Kit(kit.url, kit.dataset, kit.client, tmp_path / "other", connection_id="d")

    def sync_meanwhile() -> None:
        other.sync(stream, rows=[{"id": 1, "name": "other"}, {"id": 5, "name": "other"}])

    kit.run(Lines([*new(stream, 3), sync_meanwhile, status("t")]), stream)
    assert [row[0] for row in kit.rows()] == [0, 1, 2, 5]
    assert kit.tables() == {"t"}


@pytest.mark.parametrize("moment", ["before the query", "before the copy"])
def test_a_cancelled_first_deduplicated_sync_drops_no_table_of_another_connection(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    stream = kit.stream(DEDUPED)
    other = Kit(kit.url, kit.dataset, kit.client, tmp_path / "other", connection_id="d")
    method = "query" if moment == "before the query" else "copy"
    original = getattr(loader_jobs.Jobs, method)

    def cancelled(jobs: Any, *arguments: Any) -> None:
        monkeypatch.setattr(loader_jobs.Jobs, method, original)
        other.sync(stream, rows=[{"id": 7, "name": "other"}])
        raise SyncCancelled

    monkeypatch.setattr(loader_jobs.Jobs, method, cancelled)
    with pytest.raises(SyncCancelled):
        kit.run(Lines([*new(stream), state("t", 1), status("t")]), stream)
    assert kit.rows() == [(7, "other")]
    assert kit.tables() == {"t"}


@pytest.mark.parametrize("method", ["query", "copy"])
def test_a_table_that_appears_in_the_middle_of_a_first_deduplicated_sync_is_merged_into(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    stream = kit.stream(DEDUPED)
    other = Kit(kit.url, kit.dataset, kit.client, tmp_path / "other", connection_id="d")
    original = getattr(loader_jobs.Jobs, method)

    def later(jobs: Any, *arguments: Any) -> None:
        monkeypatch.setattr(loader_jobs.Jobs, method, original)
        other.sync(stream, rows=[{"id": 1, "name": "other"}, {"id": 7, "name": "other"}])
        original(jobs, *arguments)

    monkeypatch.setattr(loader_jobs.Jobs, method, later)
    kit.run(Lines([*new(stream, 3), state("t", 1), status("t")]), stream)
    assert [row[0] for row in kit.rows()] == [0, 1, 2, 7]
    assert kit.tables() == {"t"}


def wait_for_staging(kit: Kit) -> None:
    wait_until(lambda: kit.tables() != {"t"}, 30, "a staging table", 0.05)


def _sync(kit: Kit, stream: SyncStream) -> None:
    kit.sync(stream, rows=[{"id": 9, "name": "other"}])


def test_a_repeated_request_does_not_load_twice(kit: Kit, tmp_path: Path) -> None:
    warehouse = loader_warehouse.Warehouse(kit.destination, kit.url)
    jobs = loader_jobs.Jobs(warehouse, f"test_{os.urandom(6).hex()}", threading.Event())
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"id": 1}\n')
    schema = [google_bigquery.SchemaField("id", "INTEGER")]
    config = google_bigquery.LoadJobConfig(schema=schema, write_disposition="WRITE_APPEND")
    for _ in range(2):
        jobs.load(path, "t", config, "step")
    assert kit.rows("id") == [(1,)]


@pytest.mark.usefixtures("small_batches")
def test_a_warehouse_that_dies_in_mid_load_keeps_the_old_tables(
    tmp_path: Path, start_process: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is a table of each mode, and each table has batches on the way."""
    monkeypatch.setattr(loader_warehouse, "UNAVAILABLE_S", 1.0)
    platform = Platform(tmp_path, free_ports(PORTS))
    process = start_process.start(platform.warehouse())
    process.wait()
    url = platform.url("warehouse")
    client = google_bigquery.Client("local-dev", AnonymousCredentials(), client_options={"api_endpoint": url})
    kit = Kit(url, "d", client, tmp_path / "spool")
    modes = (OVERWRITE, "incremental_append", DEDUPED)
    streams = [kit.stream(mode, name=mode) for mode in modes]
    kit.sync(*streams, rows=OLD)
    kit.states.clear()
    begun: list[Line] = [line for stream in streams for line in new(stream)]
    ended: list[Line] = [line for mode in modes for line in (state(mode, 1), status(mode))]

    def kill() -> None:
        wait_until(lambda: len(kit.tables()) >= 2 * len(modes), 60, "a staging table of each", 0.05)
        process.signal(signal.SIGKILL)

    with pytest.raises(SyncError) as caught:
        kit.run(Lines([*begun, kill, *begun, *ended]), *streams)
    assert caught.value.failure_type == "transient_error"
    assert kit.states == []
    process.popen.wait()
    start_process.start(platform.warehouse()).wait()
    assert [kit.rows(table=mode) for mode in modes] == [OLD_ROWS] * len(modes)
    kit.sync(*streams, rows=[{"id": 9, "name": "new"}])
    assert all((9, "new") in kit.rows(table=mode) for mode in modes)
    assert kit.tables() == set(modes)
    client.close()


def test_a_destination_checks_drops_and_misses_tables(kit: Kit, bigquery: google_bigquery.Client) -> None:
    kit.dataset += "_new"
    destination = BigQueryDestination(kit.destination, kit.url)
    streams = [kit.stream(OVERWRITE, name="a"), kit.stream(OVERWRITE, name="b")]
    assert destination.missing(streams) == streams  # not even a dataset
    destination.check()
    assert kit.tables() == set()
    kit.sync(streams[0], rows=OLD)
    assert destination.missing(streams) == [streams[1]]
    left = names.staging("a", "c", "0123456789ab")
    kit.client.create_table(google_bigquery.Table(f"local-dev.{kit.dataset}.{left}"))
    for stream in streams:
        destination.drop(stream, streams, "c")
    assert kit.tables() == set()
    bigquery.delete_dataset(kit.dataset, delete_contents=True)


def test_a_check_says_that_the_dataset_is_elsewhere(kit: Kit) -> None:
    with pytest.raises(SyncError, match="dataset_location") as caught:
        BigQueryDestination(kit.destination | {"dataset_location": "EU"}, kit.url).check()
    assert caught.value.failure_type == "config_error"

"""The messages of a connector, from its lines to rows, states and outcomes."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from airbyte_lite.connectors.protocol import ConnectorError
from airbyte_lite.loader import spool as spool_module
from airbyte_lite.loader import warehouse
from airbyte_lite.loader.errors import SyncCancelled, SyncError
from airbyte_lite.loader.load import StreamLoad
from airbyte_lite.loader.reader import Reader, StreamRead
from airbyte_lite.loader.rows import Column, RowFormatter
from airbyte_lite.loader.run_sync import prepared
from airbyte_lite.loader.spool import Spool
from airbyte_lite.loader.stream import SyncStream
from airbyte_lite.loader.sync import Sync, SyncProgress
from airbyte_lite.loader.types import FieldType


class Batches:
    """A stand-in for the loads: keeps the batches and states that it gets."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.taken: list[bytes] = []
        self.ended = 0

    def batch_full(self) -> None:
        self.taken.append(self.spool.take().read_bytes())

    def read_to_end(self) -> None:
        self.ended += 1


class Reading:
    """A reader of streams `a` and `b` (the latter in a namespace), and what it made of its lines."""

    def __init__(self, folder: Path) -> None:
        self.log: list[tuple[str, str]] = []
        self.progress = SyncProgress()
        streams = {}
        self.batches: dict[str, Batches] = {}
        for name, namespace in (("a", None), ("b", "n")):
            stream = SyncStream(name, namespace, {}, "incremental_append", [], [], name, 1)
            rows = RowFormatter([Column("id", "id", FieldType("NUMERIC"))], 1, 1)
            spool = Spool(folder, name)
            self.batches[name] = Batches(spool)
            load = cast(StreamLoad, self.batches[name])
            streams[namespace, name] = StreamRead(stream, rows, spool, load)
        self.reader = Reader(streams, lambda level, message: self.log.append((level, message)), self.progress)

    def read(self, *lines: bytes | dict[str, Any]) -> None:
        self.reader.read([line if isinstance(line, bytes) else orjson.dumps(line) + b"\n" for line in lines])

    def stream(self, name: str) -> StreamRead:
        return next(read for read in self.reader.streams.values() if read.stream.name == name)

    def rows(self, name: str) -> list[dict[str, Any]]:
        taken = self.stream(name).spool.take().read_bytes()
        return [orjson.loads(line) for line in b"".join([*self.batches[name].taken, taken]).splitlines()]


@pytest.fixture
def sync(tmp_path: Path) -> Iterator[Reading]:
    made = Reading(tmp_path)
    yield made
    for read in made.reader.streams.values():
        read.spool.close()


def record(stream: str, data: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "RECORD", "record": {"stream": stream, "data": data, "emitted_at": 0, **more}}


def status(stream: str, value: str, **more: Any) -> dict[str, Any]:
    descriptor = {"name": stream, **more}
    body = {"type": "STREAM_STATUS", "stream_status": {"stream_descriptor": descriptor, "status": value}}
    return {"type": "TRACE", "trace": body}


def test_records_go_to_their_stream_and_are_counted(sync: Reading) -> None:
    line = orjson.dumps(record("a", {"id": 1})) + b"\n"
    sync.read(line, record("b", {"id": 2}, namespace="n"), record("a", {"id": 3}, namespace=None))
    assert [row["id"] for row in sync.rows("a")] == [1, 3]
    assert [row["id"] for row in sync.rows("b")] == [2]
    assert sync.progress.records == 3
    assert sync.progress.bytes > 2 * len(line)
    assert sync.stream("a").records == 2


def test_a_full_batch_is_handed_over_while_reading(sync: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_module, "BATCH_BYTES", 1)
    sync.read(record("a", {"id": 1}), record("a", {"id": 2}))
    assert len(sync.batches["a"].taken) == 2


def test_a_record_of_another_stream_is_an_error(sync: Reading) -> None:
    with pytest.raises(SyncError, match="'c'"):
        sync.read(record("c", {}))
    with pytest.raises(SyncError, match="'b'"):
        sync.read(record("b", {}))  # without its namespace


def test_log_lines_keep_their_level_and_stray_text_is_information(sync: Reading) -> None:
    sync.read(
        {"type": "LOG", "log": {"level": "WARN", "message": "careful"}},
        b"plain text\n",
        b"\n",
        b'{"not": "a message"}\n',
        b"{'python': 'dict'}\n",
        b"42\n",
        b"\xff\xfe\n",
    )
    assert sync.log == [
        ("WARN", "careful"),
        ("INFO", "plain text"),
        ("INFO", '{"not": "a message"}'),
        ("INFO", "{'python': 'dict'}"),
        ("INFO", "42"),
        ("INFO", "��"),
    ]


def test_a_message_that_is_not_json_is_an_error_unless_it_was_cut_off(sync: Reading) -> None:
    with pytest.raises(ConnectorError, match="not valid JSON"):
        sync.read(b'{"type": "RECORD", "record": {"stream": "a"\n')
    sync.read(b'{"type": "RECORD", "record": {"stream": "a"')
    assert sync.progress.records == 0


def test_python_json_is_understood(sync: Reading) -> None:
    text = b'{"type": "RECORD", "record": {"stream": "a", "emitted_at": 0, "data": {"id": %b}}}\n'
    sync.read(text % b"NaN", text % b"-Infinity", text % b'"\\ud800"', text % b"7")
    rows = sync.rows("a")
    assert [row.get("id") for row in rows] == [None, None, None, 7]
    assert [len(row["_airbyte_meta"]["changes"]) for row in rows] == [1, 1, 1, 0]


def test_the_last_state_of_each_stream_is_kept(sync: Reading) -> None:
    def state(name: str, value: int, **more: str) -> dict[str, Any]:
        stream = {"stream_descriptor": {"name": name, **more}, "stream_state": {"at": value}}
        return {"type": "STATE", "state": {"type": "STREAM", "stream": stream}}

    sync.read(state("a", 1), state("b", 2, namespace="n"), state("a", 3), state("unknown", 4))
    for name, value in (("a", 3), ("b", 2)):
        kept = sync.stream(name).state
        assert kept is not None
        assert kept["stream"]["stream_state"] == {"at": value}
    assert sync.reader.global_state is None
    sync.read({"type": "STATE", "state": {"type": "GLOBAL", "global": {}}})
    assert sync.reader.global_state == {"type": "GLOBAL", "global": {}}


def test_a_stream_is_complete_when_its_last_status_says_so(sync: Reading) -> None:
    sync.read(status("a", "STARTED"), status("a", "RUNNING"), status("a", "COMPLETE"), status("b", "COMPLETE"))
    assert sync.stream("a").complete
    assert sync.batches["a"].ended == 1
    assert not sync.stream("b").complete  # that b has no namespace
    sync.read(status("b", "COMPLETE", namespace="n"), status("b", "INCOMPLETE", namespace="n"))
    assert not sync.stream("b").complete


def test_errors_are_kept_with_the_connectors_own_words(sync: Reading) -> None:
    body = {"message": "no such bucket", "internal_message": "inside", "failure_type": "config_error"}
    sync.read(
        {"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 0, "error": body}},
        {"type": "TRACE", "trace": {"type": "ESTIMATE", "estimate": {}}},
        {"type": "CONTROL", "control": {"type": "CONNECTOR_CONFIG", "connectorConfig": {"config": {"key": "secret"}}}},
    )
    [error] = sync.reader.errors
    assert (error.message, error.failure_type) == ("no such bucket", "config_error")
    assert sync.log == [("ERROR", "no such bucket"), ("DEBUG", "inside")]


def test_an_error_without_words_for_the_user_is_told_by_its_reason(sync: Reading) -> None:
    body = {
        "message": "Something went wrong in the connector. See the logs for more details.",
        "internal_message": "'amount' is not a column\nof orders",
        "stack_trace": "KeyError",
        "failure_type": "system_error",
    }
    sync.read({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 0, "error": body}})
    assert sync.reader.errors[0].message == "'amount' is not a column"
    assert sync.log[1] == ("DEBUG", "'amount' is not a column\nof orders\nKeyError")


class NoSource:
    """A connector that must not be read."""

    exit_code: int | None = None
    stopped = False

    def __iter__(self) -> Iterator[bytes]:
        raise AssertionError

    def stop(self) -> None:
        self.stopped = True


def sync_against(
    url: str,
    spool_dir: Path,
    streams: list[SyncStream] | None = None,
    log: Callable[[str, str], None] = lambda *_: None,
    **configuration: str,
) -> None:
    sync = Sync(
        connection_id="c",
        job_id=1,
        streams=streams or [],
        destination={"project_id": "p", "dataset_id": "d", **configuration},
        emulator_host=url,
        spool_dir=spool_dir,
        commit_state=lambda _: None,
        confirm_empty=lambda: None,
        log=log,
        progress=SyncProgress(),
        cancelled=threading.Event(),
    )
    with prepared(sync) as load:
        load.run(NoSource())


def test_a_warehouse_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warehouse, "UNAVAILABLE_S", 0.05)
    monkeypatch.setattr(warehouse, "FIRST_PAUSE_S", 0.01)
    log: list[str] = []
    with pytest.raises(SyncError, match=r"http://127\.0\.0\.1:1 does not answer") as caught:
        sync_against(
            "http://127.0.0.1:1", tmp_path / "spool", log=lambda *line: log.append(" ".join(line)), raw_data_dataset="r"
        )
    [line] = log
    assert line.startswith("WARN ")
    assert "raw_data_dataset (r) has no effect" in line
    assert caught.value.failure_type == "transient_error"
    assert not (tmp_path / "spool").exists()


def test_a_destination_needs_project_and_dataset(tmp_path: Path) -> None:
    with pytest.raises(SyncError, match="dataset_id"):
        sync_against("http://127.0.0.1:1", tmp_path / "spool", dataset_id="")


def test_a_key_that_is_none_is_not_repeated_in_the_message() -> None:
    with pytest.raises(SyncError, match="not a service account key") as caught:
        warehouse.Warehouse({"project_id": "p", "dataset_id": "d", "credentials_json": '{"private_key": "top'}, None)
    assert "top" not in caught.value.message


def test_requests_are_not_repeated_after_a_cancellation() -> None:
    halt = threading.Event()
    halt.set()
    connection = warehouse.Warehouse({"project_id": "p", "dataset_id": "d"}, "http://127.0.0.1:1")

    def refuse() -> None:
        raise ConnectionError

    with pytest.raises(SyncCancelled):
        connection.retry(halt)(refuse)()

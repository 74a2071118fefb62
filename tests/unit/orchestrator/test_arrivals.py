"""The sensor of changed files: which objects it sees and when it requests a run; it misses and repeats nothing."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connections_file import Connection, Source, Stream
from orchestrator.arrivals import known
from orchestrator.arrivals.cursor import RETRY_SECONDS, Cursor, Outcome
from orchestrator.arrivals.listing import Look, Seen, look, together
from orchestrator.arrivals.sensor import evaluate
from orchestrator.arrivals.watched import Watched, watched
from orchestrator.reading.objects import Files

SETTLE = 5.0
ORDERS = Watched(dg.AssetKey(["shop", "orders"]), ("shop/orders*.csv",), replaced=False)
LINES = Watched(dg.AssetKey(["shop", "lines"]), ("shop/lines.csv",), replaced=True)
STREAMS = (ORDERS, LINES)


@dataclass
class Bucket:
    """A bucket, Dagster's runs and the clock: what one sensor sees. Runs end when the test says so."""

    objects: dict[str, tuple[str, float]] = field(default_factory=dict)
    """Key → content and when it was written."""
    now: float = 1000.0
    cursor: Cursor = field(default_factory=Cursor)
    loaded: dict[str, set[bytes]] = field(default_factory=dict)
    runs: dict[str, Outcome] = field(default_factory=dict)
    tables: dict[str, list[Watched]] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    """Tables of runs in progress that somebody else started."""

    def known(self, stream: Watched) -> set[bytes] | None:
        return self.loaded.get(stream.name)

    def remember(self, stream: Watched, objects: set[bytes]) -> None:
        self.loaded[stream.name] = objects

    def is_busy(self, stream: Watched) -> bool:
        running = {s.name for key, run in self.runs.items() if run is Outcome.RUNNING for s in self.tables[key]}
        return stream.name in running | self.busy

    def outcome(self, run_key: str) -> Outcome:
        return self.runs.get(run_key, Outcome.ENDED)

    def put(self, key: str, content: str) -> None:
        self.objects[key] = content, self.now

    def seen(self, stream: Watched) -> Seen:
        found = {key: item for key, item in self.objects.items() if stream.reads(key)}
        hashes = {f"{key} {content}".encode() for key, (content, _) in found.items()}
        return Seen(hashes, max((written for _, written in found.values()), default=0.0))

    def look(self, seconds: float = 5.0) -> list[str]:
        """Look after some seconds; return the tables of the run that is requested."""
        self.now += seconds
        found = Look({stream.name: self.seen(stream) for stream in STREAMS}, len(self.objects))
        self.cursor, ready, _ = evaluate(self.cursor, STREAMS, found, self.now, SETTLE, self)
        self.cursor = Cursor.read(self.cursor.text()) or Cursor()
        if not ready:
            return []
        asked = self.cursor.streams[ready[0].name].asked
        assert asked
        assert asked.run_key not in self.runs, "Dagster would ignore a second run with this key"
        self.runs[asked.run_key], self.tables[asked.run_key] = Outcome.RUNNING, ready
        return [stream.name for stream in ready]

    def end(self, outcome: Outcome) -> None:
        """End the runs in progress. A sync that succeeded has loaded what is there."""
        for key in [key for key, run in self.runs.items() if run is Outcome.RUNNING]:
            self.runs[key] = outcome
            for stream in self.tables[key] if outcome in {Outcome.SUCCEEDED, Outcome.WRONG_DATA} else []:
                self.loaded[stream.name] = self.seen(stream).objects

    def looks(self, times: int, outcome: Outcome = Outcome.SUCCEEDED) -> list[list[str]]:
        """Look some times; each run ends before the next look. Return the runs."""
        found = []
        for _ in range(times):
            if tables := self.look():
                found.append(tables)
                self.end(outcome)
        return found


@pytest.fixture
def bucket() -> Bucket:
    """A bucket whose objects are known."""
    bucket = Bucket()
    bucket.put("shop/orders.csv", "1")
    bucket.put("shop/lines.csv", "1")
    assert bucket.looks(4) == []
    return bucket


def test_new_and_changed_objects_become_one_run_of_their_tables(bucket: Bucket) -> None:
    bucket.put("shop/orders.csv", "1,2")
    assert bucket.looks(5) == [["shop/orders"]]
    bucket.put("shop/orders-2.csv", "3")
    bucket.put("shop/lines.csv", "2")
    bucket.put("shop/readme.txt", "not of a stream")
    assert bucket.looks(5) == [["shop/orders", "shop/lines"]]
    bucket.put("shop/orders.csv", "1,2")  # the same content again
    assert bucket.looks(5) == []


def test_a_burst_is_one_run_after_its_last_object(bucket: Bucket) -> None:
    for number in range(8):
        bucket.put(f"shop/orders-{number}.csv", "1")
        assert bucket.look(3) == []
    assert bucket.looks(4) == [["shop/orders"]]


def test_objects_that_never_stop_arriving_are_loaded_after_a_minute(bucket: Bucket) -> None:
    looks = []
    for number in range(16):
        bucket.put(f"shop/orders-{number}.csv", "1")
        looks.append(bucket.look(4.9))
    assert looks.index(["shop/orders"]) == 13  # 60 s after the first look that saw them


def test_a_stream_waits_for_the_files_that_arrive_with_its_own(bucket: Bucket) -> None:
    bucket.put("shop/orders.csv", "2")
    assert bucket.look() == []
    bucket.put("shop/lines.csv", "2")
    assert bucket.look() == []
    assert bucket.looks(3) == [["shop/orders", "shop/lines"]]


def test_a_clock_of_s3_that_is_ahead_does_not_hold_files_up(bucket: Bucket) -> None:
    bucket.objects["shop/orders.csv"] = "2", bucket.now + 3600
    assert bucket.looks(4) == [["shop/orders"]]


def test_a_change_waits_for_the_run_in_progress(bucket: Bucket) -> None:
    bucket.put("shop/orders.csv", "2")
    assert bucket.looks(1) == []
    assert bucket.look() == ["shop/orders"]
    bucket.put("shop/orders.csv", "3")
    assert [bucket.look() for _ in range(4)] == [[]] * 4
    bucket.runs = dict.fromkeys(bucket.runs, Outcome.SUCCEEDED)
    assert bucket.looks(4) == [["shop/orders"]]


def test_a_run_that_somebody_started_is_waited_for_and_not_repeated(bucket: Bucket) -> None:
    bucket.put("shop/orders.csv", "2")
    bucket.busy.add("shop/orders")
    assert bucket.looks(4) == []
    bucket.busy.clear()
    bucket.loaded["shop/orders"] = bucket.seen(ORDERS).objects
    assert bucket.looks(4) == []


def test_objects_that_return_to_an_earlier_state_are_loaded_again(bucket: Bucket) -> None:
    for content in ("2", "1", "2", "1"):
        bucket.put("shop/orders.csv", content)
        assert bucket.looks(4) == [["shop/orders"]]


def test_deleted_objects(bucket: Bucket) -> None:
    bucket.put("shop/orders-2.csv", "2")
    bucket.looks(4)
    del bucket.objects["shop/orders-2.csv"]
    assert bucket.looks(4) == []  # the sync would not delete their rows
    del bucket.objects["shop/lines.csv"]
    assert bucket.looks(4) == []  # the sync would fail, because no object is left


def test_a_deleted_object_of_a_replaced_table_is_a_change() -> None:
    bucket, seen = Bucket(), {b"a", b"b"}
    both = Watched(LINES.table, ("shop/**",), replaced=True)
    bucket.loaded[both.name] = seen
    runs = []
    for now in (1000.0, 1010.0):
        bucket.cursor, ready, _ = evaluate(
            bucket.cursor, [both], Look({both.name: Seen({b"a"}, 1.0)}, 1), now, SETTLE, bucket
        )
        runs.append([stream.name for stream in ready])
    assert runs == [[], ["shop/lines"]]


@pytest.mark.parametrize("text", [None, "", "{", '{"version": 2}', '{"streams": {"shop/orders": 1}}'])
def test_a_lost_cursor_starts_nothing_that_was_loaded_and_misses_nothing_that_was_not(
    bucket: Bucket, text: str | None
) -> None:
    bucket.cursor = Cursor.read(text) or Cursor()
    assert bucket.looks(4) == []
    bucket.put("shop/orders.csv", "2")
    bucket.cursor = Cursor.read(text) or Cursor()
    assert bucket.looks(4) == [["shop/orders"]]


def test_a_run_without_wrong_data_is_repeated_with_growing_pauses(bucket: Bucket) -> None:
    bucket.put("shop/orders.csv", "2")
    started = []
    for _ in range(3000):
        if bucket.look():
            started.append(bucket.now)
            bucket.end(Outcome.FAILED)
    pauses = [later - earlier for earlier, later in itertools.pairwise(started)]
    expected = [*RETRY_SECONDS, *(RETRY_SECONDS[-1:] * 100)]
    assert pauses == [seconds + 5 for seconds in expected[: len(pauses)]]
    assert len(pauses) > len(RETRY_SECONDS) + 3, "it goes on for as long as the outage"
    bucket.put("shop/orders.csv", "3")
    assert bucket.looks(4) == [["shop/orders"]]


def test_wrong_data_waits_for_the_corrected_file(bucket: Bucket) -> None:
    bucket.put("shop/orders.csv", "wrong")
    assert bucket.looks(200, Outcome.WRONG_DATA) == [["shop/orders"]]
    bucket.put("shop/orders.csv", "right")
    assert bucket.looks(4) == [["shop/orders"]]


@pytest.mark.parametrize("outcome", [Outcome.SUCCEEDED, Outcome.WRONG_DATA])
def test_objects_that_change_and_change_back_while_a_run_waits_are_loaded_again(
    bucket: Bucket, outcome: Outcome
) -> None:
    bucket.put("shop/orders.csv", "2")
    assert [bucket.look(), bucket.look()] == [[], ["shop/orders"]]
    bucket.put("shop/orders.csv", "3")
    bucket.end(outcome)
    bucket.put("shop/orders.csv", "2")
    assert bucket.looks(4) == [["shop/orders"]]


def test_wrong_data_of_another_table_does_not_end_the_load_of_a_table_that_failed(bucket: Bucket) -> None:
    bucket.put("shop/orders.csv", "2")
    bucket.put("shop/lines.csv", "wrong")
    assert [bucket.look(), bucket.look()] == [[], ["shop/orders", "shop/lines"]]
    before = bucket.loaded["shop/orders"]
    bucket.end(Outcome.WRONG_DATA)
    bucket.loaded["shop/orders"] = before
    bucket.look()
    assert bucket.look(40.0) == ["shop/orders"]


def test_objects_that_change_and_change_back_after_a_failed_run_are_loaded(bucket: Bucket) -> None:
    bucket.put("shop/orders.csv", "2")
    assert [bucket.look(), bucket.look()] == [[], ["shop/orders"]]
    bucket.end(Outcome.FAILED)
    bucket.put("shop/orders.csv", "3")
    assert bucket.look() == []
    bucket.put("shop/orders.csv", "2")
    assert bucket.looks(4) == [["shop/orders"]]


STEPS = st.lists(
    st.sampled_from(
        [
            *(
                ("put", key, content)
                for key in ("shop/orders.csv", "shop/orders-2.csv", "shop/lines.csv")
                for content in "abc"
            ),
            *(("look", "", ""),) * 6,
            *(("end", "", outcome) for outcome in ("succeeded", "succeeded", "failed", "failed", "wrong data")),
            ("lose the cursor", "", ""),
        ]
    ),
    max_size=40,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_whatever_happens_every_content_is_loaded_in_the_end_and_then_nothing_runs(
    steps: list[tuple[str, str, str]],
) -> None:
    bucket = Bucket(now=1000.0)
    bucket.loaded = {stream.name: set() for stream in STREAMS}
    for what, key, value in steps:
        if what == "put":
            bucket.put(key, value)
        elif what == "look":
            bucket.look()
        elif what == "end":
            bucket.end(Outcome(value))
        else:
            bucket.cursor = Cursor()
    bucket.end(Outcome.SUCCEEDED)
    bucket.looks(6)
    bucket.now += max(RETRY_SECONDS)
    bucket.looks(6)
    assert {stream.name: bucket.seen(stream).objects for stream in STREAMS if bucket.seen(stream).objects} == {
        name: objects for name, objects in bucket.loaded.items() if objects
    }
    assert bucket.looks(4) == []


class Client:
    """S3 with these keys; counts its requests."""

    def __init__(self, keys: list[str]) -> None:
        self.keys, self.requests = sorted(keys), 0

    def get_paginator(self, _name: str) -> "Client":
        return self

    def paginate(self, *, Prefix: str, **_: str) -> Iterator[dict[str, Any]]:
        found = [key for key in self.keys if key.startswith(Prefix)]
        when = datetime(2026, 1, 1, tzinfo=UTC)
        for start in range(0, max(len(found), 1), 1000):
            self.requests += 1
            page = found[start : start + 1000]
            yield {"Contents": [{"Key": key, "ETag": key, "Size": 1, "LastModified": when} for key in page]}


def seen(keys: list[str], *globs: str) -> tuple[list[int], int]:
    """Return how many objects the streams with these globs have, and the number of requests."""
    streams = [Watched(dg.AssetKey(str(number)), (glob,), False) for number, glob in enumerate(globs)]
    client = Client(keys)
    found = look(Files(client, "bucket"), streams)  # type: ignore[arg-type]
    return [len(found.streams[stream.name].objects) for stream in streams], client.requests


def test_files_of_a_folder_are_listed_together_unless_the_folder_is_large() -> None:
    files = [f"shop/{number:02}.csv" for number in range(60)]
    assert seen([*files, "other/1.csv"], *files) == ([1] * 60, 1)
    assert seen([*files, *(f"shop/{number}.txt" for number in range(5000))], *files) == ([1] * 60, 61)
    assert seen(["a.csv", "b.csv", "b.csv.old"], "a.csv", "b.csv") == ([1, 1], 1)
    assert seen(["a/1.csv", "a/b/1.csv"], "a/**/*.csv", "a/b/1.csv", "**") == ([2, 1, 2], 1)


def test_globs_archives_and_folders() -> None:
    keys = ["a/", "a/1.csv", "a/1.txt", "a/b/2.csv", "a/c.zip"]
    assert seen(keys, "a/*.csv", "a/**/*.csv", "a/c.zip#*.csv", "a/[12].csv")[0] == [1, 2, 1, 1]


def test_thousands_of_objects_are_paged_and_the_cursor_stays_small() -> None:
    [number], requests = seen([f"a/{number}.csv" for number in range(5000)], "a/*.csv")
    assert (number, requests) == (5000, 5)
    bucket = Bucket()
    found = Look({ORDERS.name: Seen({str(n).encode() for n in range(5000)}, 0.0)}, 5000)
    cursor, _, _ = evaluate(Cursor(), [ORDERS], found, 1000.0, SETTLE, bucket)
    assert len(cursor.text()) < 250
    assert cursor.rest_until == 1000.0 + 25


def test_together() -> None:
    assert together(["a/1", "a/2", "b/1"]) == [("a/", ("a/1", "a/2")), ("b/1", ())]
    assert together(["", "a/1"]) == [("", ())]


def test_only_streams_of_the_platforms_bucket_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_BUCKET", "shop")

    def found(connector: str = "source-s3", status: str = "active", **configuration: Any) -> list[Watched]:
        options = {"bucket": "shop", "streams": [{"name": "a", "globs": ["a/*"], "format": {"filetype": "excel"}}]}
        source = Source(name="s", connector=connector, configuration=options | configuration)
        stream = Stream(name="a", sync_mode="full_refresh_overwrite", dbt_source="x.a")
        return watched(
            [
                Connection.model_validate(
                    {"name": "c", "source": "s", "destination": "d", "streams": [stream], "status": status}
                )
            ],
            {"s": source},
        )

    assert found() == [Watched(dg.AssetKey(["x", "a"]), ("a/*",), True)]
    assert found(start_date="2026-01-01T00:00:00Z") == found()
    assert found(status="inactive") == found(bucket="other") == found(connector="source-file") == []


def test_known_objects_are_kept_by_the_instance() -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        assert known.known(instance, ORDERS) is None
        known.remember(instance, ORDERS, {b"12345678", b"abcdefgh"})
        assert known.known(instance, ORDERS) == {b"12345678", b"abcdefgh"}
        instance.daemon_cursor_storage.set_cursor_values({f"file_sensor/{ORDERS.name}": "not base64!"})
        assert known.known(instance, ORDERS) is None

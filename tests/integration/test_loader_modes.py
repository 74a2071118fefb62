"""The sync modes, loaded into the emulator and checked with the official client."""

import uuid
from typing import Any

import pytest
from google.cloud import bigquery as google_bigquery

from airbyte_lite.loader import spool
from airbyte_lite.loader.errors import SyncError

from .google_front import Front
from .loader_kit import EMITTED_AT, Kit, Line, Lines, record, state, status

OVERWRITE, DEDUPED = "full_refresh_overwrite", "incremental_deduped_history"
APPEND = ["full_refresh_append", "incremental_append"]
LATER = EMITTED_AT + 60_000


@pytest.fixture(params=["one batch", "many batches"])
def batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "many batches":
        monkeypatch.setattr(spool, "BATCH_BYTES", 400)


@pytest.mark.usefixtures("batches")
def test_overwrite_replaces_the_rows(kit: Kit) -> None:
    kit.sync(kit.stream(OVERWRITE), rows=[{"id": n, "name": "old"} for n in range(5)])
    progress = kit.sync(kit.stream(OVERWRITE, generation_id=2), rows=[{"id": n, "name": "new"} for n in range(3)])
    assert kit.rows() == [(0, "new"), (1, "new"), (2, "new")]
    assert kit.rows("DISTINCT _airbyte_generation_id") == [(2,)]
    assert kit.tables() == {"t"}
    assert kit.states == []  # a full refresh is read from the start each time
    assert not kit.spool.exists()
    assert progress.records == 3
    assert progress.bytes > 150


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize("mode", [OVERWRITE, *APPEND, DEDUPED])
def test_layout(kit: Kit, mode: str) -> None:
    kit.sync(kit.stream(mode), rows=[{"id": n} for n in range(4)])
    table = kit.table()
    assert table.time_partitioning is not None
    assert (table.time_partitioning.type_, table.time_partitioning.field) == ("DAY", "_airbyte_extracted_at")
    assert table.clustering_fields == ["id", "_airbyte_extracted_at"]
    assert [(item.name, item.field_type, item.mode) for item in table.schema] == [
        ("_airbyte_raw_id", "STRING", "REQUIRED"),
        ("_airbyte_extracted_at", "TIMESTAMP", "REQUIRED"),
        ("_airbyte_meta", "JSON", "REQUIRED"),
        ("_airbyte_generation_id", "INTEGER", "NULLABLE"),
        ("id", "INTEGER", "NULLABLE"),
        ("name", "STRING", "NULLABLE"),
        ("at", "TIMESTAMP", "NULLABLE"),
    ]
    [(raw_id, at, meta, generation), *others] = kit.rows(
        "_airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta, _airbyte_generation_id"
    )
    assert uuid.UUID(raw_id).version == 7
    assert len({raw_id, *(row[0] for row in others)}) == 4
    assert at.timestamp() * 1000 == EMITTED_AT
    assert (meta, generation) == ({"sync_id": 1, "changes": []}, 1)


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize("mode", APPEND)
def test_append_keeps_the_rows(kit: Kit, mode: str) -> None:
    kit.sync(kit.stream(mode), rows=[{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
    kit.sync(kit.stream(mode, generation_id=2), rows=[{"id": 2, "name": "c"}, {"id": 3, "name": "d"}])
    assert kit.rows("id, name, _airbyte_generation_id") == [(1, "a", 1), (2, "b", 1), (2, "c", 2), (3, "d", 2)]
    assert kit.tables() == {"t"}
    assert kit.states == ([{"at": 2}, {"at": 2}] if mode == "incremental_append" else [])


@pytest.mark.usefixtures("batches")
def test_deduped_keeps_the_newest_of_each_key(kit: Kit) -> None:
    def at(day: int) -> str:
        return f"2024-01-{day:02d}T00:00:00Z"

    stream = kit.stream(DEDUPED, cursor_field=["at"])
    kit.sync(
        stream,
        rows=[
            {"id": 1, "name": "older, after", "at": at(2)},
            {"id": 1, "name": "newest", "at": at(3)},
            {"id": 1, "name": "older, before", "at": at(1)},
            {"id": 2, "name": "first of equals", "at": at(1)},
            {"id": 2, "name": "last of equals", "at": at(1)},
            {"id": None, "name": "no key", "at": at(1)},
            {"name": "no key either", "at": at(2)},
            {"id": 3, "name": "no cursor"},
            {"id": 3, "name": "cursor", "at": at(1)},
        ],
    )
    assert kit.rows() == [(1, "newest"), (2, "last of equals"), (3, "cursor"), (None, "no key either")]
    kit.sync(
        stream,
        at=LATER,
        rows=[
            {"id": 1, "name": "too late", "at": at(1)},
            {"id": 2, "name": "same cursor, emitted later", "at": at(1)},
            {"id": 3, "name": "cursor lost"},
            {"id": None, "name": "newer", "at": at(9)},
            {"id": 4, "name": "another", "at": at(1)},
        ],
    )
    assert kit.rows() == [
        (1, "newest"),
        (2, "same cursor, emitted later"),
        (3, "cursor"),
        (4, "another"),
        (None, "newer"),
    ]
    assert kit.tables() == {"t"}
    assert kit.states == [{"at": 9}, {"at": 5}]
    told = [text for level, text in kit.log if level == "WARN"]
    assert ["1 of 9 records have no value of the cursor at" in told[0], "1 of 5 records" in told[1]] == [True, True]


def test_a_record_whose_cursor_does_not_fit_is_noted_in_the_row_that_it_does_not_replace(kit: Kit) -> None:
    """The landing check finds it there. Otherwise the record would be missing without a word."""
    cursor = 'last "seen" é\'s'
    fields = {"id": {"type": "integer"}, "name": {"type": "string"}, cursor: {"type": "string", "format": "date-time"}}
    stream = kit.stream(DEDUPED, fields=fields, cursor_field=[cursor])
    good = "2024-01-02T00:00:00Z"

    def rows(*rows: tuple[int, str, Any]) -> list[dict[str, Any]]:
        return [{"id": key, "name": name, cursor: at} for key, name, at in rows]

    def noted() -> list[tuple[Any, ...]]:
        return kit.rows("id, name, json_query_array(_airbyte_meta, '$.changes')")

    change = {"field": cursor, "change": "NULLED", "reason": "DESTINATION_TYPECAST_ERROR"}
    kit.sync(stream, rows=rows((1, "good", good), (1, "lost", "soon"), (2, "only", "soon"), (3, "none", None)))
    assert noted() == [(1, "good", [change]), (2, "only", [change]), (3, "none", [])]
    for at in (LATER, LATER + 1):
        kit.sync(stream, at=at, rows=rows((1, "lost", "x"), (3, "lost", "x"), (4, "new", good), (4, "lost", "x")))
        assert noted() == [(1, "good", [change]), (2, "only", [change]), (3, "lost", [change]), (4, "new", [change])]
    kit.sync(stream, at=LATER + 2, rows=rows(*((key, "right", "2024-01-03T00:00:00Z") for key in (1, 2, 3, 4))))
    assert noted() == [(key, "right", []) for key in (1, 2, 3, 4)]
    # Rows of one key, from an append, and a row of an old Airbyte release.
    kit.sync(kit.stream("incremental_append", fields=fields), rows=rows((1, "again", good)))
    kit.client.query(f"UPDATE `{kit.dataset}.t` SET _airbyte_meta = JSON '{{\"errors\":[]}}' WHERE id = 2").result()
    kit.sync(stream, at=LATER + 3, rows=rows((1, "lost", "x"), (2, "lost", "x")))
    changed = [(1, "again", [change]), (1, "right", [change]), (2, "right", [change])]
    assert noted() == [*changed, (3, "right", []), (4, "right", [])]


def test_deduped_without_a_cursor_takes_the_last_emitted(kit: Kit) -> None:
    kit.sync(kit.stream(DEDUPED), rows=[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}], at=LATER)
    kit.sync(kit.stream(DEDUPED), rows=[{"id": 1, "name": "emitted before"}], at=EMITTED_AT)
    assert kit.rows() == [(1, "b")]


def test_deduped_by_two_keys_of_which_one_may_be_missing(kit: Kit) -> None:
    stream = kit.stream(DEDUPED, primary_key=[["id"], ["name"]])
    for at in (EMITTED_AT, LATER):
        kit.sync(stream, rows=[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}, {"id": 1}, {"name": "a"}, {}], at=at)
    assert kit.rows() == [(1, "a"), (1, "b"), (1, None), (None, "a"), (None, None)]


@pytest.mark.parametrize("mode", [*APPEND, DEDUPED])
def test_nothing_to_append_makes_an_empty_table_and_keeps_rows(kit: Kit, mode: str) -> None:
    kit.sync(kit.stream(mode))
    assert kit.rows() == []
    kit.sync(kit.stream(mode), rows=[{"id": 1, "name": "a"}])
    kit.sync(kit.stream(mode))
    assert kit.rows() == [(1, "a")]
    assert kit.empty_checks == 0


def test_an_overwrite_with_nothing_asks_before_it_empties_the_table(kit: Kit) -> None:
    kit.sync(kit.stream(OVERWRITE), rows=[{"id": 1, "name": "a"}])
    kit.refuse_empty = SyncError("no file matches", "config_error")
    with pytest.raises(SyncError, match="no file matches"):
        kit.sync(kit.stream(OVERWRITE))
    assert kit.rows() == [(1, "a")]
    kit.refuse_empty = None
    kit.sync(kit.stream(OVERWRITE))
    assert kit.rows() == []
    assert kit.empty_checks == 2


@pytest.mark.parametrize("mode", ["incremental_append", DEDUPED])
def test_state_is_committed_after_its_rows_are_in_the_table(kit: Kit, mode: str) -> None:
    seen = []
    kit.on_state = lambda: seen.append(kit.rows())
    kit.sync(kit.stream(mode), rows=[{"id": 1, "name": "a"}])
    assert seen == [[(1, "a")]]


@pytest.mark.usefixtures("batches")
def test_streams_of_one_sync_are_told_apart(kit: Kit) -> None:
    streams = [
        kit.stream(OVERWRITE, name="o"),
        kit.stream("incremental_append", name="a"),
        kit.stream(DEDUPED, name="d"),
    ]
    lines: list[Line] = [record(name, {"id": n, "name": name}) for n in range(4) for name in ("o", "a", "d")]
    lines += [item for name in ("o", "a", "d") for item in (state(name, name), status(name))]
    kit.run(Lines(lines), *streams)
    assert [kit.rows("COUNT(*), MIN(name), MAX(name)", name) for name in ("o", "a", "d")] == [
        [(4, "o", "o")],
        [(4, "a", "a")],
        [(4, "d", "d")],
    ]
    assert kit.states == [{"at": "a"}, {"at": "d"}]
    assert kit.tables() == {"o", "a", "d"}


def test_a_global_state_is_committed_when_all_is_loaded(kit: Kit) -> None:
    shared = {"type": "GLOBAL", "global": {"shared_state": {"lsn": 1}, "stream_states": []}}
    seen = []
    kit.on_state = lambda: seen.append((kit.rows(table="a"), kit.rows(table="b")))
    streams = [kit.stream("incremental_append", name=name) for name in ("a", "b")]
    lines: list[Line] = [record(name, {"id": 1, "name": name}) for name in ("a", "b")]
    kit.run(Lines([*lines, {"type": "STATE", "state": shared}, status("a"), status("b")]), *streams)
    assert kit.states == [shared]
    assert seen == [([(1, "a")], [(1, "b")])]


@pytest.mark.parametrize(("mode", "most"), [(OVERWRITE, 6), ("incremental_append", 6), (DEDUPED, 9)])
def test_a_small_table_takes_few_requests(kit: Kit, strict_warehouse: Front, mode: str, most: int) -> None:
    """A small sync takes as long as its requests."""
    kit.sync(kit.stream(mode), rows=[{"id": 1, "name": "x"}])
    strict_warehouse.requests.clear()
    kit.sync(kit.stream(mode), rows=[{"id": n, "name": "x"} for n in range(100)])
    polls = ("/jobs/", "/queries/")  # more of them on a busy machine
    requests = [request for request in strict_warehouse.requests if not any(poll in request for poll in polls)]
    assert len(requests) <= most, requests


@pytest.mark.parametrize("location", ["US", "EU"])
def test_the_dataset_is_made_where_it_is_wanted(kit: Kit, bigquery: google_bigquery.Client, location: str) -> None:
    kit.dataset += "_new"
    kit.location = location
    kit.sync(kit.stream(OVERWRITE), rows=[{"id": 1, "name": "a"}])
    assert kit.table().num_rows == 1
    assert bigquery.get_dataset(kit.dataset).location == location
    bigquery.delete_dataset(kit.dataset, delete_contents=True)

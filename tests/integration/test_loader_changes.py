"""Schemas that change and values that do not fit, in the emulator's own answers."""

import json
import re
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from airbyte_lite.loader import spool
from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.jobs import Jobs
from airbyte_lite.loader.load import StreamLoad

from .google_front import Front
from .loader_kit import EMITTED_AT, Kit, Lines, record, status

OVERWRITE, DEDUPED = "full_refresh_overwrite", "incremental_deduped_history"
KEEPING = ["full_refresh_append", "incremental_append", DEDUPED]
ID, TEXT, NUMBER, BOOL = {"type": "integer"}, {"type": "string"}, {"type": "number"}, {"type": "boolean"}
DAY, MOMENT = {"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}


@pytest.fixture(params=["one batch", "many batches"])
def batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "many batches":
        monkeypatch.setattr(spool, "BATCH_BYTES", 200)


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize("mode", KEEPING)
def test_new_columns_are_added_and_lost_ones_are_null(kit: Kit, mode: str) -> None:
    kit.sync(kit.stream(mode, fields={"id": ID, "old": TEXT}), rows=[{"id": 1, "old": "x"}, {"id": 2, "old": "y"}])
    kit.sync(kit.stream(mode, fields={"id": ID, "new": NUMBER}), rows=[{"id": 3, "new": 1.5}, {"id": 4, "new": 2}])
    assert kit.schema() == {"id": "INTEGER", "old": "STRING", "new": "NUMERIC"}
    assert kit.rows("id, old, `new`") == [
        (1, "x", None),
        (2, "y", None),
        (3, None, Decimal("1.5")),
        (4, None, Decimal(2)),
    ]


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize("mode", KEEPING)
def test_a_narrower_type_keeps_the_column_and_nulls_what_does_not_cast(kit: Kit, mode: str) -> None:
    kit.sync(kit.stream(mode, fields={"id": ID, "value": NUMBER}), rows=[{"id": 1, "value": 10.5}])
    kit.sync(kit.stream(mode, fields={"id": ID, "value": ID}), rows=[{"id": 2, "value": 20}, {"id": 3, "value": "x"}])
    assert kit.schema() == {"id": "INTEGER", "value": "NUMERIC"}
    changes = [{"field": "value", "change": "NULLED", "reason": "DESTINATION_TYPECAST_ERROR"}]
    assert kit.rows("id, value, _airbyte_meta") == [
        (1, Decimal("10.5"), {"sync_id": 1, "changes": []}),
        (2, Decimal(20), {"sync_id": 2, "changes": []}),
        (3, None, {"sync_id": 2, "changes": changes}),
    ]
    assert any(level == "WARN" and "1 values of value are not valid" in text for level, text in kit.log)


WIDENED: dict[str, tuple[dict[str, Any], Any, dict[str, Any], Any, Any]] = {
    # for each column: the first type and value, the second type and value, and the first value afterwards
    "int_number": (ID, 5, NUMBER, 5.25, Decimal(5)),
    "int_text": (ID, 7, TEXT, "x", "7"),
    "number_text": (NUMBER, 5.50, TEXT, "x", "5.5"),
    "whole_text": (NUMBER, 100, TEXT, "x", "100"),
    "bool_int": ({"type": "boolean"}, True, ID, 2, 1),
    "bool_number": ({"type": "boolean"}, False, NUMBER, 2.5, Decimal(0)),
    "bool_text": ({"type": "boolean"}, True, TEXT, "x", "true"),
    "day_moment": (DAY, "2024-02-03", MOMENT, "2024-01-02T03:04:05Z", datetime(2024, 2, 3, tzinfo=UTC)),
    "day_text": (DAY, "2024-02-03", TEXT, "x", "2024-02-03"),
    "moment_text": (MOMENT, "2024-01-02T03:04:05Z", TEXT, "x", "2024-01-02 03:04:05+00"),
    "int_object": (ID, 7, {"type": "object"}, {"a": 1}, "7"),
}


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize("mode", KEEPING)
def test_a_wider_type_keeps_every_value(kit: Kit, mode: str) -> None:
    old = {"id": ID} | {name: first for name, (first, *_) in WIDENED.items()}
    kit.sync(kit.stream(mode, fields=old), rows=[{"id": 1} | {name: row[1] for name, row in WIDENED.items()}])
    kit.client.query(f"ALTER TABLE `{kit.dataset}.t` ALTER COLUMN int_text SET OPTIONS (description='kept')").result()
    layout = kit.table()
    new = {"id": ID} | {name: row[2] for name, row in WIDENED.items()}
    stream = kit.stream(mode, fields=new)
    kit.sync(stream, rows=[{"id": 2} | {name: row[3] for name, row in WIDENED.items()}])
    columns = list(WIDENED)
    [first, second] = kit.rows(f"id, {', '.join(columns)}")
    assert dict(zip(columns, first[1:], strict=True)) == {name: row[4] for name, row in WIDENED.items()}
    assert None not in second
    assert (second[1], second[-1]) == (Decimal("5.25"), '{"a":1}')
    table = kit.table()
    assert table.clustering_fields == layout.clustering_fields
    assert table.time_partitioning == layout.time_partitioning
    assert [item.mode for item in table.schema] == [item.mode for item in layout.schema]
    assert next(item.description for item in table.schema if item.name == "int_text") == "kept"
    assert kit.tables() == {"t"}
    assert sum("Its values were kept" in text for _, text in kit.log) == len(WIDENED)


@pytest.mark.parametrize("columns", [1, 6])
def test_integers_become_numbers_in_place_unless_they_are_many(kit: Kit, strict_warehouse: Front, columns: int) -> None:
    """BigQuery allows five changes of a table's metadata in ten seconds."""
    names = [f"value_{number}" for number in range(columns)]
    mode, exact = "incremental_append", 2**53 + 1
    kit.sync(kit.stream(mode, fields={"id": ID} | dict.fromkeys(names, ID)), rows=[dict.fromkeys(names, exact)])
    queries = len(strict_warehouse.queries)
    kit.sync(kit.stream(mode, fields={"id": ID} | dict.fromkeys(names, NUMBER)), rows=[dict.fromkeys(names, 0.5)])
    sent = [name for name, _ in strict_warehouse.queries[queries:]]
    assert len([name for name in sent if "_commit_type" in name]) == (columns if columns == 1 else 0)
    assert len([name for name in sent if "_cast_" in name]) == (0 if columns == 1 else 1)
    assert kit.rows(names[-1]) == [(Decimal("0.5"),), (Decimal(exact),)]


def test_a_sync_that_ends_after_the_type_was_changed_loses_nothing(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.sync(kit.stream(DEDUPED, fields={"id": ID}), rows=[{"id": 1}])
    stream = kit.stream(DEDUPED, fields={"id": TEXT})

    def killed(*_: object) -> None:
        raise SyncError("killed")

    for name, kind in (("copy", "INTEGER"), ("_merge", "STRING")):
        with monkeypatch.context() as patch:
            patch.setattr(Jobs if name == "copy" else StreamLoad, name, killed)
            patch.setattr(StreamLoad, "clean", lambda _: None)  # a killed process does not tidy up
            with pytest.raises(SyncError, match="killed"):
                kit.sync(stream, rows=[{"id": "x"}])
        assert (kit.schema(), len(kit.rows("id"))) == ({"id": kind}, 1)
    kit.sync(stream, rows=[{"id": "x"}, {"id": "1"}])
    assert kit.rows("id") == [("1",), ("x",)]
    assert kit.tables() == {"t"}


def test_a_changed_key_of_a_deduplicated_row_loses_the_lost_columns_values(kit: Kit) -> None:
    kit.sync(kit.stream(DEDUPED, fields={"id": ID, "old": TEXT}), rows=[{"id": 1, "old": "x"}])
    kit.sync(kit.stream(DEDUPED, fields={"id": ID}), rows=[{"id": 1}], at=1_800_000_000_000)
    assert kit.rows("id, old") == [(1, None)]


@pytest.mark.usefixtures("batches")
def test_overwrite_takes_the_new_schema(kit: Kit) -> None:
    kit.sync(kit.stream(OVERWRITE, fields={"id": ID, "old": TEXT}), rows=[{"id": 1, "old": "x"}, {"id": 2, "old": "y"}])
    kit.sync(kit.stream(OVERWRITE, fields={"id": TEXT, "new": ID}), rows=[{"id": "a", "new": 1}, {"id": "b", "new": 2}])
    assert kit.schema() == {"id": "STRING", "new": "INTEGER"}
    assert kit.rows("id, `new`") == [("a", 1), ("b", 2)]


@pytest.mark.usefixtures("batches")
def test_a_new_key_clusters_the_table_anew(kit: Kit) -> None:
    rows = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    for mode in (OVERWRITE, "incremental_append"):
        kit.sync(kit.stream(mode, name=mode), rows=rows)
        kit.sync(kit.stream(mode, name=mode, primary_key=[["name"]]), rows=rows)
        assert kit.table(mode).clustering_fields == ["name", "_airbyte_extracted_at"]


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize("mode", [OVERWRITE, "full_refresh_append", "incremental_append"])
def test_a_key_that_is_a_new_column(kit: Kit, mode: str) -> None:
    rows = [{"id": 1, "code": "a"}, {"id": 2, "code": "b"}]
    kit.sync(kit.stream(mode, fields={"id": ID}), rows=rows)
    stream = kit.stream(mode, fields={"id": ID, "code": TEXT}, primary_key=[["code"]])
    for _ in range(2):
        kit.sync(stream, rows=rows)
        assert kit.table().clustering_fields == ["code", "_airbyte_extracted_at"]
    assert {(1, "a"), (2, "b")} <= set(kit.rows("id, code"))
    assert kit.tables() == {"t"}


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize("mode", [OVERWRITE, "full_refresh_append", "incremental_append"])
@pytest.mark.parametrize(
    ("old", "new", "overwritten", "appended"),
    [
        (ID, TEXT, "STRING", "STRING"),
        (NUMBER, {"type": "array"}, "JSON", "STRING"),
        ({"type": "array"}, ID, "INTEGER", "JSON"),
    ],
)
def test_a_key_whose_type_changed(
    kit: Kit, mode: str, old: dict[str, Any], new: dict[str, Any], overwritten: str, appended: str
) -> None:
    kit.sync(kit.stream(mode, fields={"id": old, "name": TEXT}), rows=[{"name": "a"}, {"name": "b"}])
    for _ in range(2):
        kit.sync(kit.stream(mode, fields={"id": new, "name": TEXT}), rows=[{"name": "c"}, {"name": "d"}])
    now = overwritten if mode == OVERWRITE else appended
    assert kit.schema()["id"] == now
    assert kit.table().clustering_fields == [*([] if now == "JSON" else ["id"]), "_airbyte_extracted_at"]


@pytest.mark.parametrize(
    ("old", "before", "new", "others", "now"),
    [
        (ID, 7, TEXT, ["8", "x", "0"], "007"),
        (ID, -7, TEXT, ["7", "-07x"], " -7.0\n"),
        (DAY, "2024-01-02", TEXT, ["2024-01-01"], "2024-1-2"),
        (TEXT, "007", ID, [70], 7),
        (TEXT, "Yes", BOOL, [False], True),
    ],
)
def test_a_key_with_another_text_after_a_change_of_its_type_is_refused(
    kit: Kit, old: dict[str, Any], before: Any, new: dict[str, Any], others: list[Any], now: Any
) -> None:
    """The row would stay beside its new version. Other rows are no reason to refuse."""
    key, part = [["id"], ["part"]], {"part": TEXT, "name": TEXT}
    kit.sync(
        kit.stream(DEDUPED, fields={"id": old} | part, primary_key=key),
        rows=[{"id": before, "part": "a"}, {"id": None}],
    )
    stream = kit.stream(DEDUPED, fields={"id": new} | part, primary_key=key)
    text = repr(now if isinstance(now, str) else json.dumps(now))
    with pytest.raises(SyncError, match=rf"{re.escape(text)} where the table t has '{before}'.*reset") as caught:
        kit.sync(stream, rows=[{"id": value, "part": "a"} for value in [*others, now]])
    assert caught.value.failure_type == "config_error"
    assert (len(kit.rows("id")), kit.tables()) == (2, {"t"})
    fitting = [*((value, "a") for value in [*others, str(before)]), (now, "b")]  # another part: another key
    kit.sync(stream, rows=[{"id": value, "part": part} for value, part in fitting], at=EMITTED_AT + 1)
    assert len(kit.rows("id")) == 1 + len(fitting)


def test_a_key_of_two_retyped_columns_is_refused_also_if_one_is_null(kit: Kit) -> None:
    key = [["id"], ["part"]]
    kit.sync(kit.stream(DEDUPED, fields={"id": ID, "part": ID}, primary_key=key), rows=[{"id": 7}, {"part": 1}])
    stream = kit.stream(DEDUPED, fields={"id": TEXT, "part": TEXT}, primary_key=key)
    with pytest.raises(SyncError, match="'007, NULL' where the table t has '7, NULL', in id, part"):
        kit.sync(stream, rows=[{"id": "007"}, {"part": "1"}])


@pytest.mark.parametrize(
    ("old", "before", "now"),
    [
        (NUMBER, 5.5, "5.50"),
        (MOMENT, "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ({"type": "boolean"}, True, "1"),
    ],
)
def test_a_key_that_becomes_another_text_is_refused(kit: Kit, old: dict[str, Any], before: Any, now: str) -> None:
    """Otherwise the row would stay beside its new version."""
    kit.sync(kit.stream(DEDUPED, fields={"id": old, "name": TEXT}), rows=[{"id": before, "name": "old"}])
    stream = kit.stream(DEDUPED, fields={"id": TEXT, "name": TEXT})
    with pytest.raises(SyncError, match=r"id, of the primary key, is (NUMERIC|TIMESTAMP|BOOL).*reset"):
        kit.sync(stream, rows=[{"id": now, "name": "new"}])
    assert kit.rows("name") == [("old",)]
    kit.client.delete_table(kit.table())
    kit.sync(stream, rows=[{"id": now, "name": "new"}])
    assert kit.rows() == [(now, "new")]


@pytest.mark.parametrize(("old", "before", "new", "now"), [(TEXT, "9", ID, 10), (ID, 9, TEXT, "10")])
def test_a_cursor_that_gets_another_order_is_refused(
    kit: Kit, old: dict[str, Any], before: Any, new: dict[str, Any], now: Any
) -> None:
    """Otherwise the row would win over its new version: as text, 10 sorts before 9."""
    first, second = (
        kit.stream(DEDUPED, fields={"id": ID, "name": TEXT, "at": type_}, cursor_field=["at"]) for type_ in (old, new)
    )
    kit.sync(first, rows=[{"id": 1, "name": "old", "at": before}])
    with pytest.raises(SyncError, match=r"the cursor at is .*reset"):
        kit.sync(second, rows=[{"id": 1, "name": "new", "at": now}])
    kit.client.delete_table(kit.table())
    kit.sync(second, rows=[{"id": 1, "name": "new", "at": now}])
    assert kit.rows() == [(1, "new")]


def test_a_cursor_of_a_table_without_rows_may_become_text(kit: Kit) -> None:
    """It may not become a number again: the column would stay text, and the next sync would be refused."""
    number, text = (kit.stream(DEDUPED, fields={"id": ID, "at": type_}, cursor_field=["at"]) for type_ in (ID, TEXT))
    kit.sync(number, rows=[])
    kit.sync(text, rows=[])
    with pytest.raises(SyncError, match="the cursor at is text"):
        kit.sync(number, rows=[])


def test_a_key_that_rows_of_a_deduplicated_table_do_not_have_is_refused(kit: Kit) -> None:
    kit.sync(kit.stream(DEDUPED, fields={"id": ID}), rows=[{"id": 1}])
    stream = kit.stream(DEDUPED, fields={"id": ID, "code": TEXT}, primary_key=[["code"]])
    with pytest.raises(SyncError, match=r"1 rows.*primary key code.*reset"):
        kit.sync(stream, rows=[{"id": 1, "code": "a"}])
    assert kit.rows("id") == [(1,)]
    kit.client.delete_table(kit.table())
    kit.sync(stream, rows=[{"id": 1, "code": "a"}])
    assert kit.rows("id, code") == [(1, "a")]


@pytest.mark.parametrize("mode", [OVERWRITE, *KEEPING])
def test_a_table_that_changes_while_the_source_is_read(kit: Kit, mode: str) -> None:
    kit.sync(kit.stream(mode, fields={"id": ID}), rows=[{"id": 1}])
    key = "id" if mode == DEDUPED else "code"
    stream = kit.stream(mode, fields={"id": ID, "code": TEXT}, primary_key=[[key]])

    def describe() -> None:
        table = kit.table()
        table.description = "described meanwhile"
        kit.client.update_table(table, ["description"])

    kit.run(Lines([record("t", {"id": 2, "code": "a"}), describe, status("t")]), stream)
    assert (2, "a") in kit.rows("id, code")
    assert kit.table().clustering_fields == [key, "_airbyte_extracted_at"]


def test_a_sync_of_many_batches_stays_below_the_load_jobs_a_day(
    kit: Kit, strict_warehouse: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "BATCH_BYTES", 400)
    monkeypatch.setattr(spool, "GROWTH", 4)  # as after many batches
    strict_warehouse.rules.load_jobs_a_day = 30
    kit.sync(kit.stream(OVERWRITE), rows=[{"id": n, "name": "x"} for n in range(400)])
    assert kit.table().num_rows == 400
    assert 5 < max(strict_warehouse.rules.loads.values()) <= 30


def test_a_load_beyond_the_quota_is_told_as_such(
    kit: Kit, strict_warehouse: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "BATCH_BYTES", 400)
    strict_warehouse.rules.load_jobs_a_day = 3
    with pytest.raises(SyncError, match="Quota exceeded") as caught:
        kit.sync(kit.stream(OVERWRITE), rows=[{"id": n, "name": "x"} for n in range(50)])
    assert "role" not in caught.value.message
    assert kit.tables() == set()


def test_names_are_normalised_and_case_does_not_make_a_second_column(kit: Kit) -> None:
    fields: dict[str, Any] = {"ID": ID, "id": TEXT, "Größe cm": NUMBER, "1st": TEXT, "_PARTITIONTIME": TEXT}
    row = {"ID": 1, "id": "lower", "Größe cm": 1.8, "1st": "first", "_PARTITIONTIME": "mine"}
    stream = kit.stream("incremental_append", fields=fields, primary_key=[["ID"]], table="My tÄble!")
    kit.sync(stream, rows=[row])
    columns = "ID, id_1, Gro_e_cm, _1st, __PARTITIONTIME"
    assert kit.rows(columns, "My_tAble_") == [(1, "lower", Decimal("1.8"), "first", "mine")]
    renamed = kit.stream("incremental_append", fields={"Id": ID}, primary_key=[], table="My tÄble!")
    kit.sync(renamed, rows=[{"Id": 2}])
    assert kit.rows("ID", "My_tAble_") == [(1,), (2,)]
    assert len(kit.schema("My_tAble_")) == 5


def test_a_key_that_becomes_an_object_is_refused_as_in_a_new_table(kit: Kit) -> None:
    kit.sync(kit.stream(DEDUPED, fields={"id": TEXT}), rows=[{"id": '{"a": 1}'}])
    with pytest.raises(SyncError, match="no objects"):
        kit.sync(kit.stream(DEDUPED, fields={"id": {"type": "object"}}), rows=[{"id": {"a": 1}}])
    assert kit.rows("id") == [('{"a": 1}',)]


@pytest.mark.parametrize("mode", [OVERWRITE, *KEEPING])
def test_a_table_that_airbyte_did_not_make_is_left_alone(kit: Kit, mode: str) -> None:
    kit.client.query(f"CREATE TABLE `{kit.dataset}.t` AS SELECT 1 AS id, 'mine' AS name").result()
    with pytest.raises(SyncError, match="was not made by Airbyte"):
        kit.sync(kit.stream(mode), rows=[{"id": 2, "name": "theirs"}])
    assert kit.rows() == [(1, "mine")]
    assert kit.states == []


def test_every_type_of_value(kit: Kit) -> None:
    def moment(airbyte_type: str, format_: str = "date-time") -> dict[str, str]:
        return {"type": "string", "format": format_, "airbyte_type": airbyte_type}

    fields = {
        "integer": ID,
        "number": NUMBER,
        "boolean": {"type": "boolean"},
        "text": TEXT,
        "day": {"type": "string", "format": "date"},
        "moment": moment("timestamp_with_timezone"),
        "local": moment("timestamp_without_timezone"),
        "clock": moment("time_without_timezone", "time"),
        "zoned": moment("time_with_timezone", "time"),
        "object": {"type": "object"},
        "list": {"type": "array"},
        "any": {},
    }
    good: list[dict[str, Any]] = [
        {
            "integer": 2**63 - 1,
            "number": 0.1,
            "boolean": True,
            "text": 'a"\n\t\\',
            "day": "2018-1-2",
            "any": {"a": [1]},
        },
        {
            "integer": str(-(2**63)),
            "number": "12345678901234567890.123456789",
            "boolean": "FALSE",
            "text": "",
            "any": 7,
        },
        {"moment": "2018-01-02T03:04:05.678901+02:00", "local": "2018-01-02 03:04:05", "clock": "3:04:05.5"},
        {"zoned": "03:04:05+02:00", "object": {"ä": [None, {"b": 0.5}]}, "list": [1, "2", []], "text": ["x"]},
        {"any": "text", "number": str(-(10**28)), "text": "😀" * 1000},
    ]
    stream = kit.stream("incremental_append", fields=fields, primary_key=[])
    kit.sync(stream, rows=good)
    result = kit.client.query(f"SELECT * FROM `{kit.dataset}.t` ORDER BY _airbyte_raw_id").result()
    loaded = [{name: row[name] for name in fields if row[name] is not None} for row in result]
    assert loaded == [
        {
            "integer": 2**63 - 1,
            "number": Decimal("0.1"),
            "boolean": True,
            "text": 'a"\n\t\\',
            "day": date(2018, 1, 2),
            "any": {"a": [1]},
        },
        {
            "integer": -(2**63),
            "number": Decimal("12345678901234567890.123456789"),
            "boolean": False,
            "text": "",
            "any": 7,
        },
        {
            "moment": datetime(2018, 1, 2, 1, 4, 5, 678901, tzinfo=UTC),
            "local": datetime(2018, 1, 2, 3, 4, 5),
            "clock": time(3, 4, 5, 500000),
        },
        {
            "zoned": "03:04:05+02:00",
            "object": {"ä": [None, {"b": 0.5}]},
            "list": [1, "2", []],
            "text": '["x"]',
        },
        {"any": "text", "number": Decimal(-(10**28)), "text": "😀" * 1000},
    ]
    bad = {
        "integer": 2**63,
        "number": 1e30,
        "boolean": "yes",
        "day": "2018-02-30",
        "moment": "soon",
        "local": "2018-01-02T03:04:05Z",
        "clock": "25:00:00",
        "object": [],
        "list": {},
    }
    kit.sync(kit.stream("full_refresh_append", fields=fields, primary_key=[], name="bad"), rows=[bad])
    [row] = kit.client.query(f"SELECT * FROM `{kit.dataset}.bad`").result()
    assert [name for name in fields if row[name] is not None] == []
    assert {change["field"] for change in row["_airbyte_meta"]["changes"]} == set(bad)

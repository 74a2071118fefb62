"""Schemas that change and values that do not fit, in the emulator's own answers."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery as google_bigquery

from airbyte_lite.loader import spool
from airbyte_lite.loader.errors import SyncError

from .google_front import Front
from .loader_kit import Kit, Lines, record, status

OVERWRITE, DEDUPED = "full_refresh_overwrite", "incremental_deduped_history"
KEEPING = ["full_refresh_append", "incremental_append", DEDUPED]
ID, TEXT, NUMBER = {"type": "integer"}, {"type": "string"}, {"type": "number"}


@pytest.fixture
def kit(strict_warehouse: Front, dataset: str, bigquery: google_bigquery.Client, tmp_path: Path) -> Kit:
    return Kit(strict_warehouse.url, dataset, bigquery, tmp_path / "spool")


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
    assert kit.rows("id, old, new") == [
        (1, "x", None),
        (2, "y", None),
        (3, None, Decimal("1.5")),
        (4, None, Decimal(2)),
    ]


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize("mode", KEEPING)
def test_a_changed_type_keeps_the_columns_and_nulls_what_does_not_cast(kit: Kit, mode: str) -> None:
    kit.sync(kit.stream(mode, fields={"id": ID, "value": ID}), rows=[{"id": 1, "value": 10}])
    kit.sync(
        kit.stream(mode, fields={"id": ID, "value": TEXT}), rows=[{"id": 2, "value": "20"}, {"id": 3, "value": "x"}]
    )
    assert kit.schema() == {"id": "INTEGER", "value": "INTEGER"}
    changes = [{"field": "value", "change": "NULLED", "reason": "DESTINATION_TYPECAST_ERROR"}]
    assert kit.rows("id, value, _airbyte_meta") == [
        (1, 10, {"sync_id": 1, "changes": []}),
        (2, 20, {"sync_id": 2, "changes": []}),
        (3, None, {"sync_id": 2, "changes": changes}),
    ]
    assert any(
        level == "WARN" and "1 values of value are not valid for the type INTEGER" in text for level, text in kit.log
    )


def test_a_changed_key_of_a_deduplicated_row_loses_the_lost_columns_values(kit: Kit) -> None:
    kit.sync(kit.stream(DEDUPED, fields={"id": ID, "old": TEXT}), rows=[{"id": 1, "old": "x"}])
    kit.sync(kit.stream(DEDUPED, fields={"id": ID}), rows=[{"id": 1}], at=1_800_000_000_000)
    assert kit.rows("id, old") == [(1, None)]


@pytest.mark.usefixtures("batches")
def test_overwrite_takes_the_new_schema(kit: Kit) -> None:
    kit.sync(kit.stream(OVERWRITE, fields={"id": ID, "old": TEXT}), rows=[{"id": 1, "old": "x"}, {"id": 2, "old": "y"}])
    kit.sync(kit.stream(OVERWRITE, fields={"id": TEXT, "new": ID}), rows=[{"id": "a", "new": 1}, {"id": "b", "new": 2}])
    assert kit.schema() == {"id": "STRING", "new": "INTEGER"}
    assert kit.rows("id, new") == [("a", 1), ("b", 2)]


@pytest.mark.usefixtures("batches")
def test_a_new_key_clusters_the_table_anew(kit: Kit) -> None:
    rows = [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
    for mode in (OVERWRITE, "incremental_append"):
        kit.sync(kit.stream(mode, name=mode), rows=rows)
        kit.sync(kit.stream(mode, name=mode, primary_key=[["name"]]), rows=rows)
        assert kit.table(mode).clustering_fields == ["name", "_airbyte_extracted_at"]


@pytest.mark.usefixtures("batches")
@pytest.mark.parametrize("mode", [OVERWRITE, *KEEPING])
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
@pytest.mark.parametrize(("old", "new"), [(ID, TEXT), (NUMBER, {"type": "array"}), ({"type": "array"}, ID)])
def test_a_key_whose_type_changed(kit: Kit, mode: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    kit.sync(kit.stream(mode, fields={"id": old, "name": TEXT}), rows=[{"name": "a"}, {"name": "b"}])
    for _ in range(2):
        kit.sync(kit.stream(mode, fields={"id": new, "name": TEXT}), rows=[{"name": "c"}, {"name": "d"}])
    key = {"integer": ["id"], "string": ["id"], "array": [], "number": ["id"]}
    now = new if mode == OVERWRITE else old
    assert kit.table().clustering_fields == [*key[now["type"]], "_airbyte_extracted_at"]


@pytest.mark.parametrize("mode", [OVERWRITE, *KEEPING])
def test_a_table_that_changes_while_the_source_is_read(kit: Kit, mode: str) -> None:
    kit.sync(kit.stream(mode, fields={"id": ID}), rows=[{"id": 1}])
    stream = kit.stream(mode, fields={"id": ID, "code": TEXT}, primary_key=[["code"]])

    def describe() -> None:
        table = kit.table()
        table.description = "described meanwhile"
        kit.client.update_table(table, ["description"])

    kit.run(Lines([record("t", {"id": 2, "code": "a"}), describe, status("t")]), stream)
    assert (2, "a") in kit.rows("id, code")
    assert kit.table().clustering_fields == ["code", "_airbyte_extracted_at"]


def test_a_sync_of_many_batches_stays_below_the_load_jobs_a_day(
    kit: Kit, strict_warehouse: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "BATCH_BYTES", 400)
    monkeypatch.setattr(spool, "_GROWTH", 4)  # as after many batches
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

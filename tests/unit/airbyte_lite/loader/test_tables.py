"""The layout of new tables, and the changes of existing tables."""

from typing import Any, cast

import pytest
from google.cloud.bigquery import SchemaField, Table

from airbyte_lite.loader import layout
from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.merge import merge_sql
from airbyte_lite.loader.stream import SyncStream
from airbyte_lite.loader.tables import TablePlan, plan
from airbyte_lite.loader.types import FieldType
from airbyte_lite.loader.warehouse import Warehouse

META = [
    SchemaField("_airbyte_raw_id", "STRING", mode="REQUIRED"),
    SchemaField("_airbyte_extracted_at", "TIMESTAMP", mode="REQUIRED"),
    SchemaField("_airbyte_meta", "JSON", mode="REQUIRED"),
    SchemaField("_airbyte_generation_id", "INTEGER"),
]
FIELDS: dict[str, Any] = {
    "id": {"type": "integer"},
    "name": {"type": "string"},
    "at": {"type": "string", "format": "date-time"},
    "more": {"type": "object"},
}


class Dataset:
    """A stand-in for the warehouse: knows one table at most."""

    def __init__(self, table: Table | None = None) -> None:
        self.table = table

    def find(self, _name: str) -> Table | None:
        return self.table


def existing(*columns: SchemaField, kind: str = "TABLE", meta: list[SchemaField] = META) -> Table:
    table = Table("p.d.t", schema=[*meta, *columns])
    table._properties["type"] = kind
    return table


def planned(
    mode: str = "full_refresh_append", table: Table | None = None, key: str = "", cursor: str = "", **fields: Any
) -> TablePlan:
    stream = SyncStream(
        name="t",
        namespace=None,
        json_schema={"type": "object", "properties": fields or FIELDS},
        sync_mode=mode,
        primary_key=[key.split(".")] if key else [],
        cursor_field=[cursor] if cursor else [],
        table="t",
        generation_id=1,
    )
    return plan(cast(Warehouse, Dataset(table)), stream, "t")


def kinds(made: TablePlan) -> list[tuple[str, str]]:
    return [(item.name, item.field_type) for item in made.schema if item not in META]


def test_a_new_table_has_airbytes_layout() -> None:
    made = planned(key="id")
    assert made.schema[:4] == META
    assert kinds(made) == [("id", "INTEGER"), ("name", "STRING"), ("at", "TIMESTAMP"), ("more", "JSON")]
    assert made.clustering == ["id", "_airbyte_extracted_at"]
    assert made.partitioning is not None
    assert (made.partitioning.field, made.partitioning.type_) == ("_airbyte_extracted_at", "DAY")


def test_at_most_three_keys_cluster_and_none_that_bigquery_refuses() -> None:
    clock = {"type": "string", "format": "time", "airbyte_type": "time_without_timezone"}
    fields = {"clock": clock, **FIELDS, "last": {"type": "boolean"}}
    keys = [["more"], ["clock"], ["name"], ["id"], ["at"], ["last"]]
    stream = SyncStream("t", None, {"properties": fields}, "full_refresh_append", keys, [], "t", 1)
    made = plan(cast(Warehouse, Dataset()), stream, "t")
    assert made.clustering == ["name", "id", "at", "_airbyte_extracted_at"]


def test_append_keeps_the_tables_columns_and_wider_types_and_adds_new_columns() -> None:
    table = existing(SchemaField("gone", "STRING"), SchemaField("ID", "STRING"), SchemaField("at", "TIMESTAMP"))
    made = planned(table=table)
    assert made.widened == []
    assert kinds(made) == [
        ("gone", "STRING"),
        ("ID", "STRING"),
        ("at", "TIMESTAMP"),
        ("name", "STRING"),
        ("more", "JSON"),
    ]
    types = {column.name: column.type for column in made.columns}
    assert types == {
        "ID": FieldType("STRING"),
        "name": FieldType("STRING"),
        "at": FieldType("TIMESTAMP"),
        "more": FieldType("JSON", "object"),
    }


def test_append_widens_a_column_that_cannot_hold_the_streams_values() -> None:
    described = SchemaField("ID", "BOOLEAN", description="a number")
    made = planned(table=existing(described, SchemaField("at", "DATE"), SchemaField("name", "INTEGER")))
    assert [(item.name, item.old, item.new) for item in made.widened] == [
        ("ID", "BOOL", "INT64"),
        ("at", "DATE", "TIMESTAMP"),
        ("name", "INT64", "STRING"),
    ]
    assert SchemaField("ID", "INTEGER", description="a number") in made.schema
    assert planned("full_refresh_overwrite", existing(described)).widened == []


def test_a_new_key_of_a_table_with_rows_and_a_cursor_that_becomes_text_are_refused() -> None:
    table = existing(SchemaField("id", "INTEGER"), SchemaField("at", "INTEGER"))
    table._properties["numRows"] = "7"
    fields: dict[str, Any] = {"id": {"type": "integer"}, "code": {"type": "string"}, "at": {"type": "string"}}
    with pytest.raises(SyncError, match=r"7 rows.*code.*reset"):
        planned("incremental_deduped_history", table, key="code", **fields)
    with pytest.raises(SyncError, match=r"cursor at is INT64.*reset"):
        planned("incremental_deduped_history", table, key="id", cursor="at", **fields)


def test_overwrite_follows_the_stream() -> None:
    made = planned("full_refresh_overwrite", existing(SchemaField("gone", "STRING"), SchemaField("id", "STRING")))
    assert [name for name, _ in kinds(made)] == list(FIELDS)
    assert kinds(made)[0] == ("id", "INTEGER")


def test_a_column_of_a_type_that_airbyte_does_not_make_takes_nothing() -> None:
    table = existing(SchemaField("id", "STRING", mode="REPEATED"), SchemaField("name", "GEOGRAPHY"))
    types = {column.name: column.type.name for column in planned(table=table).columns}
    assert types["id"] == "REPEATED"
    assert types["name"] == "GEOGRAPHY"


def test_an_older_airbyte_table_gets_a_generation() -> None:
    assert "_airbyte_generation_id" in {item.name for item in planned(table=existing(meta=META[:3])).schema}


@pytest.mark.parametrize("mode", ["full_refresh_overwrite", "incremental_append"])
def test_a_table_that_airbyte_did_not_make_is_refused(mode: str) -> None:
    with pytest.raises(SyncError, match="was not made by Airbyte") as caught:
        planned(mode, existing(SchemaField("id", "INTEGER"), meta=[]))
    assert caught.value.failure_type == "config_error"
    with pytest.raises(SyncError, match=r"\bview\b"):
        planned(mode, existing(kind="VIEW"))


@pytest.mark.parametrize(
    ("key", "cursor", "message"),
    [("", "", "needs a primary key"), ("more", "", "more"), ("a.b", "", r"a\.b"), ("id", "nowhere", "nowhere")],
)
def test_keys_and_cursors_of_a_deduplicated_stream_must_be_ordered_columns(key: str, cursor: str, message: str) -> None:
    with pytest.raises(SyncError, match=message):
        planned("incremental_deduped_history", key=key, cursor=cursor)
    if key:
        planned("incremental_append", key=key, cursor=cursor)  # which has no use for them


def test_an_unknown_sync_mode_is_refused() -> None:
    with pytest.raises(SyncError, match="'sideways'"):
        planned("sideways")


def test_merge_compares_keys_null_safely_and_orders_by_cursor_then_time_then_arrival() -> None:
    made = planned("incremental_deduped_history", key="id", cursor="at")
    sql = merge_sql(made, "p.d.t", "p.d.s")
    assert "(t.`id` = s.`id` OR (t.`id` IS NULL AND s.`id` IS NULL))" in sql
    assert "ORDER BY `at` IS NULL, `at` DESC, _airbyte_extracted_at DESC, _airbyte_raw_id DESC" in sql
    assert layout.META in sql


@pytest.mark.parametrize(
    ("had", "wanted", "rows", "compared"),
    [
        ("INTEGER", {"type": "string"}, 7, {"id": "NUMERIC"}),
        ("INTEGER", {"type": "string"}, 0, {}),
        ("INTEGER", {"type": "number"}, 7, {}),
        ("INTEGER", {"type": "integer"}, 7, {}),
        ("DATE", {"type": "string"}, 7, {"id": "DATE"}),
        ("STRING", {"type": "string"}, 7, {}),
        ("STRING", {"type": "integer"}, 7, {"id": "NUMERIC"}),
        ("STRING", {"type": "boolean"}, 7, {"id": "BOOL"}),
        ("STRING", {"type": "string", "format": "date-time"}, 7, {"id": "TIMESTAMP"}),
    ],
)
def test_keys_whose_texts_are_compared_with_the_tables(
    had: str, wanted: dict[str, Any], rows: int, compared: dict[str, str]
) -> None:
    table = existing(SchemaField("id", had), SchemaField("name", "STRING"))
    table._properties["numRows"] = str(rows)
    fields: dict[str, Any] = {"ID": wanted, "name": {"type": "string"}}
    assert planned("incremental_deduped_history", table, key="ID", **fields).retyped_keys == compared
    assert planned("incremental_append", table, key="ID", **fields).retyped_keys == {}


def test_a_table_with_more_columns_than_bigquery_allows_is_refused() -> None:
    fields: dict[str, Any] = {f"c{number}": {"type": "integer"} for number in range(10_000 - len(META))}
    assert len(planned(**fields).schema) == 10_000
    with pytest.raises(SyncError, match=r"Stream t: .*10,001 columns.*at most 10,000.*selected_fields"):
        planned(**fields, one_more={"type": "integer"})

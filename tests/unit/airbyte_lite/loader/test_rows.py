"""Records into lines."""

import json
import time
import uuid
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.rows import Column, RowFormatter
from airbyte_lite.loader.types import FieldType

COLUMNS = [Column("id", "id", FieldType("INT64")), Column("First Name", "First_Name", FieldType("STRING"))]


def record(data: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"stream": "s", "data": data, "emitted_at": 1514764800123, **more}


def test_layout() -> None:
    line = RowFormatter(COLUMNS, sync_id=12, generation_id=3).line(record({"id": 1, "First Name": "Jürgen"}))
    assert line.endswith(b"}\n")
    row = orjson.loads(line)
    assert uuid.UUID(row.pop("_airbyte_raw_id")).version == 7
    assert row == {
        "_airbyte_extracted_at": "2018-01-01T00:00:00.123000Z",
        "_airbyte_meta": {"sync_id": 12, "changes": []},
        "_airbyte_generation_id": 3,
        "id": 1,
        "First_Name": "Jürgen",
    }


def test_values_that_do_not_cast_are_left_out_recorded_and_counted() -> None:
    rows = RowFormatter(COLUMNS, 1, 0)
    row = orjson.loads(rows.line(record({"id": "x", "First Name": {"a": 1}})))
    assert "id" not in row
    assert row["First_Name"] == '{"a":1}'
    assert row["_airbyte_meta"]["changes"] == [
        {"field": "id", "change": "NULLED", "reason": "DESTINATION_TYPECAST_ERROR"}
    ]
    rows.line(record({"id": "y"}))
    assert rows.misfits == {"id": 2}
    assert orjson.loads(rows.line(record({"id": 2})))["_airbyte_meta"]["changes"] == []


def test_a_value_that_is_nested_too_deep_is_named_by_its_column() -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    rows = RowFormatter([*COLUMNS, Column("tree", "tree", FieldType("JSON"))], 1, 0)
    with pytest.raises(SyncError, match=r"column tree .*250 levels") as error:
        rows.line(record({"id": 1, "tree": deep}))
    assert error.value.failure_type == "config_error"


def test_fields_that_are_null_missing_or_unknown_make_no_column_and_no_change() -> None:
    row = orjson.loads(RowFormatter(COLUMNS, 1, 0).line(record({"id": None, "unknown": 5})))
    assert row.keys() == {"_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "_airbyte_generation_id"}
    assert row["_airbyte_meta"]["changes"] == []


def test_changes_of_the_source_are_kept_before_ours() -> None:
    theirs = {"field": "First Name", "change": "TRUNCATED", "reason": "SOURCE_FIELD_SIZE_LIMITATION"}
    rows = RowFormatter(COLUMNS, 1, 0)
    row = orjson.loads(rows.line(record({"id": "x"}, meta={"changes": [theirs]})))
    assert [change["field"] for change in row["_airbyte_meta"]["changes"]] == ["First Name", "id"]
    assert orjson.loads(rows.line(record({"id": 1}, meta=None)))["_airbyte_meta"]["changes"] == []


def test_each_record_has_the_time_it_was_emitted_at() -> None:
    rows = RowFormatter(COLUMNS, 1, 0)
    moments = [
        orjson.loads(rows.line({"data": {}, "emitted_at": at}))["_airbyte_extracted_at"] for at in (0, 1000, 1000, -1)
    ]
    assert moments == [
        "1970-01-01T00:00:00.000000Z",
        "1970-01-01T00:00:01.000000Z",
        "1970-01-01T00:00:01.000000Z",
        "1969-12-31T23:59:59.999000Z",
    ]


def test_raw_ids_are_unique_and_grow_with_the_stream() -> None:
    rows = RowFormatter([], 1, 0)
    ids = [orjson.loads(rows.line(record({})))["_airbyte_raw_id"] for _ in range(1000)]
    assert ids == sorted(set(ids))
    others = RowFormatter([], 1, 0)
    assert orjson.loads(others.line(record({})))["_airbyte_raw_id"] not in ids


def test_a_stream_without_columns_is_still_json() -> None:
    assert orjson.loads(RowFormatter([], 1, 0).line(record({"x": 1})))["_airbyte_generation_id"] == 0


@pytest.mark.parametrize("text", ['"', "\\", "\n\r\t", "\u0000", "😀", "</script>"])
def test_text_survives(text: str) -> None:
    assert orjson.loads(RowFormatter(COLUMNS, 1, 0).line(record({"First Name": text})))["First_Name"] == text


def test_rows_cost_no_more_than_to_read_and_write_them_with_pythons_json() -> None:
    """They take half of that, on any machine. A connector takes more than twice as long as both."""
    types = {"id": "INT64", "user": "INT64", "day": "DATE", "status": "STRING", "amount": "NUMERIC", "at": "TIMESTAMP"}
    values = {"id": 1, "user": 2, "day": "2018-01-01", "status": "placed", "amount": 12.5, "at": "2018-01-01T00:00:00Z"}
    lines = [orjson.dumps(record({**values, "id": n})) for n in range(5_000)]
    rows = RowFormatter([Column(name, name, FieldType(kind)) for name, kind in types.items()], 1, 1)

    def seconds(work: Callable[[bytes], object]) -> float:
        """Return the processor time of this thread, the best of five."""
        found = []
        for _ in range(5):
            began = time.thread_time()
            for line in lines:
                work(line)
            found.append(time.thread_time() - began)
        return min(found)

    assert seconds(lambda line: rows.line(orjson.loads(line))) < 1.5 * seconds(
        lambda line: json.dumps(json.loads(line))
    )

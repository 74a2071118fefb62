"""Values that the table has in another form than the file."""

from dataclasses import replace

import pytest

from orchestrator.checks import losses
from orchestrator.checks.table import TableFacts
from orchestrator.reading.facts import FileFacts, Loss
from orchestrator.reading.formats import AvroFormat, CsvFormat, JsonlFormat, ParquetFormat, StreamFiles

from .examples import APPENDED, FILES, PEOPLE, table, told


@pytest.mark.parametrize(
    ("declared", "kind", "expected"),
    [
        ({}, "INTEGER", "integer"),
        ({}, "NUMERIC", "number"),
        ({}, "BOOLEAN", "boolean"),
        ({}, "STRING", None),
        ({"x": "integer"}, "INTEGER", "whole"),
        ({"x": "object"}, "JSON", "json"),
        ({"x": "boolean"}, "BOOLEAN", None),
        ({"x": "Number"}, "NUMERIC", "digits"),
        ({"x": "number"}, "STRING", "digits"),
        ({"x": "string"}, "INTEGER", "integer"),
    ],
)
def test_which_columns_may_have_lost_something(declared: dict[str, str], kind: str, expected: str | None) -> None:
    files = StreamFiles(["**"], CsvFormat(filetype="csv"), declared)
    assert losses.kinds(files, table(x=kind)).get("x") == expected


def test_a_number_may_be_spelled_in_another_way_in_json_lines_only() -> None:
    files = StreamFiles(["**"], JsonlFormat(filetype="jsonl"))
    others = StreamFiles(["**"], ParquetFormat(filetype="parquet"))
    assert [losses.kinds(each, table(x="STRING")) for each in (files, others)] == [{"x": "spelling"}, {}]
    loss = Loss(column="x", kind="spelling", line=3, text="1.10", loaded="1.1")
    [finding] = losses.find(PEOPLE, files, {"a.jsonl": FileFacts(losses=[loss])}, table(x="STRING"), set())
    assert told([finding]) == [(False, "a.jsonl", 3, "x")]
    assert "1.10 is loaded as the text '1.1'" in finding.text
    assert "in quotes" in finding.remedy


def test_a_type_that_is_loaded_as_it_is_stored_is_told_in_a_column_of_texts_with_values() -> None:
    files = StreamFiles(["**"], AvroFormat(filetype="avro"))
    duration = Loss(column="x", kind="bytes", line=0, text="duration", loaded="text")
    nanos = Loss(column="y", kind="nanoseconds as number", line=0, text="timestamp-nanos", loaded="number")
    read = {"a.avro": FileFacts(records=2, losses=[duration, nanos])}
    found = losses.find(PEOPLE, files, read, table(x="STRING", y="STRING"), set())
    assert told(found) == [(True, "a.avro", 0, "x"), (False, "a.avro", 0, "y")]
    assert "a duration is loaded as its bytes" in found[0].text
    assert "microseconds" in found[1].remedy
    assert not losses.find(PEOPLE, files, read, table(x="JSON", y="INTEGER"), set())
    assert not losses.find(PEOPLE, files, read, replace(table(x="STRING", y="INTEGER"), values={"x": 0}), set())


def test_a_loss_is_told_once_and_not_if_it_is_explained() -> None:
    loss = Loss(column="zip", kind="text", line=3, text="02134", loaded="2134")
    read = {"a.csv": FileFacts(losses=[loss]), "b.csv": FileFacts(losses=[loss])}
    [finding] = losses.find(PEOPLE, FILES, read, table(zip="INTEGER"), set())
    assert told([finding]) == [(True, "a.csv", 3, "zip")]
    assert "columns: {zip: string}" in finding.remedy
    assert "drop" not in finding.remedy
    assert "drop the table" in losses.find(APPENDED, FILES, read, table(zip="INTEGER"), set())[0].remedy
    assert losses.find(PEOPLE, FILES, read, table(zip="INTEGER"), {"zip"}) == []
    # The stream allows the values that did not fit, so nothing else reports the column.
    assert losses.find(PEOPLE, FILES, read, table(zip="INTEGER"), {"zip"}, told=False) != []
    zeros = Loss(column="zip", kind="zeros", line=3, text="1.50", loaded="1.5")
    [finding] = losses.find(PEOPLE, FILES, {"a.csv": FileFacts(losses=[zeros])}, table(zip="NUMERIC"), set())
    assert not finding.blocking
    assert "columns: {zip: number}" in finding.remedy
    times = {"a.parquet": FileFacts(losses=[loss.model_copy(update={"kind": "nanoseconds"})])}
    assert [losses.find(PEOPLE, FILES, times, table(zip=kind), set()) == [] for kind in ("STRING", "TIMESTAMP")] == [
        True,
        False,
    ]
    rounded = loss.model_copy(update={"kind": "decimals"})
    [finding] = losses.find(PEOPLE, FILES, {"a.csv": FileFacts(losses=[rounded])}, table(zip="NUMERIC"), set())
    assert not finding.blocking


def test_a_loss_in_a_column_that_the_table_does_not_have_is_not_told() -> None:
    """The column is not selected, or `columns_arrived` says that it is missing."""
    read = {"a.avro": FileFacts(losses=[Loss(column="x", kind="null", line=3, text="nan", loaded="NULL")])}
    files = StreamFiles(["**"], AvroFormat(filetype="avro"))
    assert losses.find(PEOPLE, files, read, table(id="INTEGER"), set()) == []
    [finding] = losses.find(PEOPLE, files, read, table(x="NUMERIC"), set())
    assert told([finding]) == [(True, "a.avro", 3, "x")]
    assert "with NULL in place of such values" in finding.remedy
    assert losses.find(PEOPLE, replace(files, schemaless=True), read, table(data="JSON"), set()) == [finding]


def test_values_that_the_table_has_not_are_counted_after_an_overwrite_only() -> None:
    files = StreamFiles(["**"], ParquetFormat(filetype="parquet"))
    read = {"a.parquet": FileFacts(records=2, values={"x": 2})}
    found = TableFacts("t", {"x": ("x", "NUMERIC")}, 2, values={"x": 1})
    [finding] = losses.find(PEOPLE, files, read, found, set())
    assert (finding.column, finding.blocking) == ("x", True)
    appended = PEOPLE.model_copy(update={"sync_mode": "full_refresh_append"})
    assert losses.find(appended, files, read, found, set()) == []

"""Declared columns that a file does not have, spells in another way, or that have another type in the table."""

from typing import Any

import pytest

from orchestrator.checks import columns, declared, spellings
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import AvroFormat, CsvFormat, FileFormat, ParquetFormat, StreamFiles
from orchestrator.warehouse import Warehouse

from .examples import APPENDED, DECLARED, PEOPLE, table, told

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")
TYPED: list[FileFormat] = [ParquetFormat(filetype="parquet"), AvroFormat(filetype="avro")]


@pytest.mark.parametrize("file_format", TYPED, ids=["parquet", "avro"])
def test_a_declared_column_that_no_file_with_a_schema_has_is_an_error(file_format: FileFormat) -> None:
    """The connector reads such a file by the file's own schema, so the column is NULL in each row."""
    files = StreamFiles(["**"], file_format, {"id": "integer", "amount": "number"})
    read = {"1": FileFacts(names=["ID", "amount_eur"], header_line=0), "2": FileFacts(names=["id"], header_line=0)}
    found = columns.find(PEOPLE, files, read, table(id="INTEGER", amount="NUMERIC", amount_eur="NUMERIC"), set())
    assert told(found) == [(True, "1", 0, "amount"), (True, "2", 0, "amount")]
    assert "'amount_eur'" in found[0].text
    read["3"] = FileFacts(names=["id", "amount"], header_line=0)  # the files before it were written under another name
    assert told(list(declared.find(PEOPLE, files, read))) == [(True, "1", 0, "amount")]


@pytest.mark.parametrize("file_format", [*TYPED, CsvFormat(filetype="csv")], ids=["parquet", "avro", "csv"])
def test_a_newer_file_with_another_column_in_place_of_a_declared_one(file_format: FileFormat) -> None:
    """It may be a new name, or two changes: the remedy has both."""
    columns_ = {"id": "integer", "amount": "number"}
    line = 1 if isinstance(file_format, CsvFormat) else 0
    read = {
        "1": FileFacts(names=["id", "amount"], header_line=line),
        "2": FileFacts(names=["id", "city"], header_line=line),
    }
    [finding] = declared.find(PEOPLE, StreamFiles(["**"], file_format, columns_), read)
    assert told([finding]) == [(True, "2", line, "amount")]
    assert "it has 'city'" in finding.text
    assert "If 'city' is not this column under a new name but another one, declare it too" in finding.remedy
    both = StreamFiles(["**"], file_format, columns_ | {"city": "string"})
    assert list(declared.find(PEOPLE, both, read)) == []
    [finding] = declared.find(PEOPLE, StreamFiles(["**"], file_format, columns_ | {"x": "string"}), {"1": read["1"]})
    assert finding.remedy.endswith("If the column is gone, remove it from columns.")


@pytest.mark.parametrize("key", ["year=2024/a", "shop/year=2024.parquet", "y%65ar=2024=5/a"])
def test_a_declared_column_may_be_in_the_key_of_a_parquet_file(key: str) -> None:
    read = {key: FileFacts(names=["id"], header_line=0)}
    for file_format, errors in zip(TYPED, ([], ["year"]), strict=True):
        files = StreamFiles(["**"], file_format, {"id": "integer", "year": "string"})
        assert [finding.column for finding in declared.find(PEOPLE, files, read)] == errors


def test_declared_columns_that_a_file_does_not_have() -> None:
    def find(*headers: list[str]) -> list[tuple[bool, str, int, str]]:
        read = {f"{n}.csv": FileFacts(names=names) for n, names in enumerate(headers)}
        found = columns.find(PEOPLE, DECLARED, read, table(id="INTEGER", name="STRING"), set())
        return [item for item in told(found) if item[0]]

    assert find(["id", "name"]) == []
    assert find(["id"], ["id", "name"]) == []  # an old file without a new column
    assert find(["id", "note"], ["id", "note", "name"]) == []  # the same, with a column that is not declared
    assert find(["id"], ["id"]) == [(True, "0.csv", 1, "name"), (True, "1.csv", 1, "name")]
    assert find(["id", "name"], ["id", "nmae"]) == [(True, "1.csv", 1, "name")]
    assert find(["ID", "NAME"], ["Id", "note"], ["ID", "note", "name"]) == []  # the same columns


def test_names_that_look_the_same_are_told_apart() -> None:
    files = StreamFiles(["**"], CsvFormat(filetype="csv"), {"caf\u00e9": "string"})
    [finding] = declared.find(PEOPLE, files, {"a.csv": FileFacts(names=["cafe\u0301"])})
    assert "'cafe\\u0301' and 'caf\\xe9'" in finding.text


@pytest.mark.parametrize(
    ("declared", "loaded", "expected"),
    [
        ({}, {"a.csv": 1, "b.csv": 1}, []),
        ({}, {"a.csv": 1, "b.csv": 0}, [(True, "b.csv", 3, "Id")]),
        ({"ID": "integer"}, {"a.csv": 0, "b.csv": 1}, [(True, "a.csv", 3, "id")]),
        ({"ID": "integer"}, {"a.csv": 2, "b.csv": 1}, []),
        ({"id": "integer", "Id": "integer"}, None, []),  # two columns of the stream
    ],
)
def test_a_column_in_another_case_is_an_error_if_its_values_have_not_arrived(
    declared: dict[str, str], loaded: dict[str, int] | None, expected: list[tuple[bool, str, int, str]]
) -> None:
    class Counts(Warehouse):
        def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:
            assert loaded is not None, (query, most_bytes)
            return [{"url": file, "n": count} for file, count in loaded.items()]

    read = {"a.csv": FileFacts(names=["id", "x"]), "b.csv": FileFacts(names=["Id", "x"])}
    files = StreamFiles(["**"], CsvFormat(filetype="csv"), declared)
    in_table = table(id="INTEGER", x="STRING", _ab_source_file_url="STRING")
    values = [(2, {"id": "", "Id": ""}), (3, {"id": "1", "Id": "1"})]
    assert told(list(spellings.find(files, read, in_table, Counts(), lambda _: iter(values)))) == expected
    assert list(spellings.find(files, read, in_table, Counts(), lambda _: iter(values[:1]))) == []  # no values
    explained = set(spellings.different(files, read, in_table))  # Airbyte has noted why the values are NULL
    assert list(spellings.find(files, read, in_table, Counts(), lambda _: iter(values), explained)) == []


@pytest.mark.parametrize(
    ("declared", "kind", "warned"),
    [
        ("integer", "STRING", True),
        ("integer", "INTEGER", False),
        ("Number", "STRING", True),
        ("number", "INTEGER", False),
        ("boolean", "INTEGER", True),
        ("string", "INTEGER", False),  # a value that loses something is an error of another check
        ("object", "JSON", False),
    ],
)
def test_a_column_whose_type_in_the_table_is_wider_than_the_declared_one(
    declared: str, kind: str, warned: bool
) -> None:
    files = StreamFiles(["**"], CsvFormat(filetype="csv"), {"X": declared})
    read = {"a.csv": FileFacts(names=["X"], records=1)}
    found = columns.find(PEOPLE, files, read, table(x=kind), set())
    assert told(found) == ([(False, "", 0, "X")] if warned else [])
    kept = columns.find(APPENDED, files, read, table(x=kind), set())
    assert all("--refresh-schema" in finding.remedy for finding in found + kept)
    assert ["drop the table" in finding.remedy for finding in found + kept] == [False, True][: 2 * warned]

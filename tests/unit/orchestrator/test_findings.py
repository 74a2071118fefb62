"""What each check of a landing table finds, from the facts about its files and the numbers of its table."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import pytest

from connections_file import Stream
from orchestrator.checks import (
    casts,
    columns,
    declared,
    file_form,
    keys,
    left_out,
    losses,
    null_texts,
    spellings,
    stopped,
)
from orchestrator.checks.findings import Finding, result
from orchestrator.checks.table import TableFacts
from orchestrator.reading.csv_header import FIXED_WIDTH
from orchestrator.reading.facts import Fault, FileFacts, Loss
from orchestrator.reading.formats import AvroFormat, CsvFormat, FileFormat, JsonlFormat, ParquetFormat, StreamFiles
from orchestrator.warehouse import Warehouse

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")

FILES = StreamFiles(["**"], CsvFormat(filetype="csv"))
DECLARED = StreamFiles(["**"], CsvFormat(filetype="csv"), {"id": "integer", "name": "string"})
PEOPLE = Stream(name="people", sync_mode="full_refresh_overwrite", dbt_source="x.people", primary_key=[["id"]])
APPENDED = PEOPLE.model_copy(update={"sync_mode": "incremental_append"})


def table(**types: str) -> TableFacts:
    """A table of two rows with these columns, each with a value in each row."""
    found = {name.lower(): (name, kind) for name, kind in types.items()}
    return TableFacts("p.d.people", found, 2, values=dict.fromkeys(found, 2))


def told(found: list[Finding]) -> list[tuple[bool, str, int, str]]:
    return [(finding.blocking, finding.file, finding.line, finding.column) for finding in found]


def column_findings(names: list[str], files: StreamFiles = FILES, **facts: Any) -> list[Finding]:
    read = {"a.csv": FileFacts(names=names, records=1, **facts)}
    return columns.find(PEOPLE, files, read, table(id="INTEGER", name="STRING"), set())


class Answers(Warehouse):
    """A warehouse whose next answers are these rows."""

    def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:  # noqa: ARG002
        if "is null" in query:
            return [{"n": 1, "_airbyte_url": "a.csv"}]
        if "regexp_replace" in query:
            return [{"n": 3, "first": "007", "last": "7"}]
        return [{"_airbyte_key_0": 7, "_airbyte_rows": 2, "_airbyte_url": "a.csv"}]


@pytest.mark.parametrize(
    ("names", "column", "fact"),
    [
        (["id", " name"], " name", "blanks"),
        (["\ufeffid", "name"], "id", "byte order mark"),
        (["id", "na\u200bme"], "na\u200bme", "invisible"),
        (["id", "name", "name"], "name", "only the last"),
        (["10", "name"], "10", "no header"),
        (["2024-01-01", "name"], "2024-01-01", "no header"),
        (["id", "name", "_ab_source_file_url"], "_ab_source_file_url", "Airbyte"),
        (["'id'", "'name'"], "'id'", "quote_char"),
    ],
)
def test_a_wrong_header_is_an_error(names: list[str], column: str, fact: str) -> None:
    finding = next(finding for finding in column_findings(names, header_line=3) if finding.blocking)
    assert (finding.file, finding.line, finding.column) == ("a.csv", 3, column)
    assert fact in str(finding)


def test_a_column_that_newer_files_leave_out_is_a_warning(subtests: pytest.Subtests) -> None:
    all_, less, more = ["id", "Name"], ["id"], ["id", "name", "city"]
    parquet = StreamFiles(["**"], ParquetFormat(filetype="parquet"))
    json_lines = StreamFiles(["**"], JsonlFormat(filetype="jsonl"))
    cases: list[tuple[StreamFiles, list[list[str]], list[tuple[bool, str, int, str]]]] = [
        (FILES, [all_, less], [(False, "1", 3, "Name")]),
        (parquet, [all_, less, less], [(False, "1", 3, "Name")]),
        (FILES, [more, all_, less], [(False, "1", 3, "city"), (False, "2", 3, "Name")]),
        (FILES, [less, all_, more], []),
        (FILES, [all_, less, all_], []),
        (FILES, [all_, []], []),
        (json_lines, [all_, less], []),
    ]
    for files, names, expected in cases:
        read = {str(at): FileFacts(names=found, records=1, header_line=3) for at, found in enumerate(names)}
        modified = {file: datetime(2026, 1, 1 + at, tzinfo=UTC) for at, file in enumerate(read)}
        with subtests.test(files=files.format, names=names):
            found = list(left_out.find(PEOPLE, files, read, modified, set()))
            assert sorted(told(found)) == expected
    together = dict.fromkeys(read, datetime(2026, 1, 1, tzinfo=UTC))
    assert not list(left_out.find(PEOPLE, FILES, read, together, set()))
    assert not list(left_out.find(PEOPLE, FILES, read, modified, {"Name"}))
    assert list(left_out.find(PEOPLE, FILES, read, modified, set()))


def test_numbered_columns_are_a_header() -> None:
    assert not [finding for finding in column_findings(["0", "1", "2"]) if finding.blocking]
    assert [finding for finding in column_findings(["1", "3", "5"]) if finding.blocking]


@pytest.mark.parametrize("names", [["id", "name"], ["ID", "Name"], ["id", "name\n"], ["name", "id"]])
def test_a_right_header_is_not_told(names: list[str]) -> None:
    files = StreamFiles(["**"], JsonlFormat(filetype="jsonl")) if "name\n" in names else FILES
    assert column_findings(names, files) == []


def test_names_have_the_columns_that_the_loader_gives_them() -> None:
    found = table(**{"__table_x": "STRING", "n" * 300: "STRING", "Order_ID": "STRING"})
    read = {"a.csv": FileFacts(names=["_table_x", "n" * 400, "Order ID"])}
    assert columns.find(PEOPLE, FILES, read, found, set()) == []


def test_a_column_that_the_table_lacks_is_a_warning_with_the_number_of_files() -> None:
    read = {f"{n}.csv": FileFacts(names=["id", "discount"]) for n in range(3)}
    [finding] = columns.find(PEOPLE, FILES, read, table(id="INTEGER"), set())
    assert told([finding]) == [(False, "0.csv", 1, "discount")]
    assert "2 other files" in finding.text


def test_a_column_without_values_in_the_table_is_an_error_unless_it_is_explained() -> None:
    read = {"a.csv": FileFacts(names=["id", "name"], first_values={"name": 4})}
    found = table(id="INTEGER", name="STRING")
    assert told(columns.find(PEOPLE, FILES, read, found, set())) == [(True, "a.csv", 4, "name")]
    assert columns.find(PEOPLE, FILES, read, found, {"name"}) == []


@pytest.mark.parametrize(("stream", "dropped"), [(PEOPLE, False), (APPENDED, True)])
def test_a_column_of_the_table_that_no_file_has_any_more_is_a_warning(stream: Stream, dropped: bool) -> None:
    found = table(id="INTEGER", Amount="NUMERIC", x="STRING", x_1="STRING", day="STRING", _ab_source_file_url="STRING")
    read = {"day=1/a.csv": FileFacts(names=["id", "x", "amount_eur"]), "b.csv": FileFacts(names=["id", "amount"])}
    read["c.csv"] = FileFacts(names=["id", "X"])  # x_1
    assert {finding.column for finding in columns.find(stream, FILES, read, found, set())} == {"amount_eur"}
    del read["b.csv"]
    [finding, _] = columns.find(stream, FILES, read, found, set())
    assert told([finding]) == [(False, "", 0, "Amount")]
    assert ("drop the column" in finding.remedy) is dropped
    lines = StreamFiles(["**"], JsonlFormat(filetype="jsonl"))  # may leave out a field
    assert [finding.column for finding in columns.find(stream, lines, read, found, set())] == ["amount_eur"]
    read["d.csv"] = FileFacts()  # cannot be read
    assert len(columns.find(stream, FILES, read, found, set())) == 1


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


@pytest.mark.parametrize("key", ["year=2024/a", "shop/year=2024.parquet", "y%65ar=2024=5/a"])
def test_a_declared_column_may_be_in_the_key_of_a_parquet_file(key: str) -> None:
    read = {key: FileFacts(names=["id"], header_line=0)}
    for file_format, errors in zip(TYPED, ([], ["year"]), strict=True):
        files = StreamFiles(["**"], file_format, {"id": "integer", "year": "string"})
        assert [finding.column for finding in declared.find(PEOPLE, files, read)] == errors


def test_a_place_in_an_avro_file_is_a_record() -> None:
    finding = Finding("it is so", "Change it.", "a.avro", 7, "x")
    said = result(PEOPLE, "values_were_cast", "", [finding], part="record")
    assert said.description == "a.avro, record 7, column 'x': it is so. Change it."
    findings = said.metadata["findings"]
    assert isinstance(findings, dg.TableMetadataValue)
    assert findings.records[0].data["record"] == 7
    found = TableFacts("t", {"id": ("id", "INTEGER"), "_ab_source_file_url": ("", "")}, 2, 0, ["id"], 0, 1)
    [repeated] = keys.find(PEOPLE, found, Answers(), lambda _: iter([(1, {"id": "7"}), (3, {"id": "7"})]), "record")
    assert "record 3" in repeated.text


class Loaded(Warehouse):
    """A warehouse whose table has two rows of the file."""

    def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:  # noqa: ARG002
        return [{"url": "a.avro", "n": 2}]


def test_the_place_where_the_connector_stopped_is_the_first_record_that_is_missing() -> None:
    files, found = StreamFiles(["**"], AvroFormat(filetype="avro"), stops=True), table(_ab_source_file_url="STRING")
    rows = [(number, {"id": "7"}) for number in range(1, 5)]
    for part in ("line", "record"):
        read = {"a.avro": FileFacts(records=4)}
        said = stopped.remedy(PEOPLE, files, read, found, Loaded(), lambda _: iter(rows), part)
        assert said
        assert said.startswith(f"a.avro, {part} 3: ")


def test_a_column_with_a_number_is_not_taken_for_the_second_of_two_names() -> None:
    found = table(id="INTEGER", score="NUMERIC", score_2="NUMERIC")
    for names in (["id", "score"], ["id", "score", "Score"]):
        read = {"a.csv": FileFacts(names=names)}
        assert "score_2" in {finding.column for finding in columns.find(PEOPLE, FILES, read, found, set())}


def test_a_second_column_whose_long_name_is_cut_is_not_taken_for_one_that_has_gone() -> None:
    found = table(**{"n" * 300: "STRING", "n" * 298 + "_1": "STRING", "n" * 298 + "_2": "STRING"})
    read = {"a.csv": FileFacts(names=["n" * 300 + "a", "n" * 300 + "b"])}
    gone = declared.gone(PEOPLE, FILES, read, found)
    assert {finding.column for finding in gone} == {"n" * 298 + "_2"}


def test_another_delimiter_or_format_is_told_alone() -> None:
    [finding] = column_findings(["id;name"], delimiter=";")
    assert "';'" in finding.remedy
    for delimiter, text in {"\t": r"'\t'", "\x01": r'"\u0001"', "¦": "'¦'"}.items():
        [finding] = column_findings(["id"], delimiter=delimiter)
        assert finding.blocking
        assert f"Set delimiter: {text} " in finding.remedy
    [finding] = column_findings(["id||name"], delimiter="||")
    assert "one character" in finding.remedy
    assert "Set delimiter" not in finding.remedy
    [finding] = column_findings(['{"id": 1'], other_format="JSON")
    assert "JSON" in finding.text


@pytest.mark.parametrize("facts", [{"delimiter": " "}, {"delimiter": ":"}, {"other_format": FIXED_WIDTH}])
def test_one_column_of_texts_may_look_like_several_columns(facts: dict[str, Any]) -> None:
    read = {"a.csv": FileFacts(names=["full legal name"], records=1, **facts)}
    declared = StreamFiles(["**"], CsvFormat(filetype="csv"), {"full legal name": "string"})
    found = columns.find(PEOPLE, declared, read, table(full_legal_name="STRING"), set())
    assert [finding.blocking for finding in found] == [False]
    assert "one column" in found[0].remedy
    found = columns.find(PEOPLE, DECLARED, read, table(id="STRING", name="STRING"), set())
    assert {finding.column for finding in found if finding.blocking} == {"id", "name"}


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


def test_faults_of_a_file_have_their_number_and_remedy() -> None:
    facts = FileFacts(
        faults=[Fault(kind="number of values", line=4, text="3 values, the header has 2")],
        fault_counts={"number of values": 9},
        records=5,
    )
    [finding] = file_form.find(FILES, {"a.csv": facts}, {})
    assert told([finding]) == [(True, "a.csv", 4, "")]
    assert "9 such places" in finding.text
    skipping = StreamFiles(["**"], CsvFormat(filetype="csv", ignore_errors_on_fields_mismatch=True))
    assert not file_form.find(skipping, {"a.csv": facts}, {})[0].blocking
    [_, copy] = file_form.find(FILES, {"a.csv": facts}, {"a.csv": "b.csv"})
    assert "b.csv" in copy.text
    assert not copy.blocking


def test_every_fault_has_a_remedy() -> None:
    assert set(file_form.REMEDIES) == set(Fault.model_fields["kind"].annotation.__args__)  # type: ignore[union-attr]


def test_a_broken_key_has_the_lines_of_its_records() -> None:
    rows = [(2, {"id": "7"}), (3, {"id": ""}), (4, {"ID ": "7.0"})]
    found = TableFacts("t", {"id": ("id", "INTEGER"), "_ab_source_file_url": ("", "")}, 3, 0, ["id"], 1, 1)
    missing, repeated = keys.find(PEOPLE, found, Answers(), lambda _: iter(rows))
    assert (missing.line, repeated.line) == (3, 2)
    assert "line 4" in repeated.text
    deduped = PEOPLE.model_copy(update={"sync_mode": "incremental_deduped_history"})
    [one, *_] = keys.find(deduped, found, Answers(), lambda _: iter([*rows, (5, {"id": " "}), (6, {"name": "x"})]))
    assert (one.line, one.blocking) == (3, True)
    assert "3 records of this file" in one.text
    assert "keeps only the newest" in one.text
    appended = PEOPLE.model_copy(update={"sync_mode": "incremental_append"})
    assert len(keys.find(appended, found, Answers(), lambda _: iter(rows))) == 1


def test_blanks_around_a_key_are_a_warning() -> None:
    found = TableFacts("t", {"id": ("id", "STRING")}, 3, key=["id"], key_blanks=2)
    [finding] = keys.find(PEOPLE, found, Answers(), lambda _: iter(()))
    assert (finding.column, finding.blocking) == ("id", False)
    assert "2 of 3 rows" in finding.text


def test_keys_that_are_one_number_are_a_warning() -> None:
    found = TableFacts("t", {"id": ("id", "STRING")}, 9, key=["id"], key_zeros=2)
    [finding] = keys.find(PEOPLE, found, Answers(), lambda _: iter(()))
    assert (finding.column, finding.blocking) == ("id", False)
    assert "'007' and '7'" in finding.text
    assert not keys.find(APPENDED, found, Answers(), lambda _: iter(()))


def test_a_key_that_replaces_the_values_of_a_column_is_a_warning() -> None:
    files = StreamFiles(["**"], ParquetFormat(filetype="parquet"))
    read = {
        "id=1/a.parquet": FileFacts(names=["id", "name"]),
        "day=__HIVE_DEFAULT_PARTITION__/a.parquet": FileFacts(names=["id", "name"]),
        "day=1/id=x.parquet": FileFacts(names=["id", "name"]),  # the connector loads "x.parquet" into the column id
    }
    found = columns.find(PEOPLE, files, read, table(id="STRING", name="STRING", day="STRING"), set())
    assert [(finding.file, finding.column, finding.blocking) for finding in found] == [
        ("id=1/a.parquet", "id", False),
        ("day=__HIVE_DEFAULT_PARTITION__/a.parquet", "day", False),
        ("day=1/id=x.parquet", "id", False),
    ]


def test_a_key_that_is_not_in_the_table() -> None:
    [finding] = keys.find(PEOPLE, table(name="STRING"), Answers(), lambda _: iter(()))
    assert (finding.column, finding.blocking) == ("id", True)


@pytest.mark.parametrize(
    ("kind", "text", "wrong"),
    [
        ("INTEGER", "5", False),
        ("INTEGER", "9223372036854775808", True),
        ("INTEGER", "1_000", False),
        ("INTEGER", "-0x1F", False),
        ("BOOLEAN", "True", False),
        ("NUMERIC", "5,5", True),
        ("BOOLEAN", "maybe", True),
        ("DATE", "2024-01-31", False),
        ("DATE", "31/01/2024", True),
        ("TIMESTAMP", "2024-01-31 10:00", False),
        ("TIME", "noon", True),
        ("STRING", "x", False),
    ],
)
def test_the_first_value_that_does_not_fit_is_shown(kind: str, text: str, wrong: bool) -> None:
    def rows(_: str) -> Iterator[tuple[int, dict[str, str]]]:
        yield 9, {"x": text}

    noted: list[dict[str, object]] = [{"field": "x", "change": "NULLED", "reason": "R", "n": 3, "url": "a.csv"}]
    [finding] = casts.find(PEOPLE, table(x=kind), noted, FILES, rows)
    assert "3 values" in finding.text
    assert "drop the table" not in finding.remedy
    [kept] = casts.find(APPENDED, table(x=kind), noted, FILES, rows)
    assert kept.remedy.endswith(
        "make apply o=--refresh-schema, drop the table (rows whose files are no longer in the bucket are lost) "
        "and run again."
    )
    assert (finding.line, repr(text) in finding.text) == ((9, True) if wrong else (0, False))
    assert "cursor" not in finding.text
    deduped = PEOPLE.model_copy(update={"sync_mode": "incremental_deduped_history", "cursor_field": ["X"]})
    [finding] = casts.find(deduped, table(x=kind), noted, FILES, rows)
    assert "3 rows have the key of a record whose cursor does not fit" in finding.text
    assert "NULL (" not in finding.text  # the row that stays may have a cursor
    expected = ("a.csv", 9, True) if wrong else ("", 0, False)  # the row that stays may be from another file
    assert (finding.file, finding.line, repr(text) in finding.text) == expected
    assert ("newer files" in finding.text) is not wrong


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


def test_a_number_or_a_word_that_means_null_is_an_error_in_a_column_of_another_type() -> None:
    class Counts(Answers):
        def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:  # noqa: ARG002
            assert query == (
                "select countif(`n` in (-999)) as n_0, countif(`x` in (-1.5, -999)) as n_1, "
                "countif(`b` in (false)) as n_2 from `p.d.people`"
            )
            return [{"n_0": 1, "n_1": 0, "n_2": 2}]

    def rows(file: str) -> Iterator[tuple[int, dict[str, str]]]:
        yield 2, {"n": "1", "b": "0"}
        yield 3, {"n": "-999" if file == "b.csv" else "5", "b": "0"}

    nulls = {"", "-999", "-1.5", "no", "NaN", "-"}
    format_ = CsvFormat(filetype="csv", null_values=nulls, false_values={"no", "0"})
    files, facts = StreamFiles(["**"], format_), {"a.csv": FileFacts(), "b.csv": FileFacts()}
    found = table(n="INTEGER", x="NUMERIC", b="BOOLEAN", s="STRING")
    [finding] = null_texts.find(PEOPLE, files, facts, found, Counts(), rows)  # another word is false too
    assert told([finding]) == [(True, "b.csv", 3, "n")]
    assert "1 of 2 rows have the value '-999'" in finding.text
    appended = list(null_texts.find(APPENDED, files, facts, found, Counts(), rows))
    assert told(appended) == [(True, "b.csv", 3, "n"), (False, "", 0, "b")], "a file that is gone may have had 'no'"
    assert "written in another way" in appended[1].text
    assert not list(null_texts.find(PEOPLE, FILES, facts, found, Counts(), rows))


def test_names_that_look_the_same_are_told_apart() -> None:
    files = StreamFiles(["**"], CsvFormat(filetype="csv"), {"caf\u00e9": "string"})
    [finding] = declared.find(PEOPLE, files, {"a.csv": FileFacts(names=["cafe\u0301"])})
    assert "'cafe\\u0301' and 'caf\\xe9'" in finding.text


def test_a_column_of_a_folder_name_is_not_gone() -> None:
    files, found = StreamFiles(["**"], ParquetFormat(filetype="parquet")), table(id="INTEGER", year="STRING")
    read = {"sales/year=2024/a.parquet": FileFacts(names=["id"])}
    assert not list(declared.gone(PEOPLE, files, read, found))
    [finding] = declared.gone(PEOPLE, files, {"sales/a.parquet": FileFacts(names=["id"])}, found)
    assert (finding.column, finding.blocking) == ("year", False)


@pytest.mark.parametrize("format_", [CsvFormat(filetype="csv"), JsonlFormat(filetype="jsonl")])
def test_the_first_value_that_is_no_object_or_array_is_shown(format_: CsvFormat | JsonlFormat) -> None:
    def rows(_: str) -> Iterator[tuple[int, dict[str, str]]]:
        yield from enumerate([{"X": "{}"}, {"X": "text"}, {"X": "[1]"}], 2)

    noted: list[dict[str, object]] = [{"field": "x", "change": "NULLED", "reason": "R", "n": 3, "url": "a.csv"}]
    found = [
        (finding.line, "'text'" in finding.text, "'{}'" in finding.text)
        for kind in ("object", "array")
        for finding in casts.find(PEOPLE, table(x="JSON"), noted, StreamFiles(["**"], format_, {"x": kind}), rows)
    ]
    assert found == [(3, True, False), (2, False, True)]


def test_only_files_of_csv_have_words_for_true_and_false() -> None:
    noted: list[dict[str, object]] = [{"field": "x", "change": "NULLED", "reason": "R", "n": 1, "url": "a"}]
    remedies = [
        casts.find(PEOPLE, table(x="BOOLEAN"), noted, files, lambda _: iter(()))[0].remedy
        for files in (FILES, StreamFiles(["**"], JsonlFormat(filetype="jsonl")), None)
    ]
    assert ["true_values" in remedy for remedy in remedies] == [True, False, False]


def test_a_whole_number_of_json_lines_fits_however_it_is_written() -> None:
    lines, cells = JsonlFormat(filetype="jsonl"), CsvFormat(filetype="csv")
    fitting = [
        text
        for text in ("1.0", "2e3", "-7", "1.5", "1e30", "1e999999999", "true")
        if casts.fits(text, "INTEGER", lines)
    ]
    assert fitting == ["1.0", "2e3", "-7"]
    assert not casts.fits("1.0", "INTEGER", cells)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param("9" * 5000, "INTEGER", id="many digits"),
        pytest.param("[" * 100_000 + "]" * 100_000, "array", id="deep"),
    ],
)
def test_a_value_that_python_cannot_read_does_not_fit(text: str, kind: str) -> None:
    formats: list[FileFormat] = [CsvFormat(filetype="csv"), AvroFormat(filetype="avro")]
    assert [casts.fits(text, kind, each) for each in formats] == [False, False]


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


def test_a_result_shows_errors_first_and_says_how_many_more() -> None:
    findings = [Finding(f"warning {n}", "Do it.", blocking=False) for n in range(4)]
    checked = result(PEOPLE, "columns_arrived", "good", [*findings, Finding("error", "Do it.", "a.csv", 3, "x")])
    lines = (checked.description or "").splitlines()
    assert lines[0] == "a.csv, line 3, column 'x': error. Do it."
    assert "2 more" in lines[-1]
    assert checked.severity == dg.AssetCheckSeverity.ERROR
    assert result(PEOPLE, "columns_arrived", "good", findings).severity == dg.AssetCheckSeverity.WARN
    assert result(PEOPLE, "columns_arrived", "good", []).passed

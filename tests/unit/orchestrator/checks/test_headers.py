"""What the names and the lines of a header say: a wrong name, no header, another delimiter or another format."""

from typing import Any

import pytest

from orchestrator.checks import columns
from orchestrator.checks.findings import Finding
from orchestrator.reading.csv_header import FIXED_WIDTH
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import CsvFormat, JsonlFormat, ParquetFormat, StreamFiles

from .examples import DECLARED, FILES, PEOPLE, table


def column_findings(names: list[str], files: StreamFiles = FILES, **facts: Any) -> list[Finding]:
    read = {"a.csv": FileFacts(names=names, records=1, **facts)}
    return columns.find(PEOPLE, files, read, table(id="INTEGER", name="STRING"), set())


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


def test_names_of_one_column_in_several_files_are_told() -> None:
    """Airbyte loads order_id and order_id_1; each has the values of some of the files."""
    read = {
        "1.csv": FileFacts(names=["Order ID", "name"], records=1),
        "2.csv": FileFacts(names=["order id", "name"], records=1),
        "3.csv": FileFacts(names=["Order_ID", "name"], records=1),
    }
    found = table(Order_ID="STRING", Order_ID_1="STRING", name="STRING")
    [finding] = columns.find(PEOPLE, FILES, read, found, set())
    assert (finding.file, finding.column, finding.blocking) == ("3.csv", "Order_ID", False)
    assert "'Order ID' of 1.csv" in str(finding)
    read["3.csv"] = FileFacts(names=["Order ID", "name"], records=1)
    assert columns.find(PEOPLE, FILES, read, found, set()) == []


def test_a_value_with_an_equals_sign_in_the_key_of_a_parquet_file_is_told() -> None:
    files = StreamFiles(["**"], ParquetFormat(filetype="parquet"))
    found = table(id="INTEGER", part="STRING")
    read = {"part=a=b/x.parquet": FileFacts(names=["id"], records=1)}
    [finding] = columns.find(PEOPLE, files, read, found, set())
    assert (finding.column, finding.blocking) == ("part", False)
    assert "'a'" in str(finding)
    assert "'part=a=b'" in str(finding)
    read = {"part=a%20b/x.parquet": FileFacts(names=["id"], records=1)}
    assert columns.find(PEOPLE, files, read, found, set()) == []


def test_a_skipped_header_with_other_columns_is_told() -> None:
    """The format names the columns by their position."""

    def findings(*headers: list[str]) -> list[Finding]:
        read = {
            f"{at}.csv": FileFacts(names=["id", "name"], records=1, header_line=0, skipped_header=header)
            for at, header in enumerate(headers)
        }
        return columns.find(PEOPLE, FILES, read, table(id="INTEGER", name="STRING"), set())

    assert findings(["番号", "都市"], [], ["番号", "都市"]) == []
    [finding] = findings(["番号", "都市"], ["都市", "番号"])
    assert (finding.file, finding.blocking) == ("1.csv", True)
    assert "another order than that of 0.csv" in str(finding)
    [finding] = findings(["番号", "都市"], ["番号", "県"])
    assert not finding.blocking

"""Columns that the table, the newest files or all files do not have, and columns without values."""

from datetime import UTC, datetime

import pytest

from connections_file import Stream, SyncMode
from orchestrator.checks import columns, declared, left_out
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import JsonlFormat, ParquetFormat, StreamFiles

from .examples import APPENDED, DECLARED, FILES, PEOPLE, table, told


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


def test_a_column_that_the_table_lacks_is_a_warning_with_the_number_of_files() -> None:
    read = {f"{n}.csv": FileFacts(names=["id", "discount"]) for n in range(3)}
    [finding] = columns.find(PEOPLE, FILES, read, table(id="INTEGER"), set())
    assert told([finding]) == [(False, "0.csv", 1, "discount")]
    assert "2 other files" in finding.text


@pytest.mark.parametrize(
    ("mode", "later", "needs_reset"),
    [
        ("full_refresh_overwrite", "run again.", False),
        ("full_refresh_append", "older rows have NULL", False),
        ("incremental_append", "For all files: reset", True),
        ("incremental_deduped_history", "For all files: reset", True),
    ],
)
def test_the_remedy_for_a_column_that_the_table_lacks_is_that_of_the_sync_mode(
    mode: SyncMode, later: str, needs_reset: bool
) -> None:
    stream = PEOPLE.model_copy(update={"sync_mode": mode})
    read = {"a.csv": FileFacts(names=["id", "discount"])}
    for files, apply in ((FILES, "make apply o=--refresh-schema"), (DECLARED, "Declare the column ")):
        [remedy] = [
            each.remedy
            for each in columns.find(stream, files, read, table(id="INTEGER", name="STRING"), set())
            if each.column == "discount"
        ]
        assert remedy.startswith(apply)
        assert later in remedy
        assert ("make apply o=--refresh-schema" in remedy) is (files is FILES)
        assert ("reset" in remedy) is needs_reset
    emptied = {"a.csv": FileFacts(names=["id"], first_values={"id": 2})}
    [finding] = columns.find(stream, FILES, emptied, table(id="INTEGER"), set())
    assert ("reset" in finding.remedy) is (mode != "full_refresh_overwrite")


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


def test_a_column_of_a_folder_name_is_not_gone() -> None:
    files, found = StreamFiles(["**"], ParquetFormat(filetype="parquet")), table(id="INTEGER", year="STRING")
    read = {"sales/year=2024/a.parquet": FileFacts(names=["id"])}
    assert not list(declared.gone(PEOPLE, files, read, found))
    [finding] = declared.gone(PEOPLE, files, {"sales/a.parquet": FileFacts(names=["id"])}, found)
    assert (finding.column, finding.blocking) == ("year", False)


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

"""Values that did not fit into their column: the first one is shown, with its place."""

from collections.abc import Iterator

import pytest

from orchestrator.checks import casts
from orchestrator.reading.formats import AvroFormat, CsvFormat, FileFormat, JsonlFormat, StreamFiles

from .examples import APPENDED, FILES, PEOPLE, table


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

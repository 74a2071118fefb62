"""Quoted CSV text that is checked block by block has the same facts as text that is read record by record."""

import csv
import io
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestrator.reading import csv_file, quoted, text
from orchestrator.reading.csv_file import scan_csv
from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.formats import CsvFormat
from orchestrator.reading.quoted import unquoted, usable, whole_records

PIECES = [
    *('"', '""', '"a"', '"1,2"', '"a\nb"', '"x\n1,2,3\n1,2,3\n1,2,3\n"', '"say ""so"""', '""""', '"1\n"', '"0,5"'),
    *('5" pipe', '"a"b', '""x', '"\\"q\\""', "\\,", "\\\n", 'a\\"b', '"a\\nb"', '"a"\\', "x''y"),
    *(",", ",", ",", "\n", "\n", "\r\n", "\r", "\\", "'", ";", "\0", "\x1f", "\x1e", "\x85", "\u2028", "é", "日本"),
    *(
        "NA",
        '"N,A"',
        "1",
        "02",
        "1.50",
        "1.5",
        "1_0",
        "0.1234567891234",
        "1e400",
        "true",
        "yes",
        '"{""a"": 1, ""a"": 2}"',
    ),
]
VALUES = st.sampled_from(
    [
        *('"a,b"', '"1"', "2", '"a\nb"', '"02"', '"N,A"', '"N,B"', '"say ""so"""', "", '"é"', "1.50", '"2.5"'),
        *('5" pipe', '"a"b', '"\\""', "a\\,b", '"a\\\nb"', '\\"q'),
    ]
)
LIKE_RECORDS = st.just('1,2,"x\n3,4,5\n6,7,8\n9,0,y"')
ROWS = st.lists(st.lists(VALUES, min_size=3, max_size=3).map(",".join) | LIKE_RECORDS, max_size=12).map(
    lambda rows: "".join(f"{row}\n" for row in rows)
)
OPTIONS: list[dict[str, Any]] = [
    {},
    {"null_values": {"NA", "N,A", "1", "N\x1fB", "say so"}},
    {"double_quote": False},
    {"escape_char": "\\"},
    {"escape_char": "\\", "double_quote": False, "null_values": {'5" pipe', "a,b"}},
    {"quote_char": "'", "delimiter": ";"},
    {"quote_char": "x"},
]
KINDS: list[Any] = [
    {},
    {"a": "whole", "b": "whole", "c": "whole"},
    {"a": "integer", "b": "number", "c": "json"},
    {"a": "digits", "b": "boolean", "c": "number"},
]


def facts(content: str, options: dict[str, Any], kinds: Any) -> FileFacts:
    """The facts about the file; also the first value of column `b` is sought."""
    sought = Sought(frozenset({"b"}), kinds)
    found = scan_csv(io.BytesIO(content.encode()), CsvFormat(filetype="csv", **options), sought)
    found.faults.sort(key=lambda fault: (fault.kind, fault.line))
    return found


@settings(max_examples=200, deadline=None)
@given(
    body=st.one_of(
        ROWS,
        st.lists(st.sampled_from(PIECES), max_size=40).map("".join),
        st.tuples(ROWS, st.sampled_from(PIECES), ROWS).map("".join),
    ),
    options=st.sampled_from(OPTIONS),
    kinds=st.sampled_from(KINDS),
    size=st.sampled_from([1, 2, 7, 60, 10_000]),
)
@example('1,"N,B",1\n2,"say ""so""",2\n', OPTIONS[1], {}, 10_000)
@example('1,"say ""so""",2\n', OPTIONS[1], {}, 10_000)
@example('"{""a"": 1, ""a"": 2}"', {"double_quote": False}, {}, 10_000)
def test_the_facts_are_those_of_the_records(body: str, options: dict[str, Any], kinds: Any, size: int) -> None:
    names = "a,b,c\n".replace(",", options.get("delimiter", ","))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "CHUNK_BYTES", size)
        fast = facts(names + body, options, kinds)
        patch.setattr(csv_file, "unquoted", lambda *_: None)  # record by record, through the module csv
        assert fast == facts(names + body, options, kinds)
        patch.setattr(text, "CHUNK_BYTES", 10_000_000)  # where the blocks end makes no difference
        assert fast == facts(names + body, options, kinds)


@given(ROWS)
def test_the_records_of_a_block_are_those_of_the_module_csv(rows: str) -> None:
    found = unquoted(rows, CsvFormat(filetype="csv"))
    expected = list(csv.reader(io.StringIO(rows, newline="")))
    if not found:  # the last quote that opens is not closed
        assert expected[-1][-1].endswith("\n")
        return
    records = [found.record(number) for number in range(found.records)]
    assert [values for values, _ in records] == expected
    assert all(after[1] > before[1] for before, after in pairwise(records))


@pytest.mark.parametrize(
    ("block", "options"),
    [
        ('5" pipe,"a ""b"""\n,"c,d"\n', {}),
        ('"a"b,c\n,"d"\n', {}),
        ('a, "b"\n,\n', {}),
        ('"\\"a\\", b",c\\,d\n,\\"\n', {"escape_char": "\\"}),
        ('"a""b",c\n,"\\"\n"\n', {"escape_char": "\\", "double_quote": False}),
    ],
)
def test_quotes_and_escape_characters_in_any_place_need_no_reading_by_records(block: str, options: Any) -> None:
    found = unquoted(block, CsvFormat(filetype="csv", **options))
    grid = found and found.grid(2)
    assert grid
    assert grid.lines == 2


@pytest.mark.parametrize(
    "row", ["\n", "1\n", "1,2,3,4\n", '"a\nb",2\n'], ids=["blank", "short", "long", "over two lines"]
)
def test_a_few_odd_lines_need_no_reading_by_records(row: str, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = '7,"x",1\n'
    body = f"{usual * 150}{row}{usual * 150}1,x,02\n"
    expected = facts(f"a,b,c\n{body}", {}, {"c": "integer"})
    monkeypatch.delattr(csv_file._Scan, "_by_records")
    assert facts(f"a,b,c\n{body}", {}, {"c": "integer"}) == expected
    lines = 302 + row.count("\n")
    assert expected.records == 301 + (row != "\n")
    assert [(loss.text, loss.line) for loss in expected.losses] == [("02", lines)]
    assert [fault.line for fault in expected.faults] == ([] if row == "\n" else [152])


@pytest.mark.parametrize("block", ['"a,b\n', "a\\\n", '"a"\\,b\n'])
def test_what_needs_more_than_the_block_or_cannot_be_told_is_left_to_the_module_csv(block: str) -> None:
    assert unquoted(block, CsvFormat(filetype="csv", escape_char="\\")) is None


@pytest.mark.parametrize("tail", [8, 10_000])
def test_blocks_end_with_a_record_also_with_quotes_in_odd_numbers(tail: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quoted, "TAIL", tail)
    pieces = ['1,5" pipe\n2,"a\n', 'b",6" pipe\n3,x\n4,"\n', "\n", '"\n5,"é ""c"""\n']
    assert list(whole_records(iter(pieces), CsvFormat(filetype="csv"))) == [
        '1,5" pipe\n',
        '2,"a\nb",6" pipe\n3,x\n',
        '4,"\n\n"\n5,"é ""c"""\n',
    ]


def test_quotes_that_could_be_part_of_a_number_are_left_to_the_module_csv() -> None:
    assert usable(CsvFormat(filetype="csv", quote_char="'"))
    assert not any(usable(CsvFormat(filetype="csv", quote_char=quote)) for quote in "1.-:é")

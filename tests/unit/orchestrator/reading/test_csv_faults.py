"""Faults in the form of a CSV file: quotes, escapes, NUL bytes, bytes of another encoding, rows of another width."""

import csv
import io
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from orchestrator.reading import csv_lines, text
from orchestrator.reading.csv_file import scan_csv
from orchestrator.reading.csv_header import csv_reader
from orchestrator.reading.formats import CsvFormat

from .scans import scan


@pytest.mark.parametrize(
    ("content", "kind", "line", "records"),
    [
        (b'id,name\n1,a\n2,"b\n3,c\n4,d\n', "open quote", 3, 2),
        (b'id,name,x\n1,"a,b\n2,"c",d\n', "open quote", 2, 1),
        (b'id,name\n1,"a "b" c"\n2,d\n', "text after quote", 2, 2),
        (b"id,name\n1,a\n2\n3,c\n", "number of values", 3, 3),
        (b'id,name\n1,"a\nb"\n2,b,c\n', "number of values", 4, 2),
        (b"id,name\n1,a\n2,b\0\n", "NUL byte", 3, 2),
        (b"id,name\n1,a\n2,\xff\n3,c\n", "encoding", 3, 3),
        (b'id,"name\n1,a\n2,b\n', "open quote", 1, 2),
    ],
)
def test_a_fault_has_its_line(content: bytes, kind: str, line: int, records: int) -> None:
    facts = scan(content)
    assert (kind, line) in [(fault.kind, fault.line) for fault in facts.faults], facts
    assert facts.records == records


def test_records_and_faults_do_not_depend_on_where_blocks_end(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = ['"', '"', ",", "\n", "\r", "\r\n", "a", "\u00e9", '"a"', "\n"]
    random = Random(7)  # noqa: S311
    for size in (1, 3, 50):
        monkeypatch.setattr(text, "CHUNK_BYTES", size)
        for _ in range(300):
            content = "id,name\n" + "".join(random.choice(pieces) for _ in range(random.randint(0, 30)))
            lines = io.StringIO(content, newline=None).readlines()[1:]
            try:
                strict = len(list(csv.reader(lines, strict=True))) >= 0
            except csv.Error:
                strict = False
            facts = scan(content.encode())
            assert facts.records == sum(1 for row in csv.reader(lines) if row), content
            assert strict != bool({"open quote", "text after quote"} & facts.fault_counts.keys()), content


def test_each_line_with_a_nul_byte_counts_once() -> None:
    facts = scan(b"id,name\n1,\0a\0\n2,b\n\0,c\n")
    assert facts.fault_counts == {"NUL byte": 2}
    assert [fault.line for fault in facts.faults] == [2, 4]


@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("encoding", ["utf-16", "UTF_32"])
def test_a_file_without_the_byte_order_mark_of_its_encoding_is_read_and_told(encoding: str, order: str) -> None:
    facts = scan("id,name\n1,a\n2,b\n".encode(f"{encoding}-{order}"), encoding=encoding)
    assert (facts.records, facts.names) == (2, ["id", "name"])
    [fault] = facts.faults
    assert (fault.kind, fault.line) == ("encoding", 1)
    assert f"-{order}" in fault.text
    assert "encoding" in scan(b"id,name\n1,a\n", encoding=encoding).fault_counts  # UTF-8


@pytest.mark.parametrize(
    ("content", "delimiter", "line"),
    [
        ('id,name\n1,a\n2, "b c"\n3, "d"\n', ",", 3),
        ('id,name\n "1",a\n', ",", 2),
        ('id,name,x\n"1\n2",a,\t"b"\n', ",", 0),  # not looked for behind a line end in quotes
        ('id,name\n1,"a, ""b"" c"\n"x\n, ""y""",2\n', ",", 0),
        ('id,name\n1,a "b"\n2,5 ""\n', ",", 0),
        ('id\tname\tx\n1\t\t"b"\n', "\t", 0),  # an empty value
        ('id\tname\n1\t "b"\n', "\t", 2),
        ('id name x\n1  "b"\n', " ", 0),
    ],
)
def test_a_blank_before_a_quote_is_told(content: str, delimiter: str, line: int) -> None:
    facts = scan_csv(io.BytesIO(content.encode()), CsvFormat(filetype="csv", delimiter=delimiter))
    assert [fault.line for fault in facts.faults if fault.kind == "blank before quote"] == ([line] if line else [])


def test_a_line_is_looked_at_once_for_a_blank_before_a_quote(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line may be long, and have many such places inside its quotes."""
    read: list[str] = []

    def reader(lines: Iterator[str], *arguments: Any, **options: Any) -> Any:
        read.append("")
        return csv_reader(lines, *arguments, **options)

    monkeypatch.setattr(csv_lines, "csv_reader", reader)
    scan(b"id,name,size\n" + b'1,"%s",5" wide\n' % (b'x, ""y"" ' * 50) * 2)
    assert len(read) == 2


@pytest.mark.parametrize("header", [b"id,name\n", b"name\n"])
def test_an_escape_character_before_a_letter_is_told_once(header: bytes) -> None:
    text = header + b'\\"\\\\\\\\n\\,\n' + b"\\\\\\N\nC:\\dir\n" * 3
    facts = scan(text, escape_char="\\")
    assert [(fault.line, fault.text[:5]) for fault in facts.faults if fault.kind == "escaped letter"] == [
        (3, repr("\\N"))
    ]
    assert "escaped letter" not in scan(text).fault_counts


def test_a_text_for_null_whose_escape_character_is_removed_is_told() -> None:
    text, nulls = b"id,x\n1,\\\\-\n2,\\,\n3,\\-\n", {"\\-", "\\,"}
    [fault] = scan(text, escape_char="\\", null_values=nulls).faults
    assert (fault.kind, fault.line) == ("escaped letter", 4)
    assert fault.text.startswith(repr("\\-"))
    assert not scan(text, escape_char="\\").faults


def test_an_escape_character_that_is_not_in_the_file_takes_almost_no_time() -> None:
    def seconds(**options: Any) -> float:
        start = time.process_time()
        scan(content, **options)
        return time.process_time() - start

    content = b"id,name\n" + b"1,a name of thirty characters\n" * 50_000
    without = min(seconds() for _ in range(3))
    assert min(seconds(escape_char="\\") for _ in range(3)) < 5 * without

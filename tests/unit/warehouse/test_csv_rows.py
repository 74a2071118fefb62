"""How the warehouse reads CSV files."""

from pathlib import Path
from typing import Any

import pytest

from warehouse.csv_rows import ENCODINGS, Dialect, read


def dialect(**options: Any) -> Dialect:
    """Return BigQuery's defaults with some options changed."""
    defaults: dict[str, Any] = {
        "delimiter": ",",
        "quote": '"',
        "null_markers": ("",),
        "quoted_newlines": False,
        "encoding": "utf-8-sig",
        "control_characters": False,
    }
    return Dialect(**defaults | options)


CASES: list[tuple[bytes, dict[str, Any], list[Any]]] = [
    (b'x,""\r\n,y\n', {}, [["x", ""], [None, "y"]]),
    (b'"a ""b""","c,d"', {}, [['a "b"', "c,d"]]),
    (b"NA,,x\n", {"null_markers": ("NA", "-")}, [[None, "", "x"]]),
    (b'"x,y\n', {"quote": ""}, [['"x', "y"]]),
    (b"'x|y'|''''\n", {"quote": "'", "delimiter": "|"}, [["x|y", "'"]]),
    (b"a,b,\n", {}, [["a", "b", None]]),
    (b'"x"y,b\n1,2\n', {}, ["Data between close quote", ["1", "2"]]),
    (b'"x\ny",b\n', {"quoted_newlines": True}, [["x\ny", "b"]]),
    (b'"x\r\ny"\r\nz\r\n', {"quoted_newlines": True}, [["x\r\ny"], ["z"]]),
    (b'a\n"x', {"quoted_newlines": True}, [["a"], "Missing close quote"]),
    (b"a\n\nb\n", {}, [["a"], ["b"]]),
    (b"\xef\xbb\xbfa\xff\n", {}, [["a\ufffd"]]),
    (b"a\x00\n", {}, ["Bad character (ASCII 0)"]),
    (b"a\x00\n", {"control_characters": True}, [["a\x00"]]),
    ("é".encode("utf-16-le"), {"encoding": ENCODINGS["UTF-16LE"]}, [["é"]]),
]


@pytest.mark.parametrize(("content", "options", "wanted"), CASES)
def test_rows(tmp_path: Path, content: bytes, options: dict[str, Any], wanted: list[Any]) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    rows = list(read(str(path), dialect(**options), skip=0))
    assert len(rows) == len(wanted)
    for row, each in zip(rows, wanted, strict=True):
        if isinstance(each, str):
            assert row.error is not None
            assert each in row.error
        else:
            assert row.fields == each


def test_rows_to_skip_and_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text('"a\nb",1\nx,2\n\ny,3\n')
    rows = list(read(str(path), dialect(quoted_newlines=True), skip=1))
    assert [(row.line, row.fields) for row in rows] == [(3, ["x", "2"]), (5, ["y", "3"])]

"""Shared by the generators of files: texts that parsers often misread, column types, settings of a sync."""

from __future__ import annotations

import base64
from typing import Any

from hypothesis import strategies as st

NUMBERS = ["0", "-0", "007", "+5", "1_000", " 12 ", "0x1F", "9223372036854775807", "9223372036854775808", "1" * 30]
NUMBERS += ["-9223372036854775808", "-9223372036854775809", "18446744073709551616", "\uff11\uff12", "9007199254740993"]
FRACTIONS = ["1.5", "-0.0", "1e3", ".5", "5.", "1E-10", "0.12345678915", "1234567890123456.789", "nan", "inf", "1e400"]
FRACTIONS += ["0.30000000000000004", "99999999999999999999999999999.5", "0.0000000005", "4194304.123456789", "1_0.5"]
FRACTIONS += [
    "-Infinity",
    "NaN",
    "1.0",
    "-1.50",
    "0.1e-7",
    "1E+5",
    "79228162514264337593543950336.5",
    "00.5",
    "--1",
    "1-2",
]
WORDS = ["true", "True", "yes", "no", "0", "1", "f", "null", "NA", "", " ", "None"]
TIMES = ["2018-01-01", "2018-02-30", "2018-01-01 10:00:00", "2018-01-01T10:00:00.1234567+02:00", "12:30", "0001-01-01"]
TIMES += [
    "2018-01-01T10:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59.999999999",
    "24:00:00",
    "10000-01-01",
]
TEXTS = [
    "a,b",
    'x "y" z',
    "  sp  ",
    "line1\nline2",
    "c:\\dir\\",
    "caf\u00e9",
    "\U0001f600",
    "x\u2028",
    "\x1f\x7f",
    "a\0b",
]
TEXTS += ["{", '{"a": 1}', "[1, 2.50]", '{"a": 99999999999999999999}', '["\\ud800", NaN]', "[" * 210 + "]" * 210]
TEXTS += ["\t", "'x'", "v\x0bw\x0cf\x1ch", "p\u0085q", "e\u0301", "\ufeffz", '"', '""', "a\\", "\\N", "x" * 3000]
TEXTS += ["a\rb", "a\r\nb", '{"a": 1, "a": 2}', '{"a": -0.0, "b": 1e400}', "{}", "[]", '{"\\u0000": "\\u0000"}', "NaN"]
POOLS = {"integer": NUMBERS, "number": NUMBERS + FRACTIONS, "boolean": WORDS, "string": TEXTS + WORDS + TIMES}
ANY = [*NUMBERS, *FRACTIONS, *WORDS, *TIMES, *TEXTS]
NAMES = [
    "id",
    "a",
    "b c",
    "Name",
    "name",
    "_ab_source_file_url",
    "x\u00e9",
    'q"',
    "_ab_source_file_last_modified",
    "x\u2028y",
]
KINDS = ["STRING", "INT64", "NUMERIC", "BOOL", "FLOAT64", "DATE", "DATETIME", "TIMESTAMP", "TIME", "JSON", "REPEATED"]
TYPES = ["string", "integer", "number", "boolean", "object", "array"]
FORMATS: list[dict[str, Any]] = [
    {"type": ["null", "string"], "format": "date"},
    {"type": ["null", "string"], "format": "date-time"},
    {"type": ["null", "string"], "format": "date-time", "airbyte_type": "timestamp_without_timezone"},
    {"type": ["null", "string"], "format": "time"},
    {"type": ["null", "string"], "format": "time", "airbyte_type": "time_without_timezone"},
    {"type": ["null", "number"], "airbyte_type": "integer"},
    {"type": "string"},
    {"type": "integer"},
    {"type": ["string", "null"]},
    {"type": ["null", "string", "integer"]},
    {"type": ["null", "object", "array"]},
    {"type": ["null", "number", "boolean"]},
    {"type": ["integer", "null", "integer"]},
    {"type": "null"},
    {"type": ["null"]},
    {},
    {"oneOf": [{"type": "string"}, {"type": "null"}]},
]
"""What a column may be in the catalog of a connection, besides one type that may be null."""

letters = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


def seldom(draw: st.DrawFn, times: int) -> bool:
    """Return True in one of `times` draws. Hypothesis tries False first when it looks for a smaller case."""
    return bool(draw(st.integers(0, times - 1)) == times - 1)


def case(files: dict[str, bytes], format_: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a case for compare.py."""
    return {"files": {name: base64.b64encode(text).decode() for name, text in files.items()}, "format": format_, **more}


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Any]:
    """Return a column of a catalog: most are of one type and may be null."""
    if seldom(draw, 5):
        return draw(st.sampled_from(FORMATS))
    return {"type": ["null", draw(st.sampled_from(TYPES))]}


@st.composite
def schemas(draw: st.DrawFn, names: list[str]) -> dict[str, Any]:
    """Return properties for some of the names, and column types of a table that exists already."""
    kept = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    properties = {name: draw(columns()) for name in kept}
    kinds = {name: draw(st.sampled_from(KINDS)) for name in kept if seldom(draw, 5)}
    return {"properties": properties, "kinds": kinds}


@st.composite
def settings_of_the_sync(draw: st.DrawFn) -> dict[str, Any]:
    """Return the format of the batches, the mode, and sizes so small that a small file has many blocks and reports."""
    return {
        "to": draw(st.sampled_from(["parquet", "jsonl"])),
        "mode": draw(st.sampled_from(["full_refresh", "incremental"])),
        "chunk": draw(st.sampled_from([1, 12, 40, 1 << 20])),
        "bytes": draw(st.sampled_from([1, 2, 3, 7, 64, 8192])),
        "report": draw(st.sampled_from([0, 1])),
        "inferred": draw(st.sampled_from([10, 30, 1_000_000])),
    }

"""Every type, nested in every way, through insertAll and load jobs; and the values that they refuse."""

import base64
import datetime
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery as google_bigquery
from google.cloud.bigquery import SchemaField as Field

Client = google_bigquery.Client
UTC = datetime.UTC
NDJSON = "NEWLINE_DELIMITED_JSON"

# type, value in JSON, text in CSV, what the client reads
TYPES = [
    ("STRING", 'ü "q"', 'ü ""q""', 'ü "q"'),
    ("BYTES", base64.b64encode(b"\x89PNG\x00").decode(), base64.b64encode(b"\x89PNG\x00").decode(), b"\x89PNG\x00"),
    ("INTEGER", 9007199254740993, "9007199254740993", 9007199254740993),
    ("FLOAT", 0.1, "0.1", 0.1),
    (
        "NUMERIC",
        "1234567890123456789.123456789",
        "1234567890123456789.123456789",
        Decimal("1234567890123456789.123456789"),
    ),
    ("BIGNUMERIC", "1.000000000000000001", "1.000000000000000001", Decimal("1.000000000000000001")),
    ("BOOLEAN", True, "yes", True),
    ("DATE", "2024-02-29", "2024-02-29", datetime.date(2024, 2, 29)),
    ("TIME", "01:02:03.000004", "01:02:03.000004", datetime.time(1, 2, 3, 4)),
    ("DATETIME", "2024-02-29T01:02:03", "2024-02-29 01:02:03", datetime.datetime(2024, 2, 29, 1, 2, 3)),
    (
        "TIMESTAMP",
        "2024-02-29 01:02:03 UTC",
        "2024-02-29 03:02:03+02",
        datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC),
    ),
    ("JSON", {"a": [1, None]}, '{""a"": [1, null]}', {"a": [1, None]}),
]


@pytest.fixture(scope="module")
def values(bigquery: Client) -> Iterator[str]:
    """A dataset for all tests of this file."""
    bigquery.create_dataset("values_of_types", exists_ok=True)
    yield "values_of_types"
    bigquery.delete_dataset("values_of_types", delete_contents=True)


def load(client: Client, table: str, data: str | bytes, schema: list[Field] | None, **options: Any) -> list[Any]:
    """Load a text into a new table and return its rows."""
    config = google_bigquery.LoadJobConfig(write_disposition="WRITE_TRUNCATE", **options)
    if schema:
        config.schema = schema
    content = data.encode() if isinstance(data, str) else data
    client.load_table_from_file(io.BytesIO(content), table, job_config=config).result()
    return [row.values() for row in client.list_rows(table)]


def nested_schema() -> list[Field]:
    """Return columns of each type: alone, repeated, in a record, and repeated in a repeated record."""
    plain = [Field(f"c{n}", kind) for n, (kind, *_) in enumerate(TYPES)]
    repeated = [Field(f"r{n}", kind, "REPEATED") for n, (kind, *_) in enumerate(TYPES)]
    return [
        *plain,
        *repeated,
        Field("s", "RECORD", fields=[*plain, *repeated]),
        Field("l", "RECORD", "REPEATED", fields=[*plain, *repeated]),
    ]


def nested_row(values: list[Any]) -> dict[str, Any]:
    """Return a row of `nested_schema` with these values."""
    flat = {f"c{n}": value for n, value in enumerate(values)} | {
        f"r{n}": [value, value] for n, value in enumerate(values)
    }
    return flat | {"s": flat, "l": [flat, flat]}


@pytest.mark.parametrize("way", ["insertAll", "load", "load, keys in upper case"])
def test_every_type_nested_in_every_way(bigquery: Client, values: str, way: str) -> None:
    table = f"local-dev.{values}.nested"
    line = nested_row([value for _, value, _, _ in TYPES])
    if way == "insertAll":
        bigquery.delete_table(table, not_found_ok=True)
        created = bigquery.create_table(google_bigquery.Table(table, schema=nested_schema()))
        line = json.loads(json.dumps(line))
        line = line | {"c11": json.dumps(line["c11"])}  # the client sends JSON as text
        assert bigquery.insert_rows_json(created, [line]) == []
        [row] = bigquery.list_rows(table)
    else:
        text = json.dumps(upper(line) if "upper" in way else line)
        [row] = load(bigquery, table, text, nested_schema(), source_format=NDJSON)
        row = dict(zip([field.name for field in nested_schema()], row, strict=True))
    wanted = nested_row([value for *_, value in TYPES])
    found = dict(row)
    assert {key: found[key] for key in wanted if found[key] != wanted[key]} == {}


def upper(value: Any) -> Any:
    """Return the value with all keys of the table in upper case; the keys inside JSON values stay."""
    if isinstance(value, dict):
        return {key.upper(): item if key == "c11" else upper(item) for key, item in value.items()}
    if isinstance(value, list) and isinstance(value[0], dict) and "c0" in value[0]:
        return [upper(item) for item in value]
    return value


S, WHOLE = Field("a", "STRING"), Field("a", "INTEGER")
TWO = [Field("a", "STRING"), Field("b", "STRING")]
TEXTS = Field("a", "STRING", "REPEATED")
MOMENT = datetime.datetime(2024, 1, 5, 10, 0, tzinfo=UTC)
RANGE = Field("a", "RANGE", range_element_type="DATE")
JANUARY = {"start": datetime.date(2024, 1, 1), "end": None}
NUMERIC, TIMESTAMP = Field("a", "NUMERIC"), Field("a", "TIMESTAMP")
MONEY = Field("a", "NUMERIC", precision=5, scale=2)
NESTED = Field("a", "RECORD", fields=[Field("b", "INTEGER"), Field("c", "STRING", "REPEATED")])
NEEDED = Field("a", "RECORD", fields=[Field("b", "STRING", "REQUIRED")])
TIMES = [
    *("2024-01-05 10:00", "2024/01/05 10:00:00", "2024-01-05T12:00:00+2"),
    *("2024-01-05 04:30:00 -5:30", "1704448800", "1.7044488e9"),
]
# what, text, columns, options, rows or words of the error
CSV: list[tuple[str, str | bytes, list[Field], dict[str, Any], Any]] = [
    ("quotes make an empty string", 'x,""\n,y\n', TWO, {}, [("x", ""), (None, "y")]),
    ("null marker", "\\N,\n", TWO, {"null_marker": "\\N"}, [(None, "")]),
    ("newline in quotes", '"x\ny",b\n', TWO, {"allow_quoted_newlines": True}, [("x\ny", "b")]),
    ("newline in quotes, not allowed", '"x\ny",b\n', TWO, {}, "row 1: Missing close quote"),
    ("too many columns", "1,2\n1,2,3\n", TWO, {}, "row 2: Too many values in line. Found 3"),
    ("too few columns", "1,2\n1\n", TWO, {}, r"row 2: .*column position 1 \(b\)"),
    ("empty lines", "\nx,y\n\n", TWO, {"encoding": "ISO-8859-1"}, [("x", "y")]),
    ("empty lines of one column", '"[2024-01-01, UNBOUNDED)"\n\n', [RANGE], {}, [(JANUARY,), (None,)]),
    ("rows to skip", "#\na\n1\n", [WHOLE], {"skip_leading_rows": 2}, [(1,)]),
    ("bad records", "1\nx\n1.5\n2\n", [WHOLE], {"max_bad_records": 2}, [(1,), (2,)]),
    (
        "too many bad records",
        "1\nx\n1.5\n2\n",
        [WHOLE],
        {"max_bad_records": 1},
        "row 3: Could not parse '1.5' as INT64",
    ),
    ("1.0 is no INTEGER", "1.0\n", [WHOLE], {}, "Could not parse '1.0' as INT64 for field a"),
    ("DATETIME with a zone", "2024-01-05 10:00:00Z\n", [Field("a", "DATETIME")], {}, "as DATETIME for field a"),
    ("TIMESTAMP", "\n".join(TIMES), [TIMESTAMP], {}, [(MOMENT,)] * len(TIMES)),
    ("nanoseconds", "2024-01-05 10:00:00.1234567\n", [TIMESTAMP], {}, "as TIMESTAMP for field a"),
    ("NUMERIC", "1.1234567895\n", [NUMERIC], {}, "NUMERIC has at most 9 decimals"),
    ("NUMERIC(5, 2)", "123.455\n-0.005\n", [MONEY], {}, [(Decimal("123.46"),), (Decimal("-0.01"),)]),
    ("NUMERIC(5, 2) that is too large", "999.995\n", [MONEY], {}, r"outside the range of NUMERIC\(5, 2\)"),
    ("STRING(3)", "äbc\nabcd\n", [Field("a", "STRING", max_length=3)], {}, r"row 2: Field a: STRING\(3\)"),
    ("RANGE", '"[2024-01-01, UNBOUNDED)"\n', [RANGE], {}, [(JANUARY,)]),
    (
        "REQUIRED",
        "x,\n",
        [S, Field("b", "STRING", "REQUIRED")],
        {},
        "Only optional fields can be set to NULL. Field: b",
    ),
    ("ISO-8859-1", "é,b\n".encode("latin-1"), TWO, {"encoding": "ISO-8859-1"}, [("é", "b")]),
    ("invalid UTF-8", b"\xff,b\n", TWO, {}, [("\ufffd", "b")]),
    ("ASCII 0", b"a\x00,b\n", TWO, {}, "Bad character"),
    ("date format", "x,b\n", TWO, {"date_format": "MM/DD/YYYY"}, "does not support the option dateFormat"),
]
LINES: list[tuple[str, str, list[Field], dict[str, Any], Any]] = [
    ("key in another case", '{"A": "x"}\n{"a": "y"}', [S], {}, [("x",), ("y",)]),
    ("nested key in another case", '{"a": {"B": 1, "C": ["x"]}}', [NESTED], {}, [({"b": 1, "c": ["x"]},)]),
    ("unknown key", '{"a": "1"}\n{"a": "1", "z": 2}', [S], {}, "row 2: No such field: z"),
    ("unknown nested key", '{"a": {"b": 1, "z": 2}}', [NESTED], {}, "row 1: No such field: a.z"),
    ("unknown keys", '{"a": {"z": 2}, "y": 1}', [NESTED], {"ignore_unknown_values": True}, [({"b": None, "c": []},)]),
    ("cut off", '{"a": "x"}\n\n{"a":', [S], {}, "row 3: The line is not valid JSON"),
    ("INTEGER", '{"a": "12"}\n{"a": 12}\n{"a": 12.0}', [WHOLE], {}, [(12,), (12,), (12,)]),
    ("no INTEGER", '{"a": 1}\n{"a": 1.5}', [WHOLE], {}, "row 2: Could not parse '1.5' as INT64 for field a"),
    ("nested INTEGER", '{"a": {"b": 1.5}}', [NESTED], {}, "row 1: Could not parse '1.5' as INT64 for field a.b"),
    ("STRING", '{"a": 12}\n{"a": true}\n{"a": "[1]"}', [S], {}, [("12",), ("true",), ("[1]",)]),
    ("object for STRING", '{"a": {"x": 1}}', [S], {}, "JSON object specified for non-record field: a"),
    ("NULL arrays", '{"a": null}\n{}\n{"a": []}', [TEXTS], {}, [([],)] * 3),
    ("JSON number for NUMERIC", '{"a": 1000000000.000000001}', [NUMERIC], {}, [(Decimal("1000000000.000000001"),)]),
    (
        "epoch",
        '{"a": 1704448800}\n{"a": 1704448800.0}\n{"a": "2024-01-05 10:00:00 UTC"}',
        [TIMESTAMP],
        {},
        [(MOMENT,)] * 3,
    ),
    ("RANGE", '{"a": {"start": "2024-01-01"}}', [RANGE], {}, [(JANUARY,)]),
    ("nested REQUIRED", '{"a": {}}', [NEEDED], {}, "Field: a.b; Value: NULL"),
    ("bad records", '{"a": 1}\n{"a": "x"}\nno\n{"a": 2}', [WHOLE], {"max_bad_records": 2}, [(1,), (2,)]),
]


@pytest.mark.parametrize(
    ("kind", "text", "schema", "options", "wanted"),
    [pytest.param("CSV", *case[1:], id=f"CSV: {case[0]}") for case in CSV]
    + [pytest.param(NDJSON, *case[1:], id=f"NDJSON: {case[0]}") for case in LINES],
)
def test_loads_convert_or_refuse(
    bigquery: Client, values: str, kind: str, text: Any, schema: list[Field], options: dict[str, Any], wanted: Any
) -> None:
    table = f"{values}.loaded"
    if isinstance(wanted, str):
        with pytest.raises(GoogleAPICallError, match=wanted):
            load(bigquery, table, text, schema, source_format=kind, **options)
    else:
        assert load(bigquery, table, text, schema, source_format=kind, **options) == wanted


DETECTED = [
    (
        "CSV",
        "id,Full Name,when,day,ok,amt,t\n1,Ann,2024-01-01 10:00:00,2024-01-01,true,1.5,10:00:00\n2,,,,,,\n",
        {},
        "id:INTEGER Full_Name:STRING when:TIMESTAMP day:DATE ok:BOOLEAN amt:FLOAT t:TIME",
        2,
    ),
    ("CSV", "1,x\n2,y\n", {}, "int64_field_0:INTEGER string_field_1:STRING", 2),
    ("CSV", "a,b\nu,x\n", {}, "string_field_0:STRING string_field_1:STRING", 2),
    ("CSV", "a,b\nu,x\n", {"skip_leading_rows": 1}, "string_field_0:STRING string_field_1:STRING", 1),
    ("CSV", "#\nid,1st\n1,2\n", {"skip_leading_rows": 2}, "id:INTEGER _1st:INTEGER", 1),
    ("CSV", "a,A\n1,2\n", {}, "a:INTEGER A_1:INTEGER", 1),
    (
        NDJSON,
        '{"i": 1, "d": "2024-01-01", "n": {"x": [1, 2]}, "s": "12", "f": 1, "l": [{"k": true}]}\n{"f": 1.5, "I": 2}\n',
        {},
        "i:INTEGER d:DATE n:RECORD s:STRING f:FLOAT l:RECORD",
        2,
    ),
]


@pytest.mark.parametrize(("kind", "text", "options", "columns", "count"), DETECTED)
def test_detected_columns(
    bigquery: Client, values: str, kind: str, text: str, options: dict[str, Any], columns: str, count: int
) -> None:
    rows = load(bigquery, f"{values}.detected", text, None, source_format=kind, autodetect=True, **options)
    found = bigquery.get_table(f"{values}.detected").schema
    assert " ".join(f"{field.name}:{field.field_type}" for field in found) == columns
    assert len(rows) == count

"""JSON schema to BigQuery types, and values into columns."""

from typing import Any

import pytest

from airbyte_lite.loader.casts import MISFIT, UNSURE, cast_for, exact_cast_for
from airbyte_lite.loader.types import FieldType, field_type

INT64_MAX = 2**63 - 1
NUMERIC_MAX = "99999999999999999999999999999.999999999"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, FieldType("STRING")),
        ({"type": ["null", "string"]}, FieldType("STRING")),
        ({"type": "integer"}, FieldType("INT64")),
        ({"type": "number"}, FieldType("NUMERIC")),
        ({"type": "number", "airbyte_type": "integer"}, FieldType("INT64")),
        ({"type": "boolean"}, FieldType("BOOL")),
        ({"type": "string", "format": "date"}, FieldType("DATE")),
        ({"type": "string", "format": "date-time"}, FieldType("TIMESTAMP")),
        (
            {"type": "string", "format": "date-time", "airbyte_type": "timestamp_with_timezone"},
            FieldType("TIMESTAMP"),
        ),
        (
            {"type": "string", "format": "date-time", "airbyte_type": "timestamp_without_timezone"},
            FieldType("DATETIME"),
        ),
        ({"type": "string", "format": "time"}, FieldType("STRING")),
        ({"type": "string", "format": "time", "airbyte_type": "time_without_timezone"}, FieldType("TIME")),
        ({"type": "string", "format": "email"}, FieldType("STRING")),
        ({"type": "object", "properties": {}}, FieldType("JSON", "object")),
        ({"type": ["array", "null"], "items": {}}, FieldType("JSON", "array")),
        ({"properties": {"a": {}}}, FieldType("JSON", "object")),
        ({"items": {"type": "string"}}, FieldType("JSON", "array")),
        ({"type": ["string", "integer"]}, FieldType("STRING")),
        ({"type": ["integer", "number"]}, FieldType("NUMERIC")),
        ({"type": ["object", "string"]}, FieldType("JSON", "object")),
        ({"type": ["array", "object"]}, FieldType("JSON", "array")),
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, FieldType("JSON")),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, FieldType("INT64")),
        ({"type": "null"}, FieldType("JSON")),
        ({"type": "of the future"}, FieldType("JSON")),
        ({}, FieldType("JSON")),
        (True, FieldType("JSON")),
    ],
)
def test_type_of_a_schema(schema: Any, expected: FieldType) -> None:
    assert field_type(schema) == expected


CASTS: list[tuple[str, Any, Any]] = [
    ("INT64", 1, 1),
    ("INT64", INT64_MAX, INT64_MAX),
    ("INT64", -INT64_MAX - 1, -INT64_MAX - 1),
    ("INT64", INT64_MAX + 1, MISFIT),
    ("INT64", 1e20, MISFIT),
    ("INT64", 2.0**63, MISFIT),
    ("INT64", 3.0, 3),
    ("INT64", 3.5, MISFIT),
    ("INT64", "42", 42),
    ("INT64", " -42 ", -42),
    ("INT64", "+7", 7),
    ("INT64", "0x1F", 31),
    ("INT64", "-0xff", -255),
    ("INT64", "9223372036854775808", MISFIT),
    ("INT64", "1.0", MISFIT),
    ("INT64", "1_000", MISFIT),
    ("INT64", "١٢", MISFIT),
    ("INT64", "", MISFIT),
    ("INT64", "twelve", MISFIT),
    ("INT64", True, MISFIT),
    ("INT64", [1], MISFIT),
    ("INTEGER", "42", 42),
    ("NUMERIC", 5, 5),
    ("NUMERIC", 2**53, str(2**53)),
    ("NUMERIC", 10**29 - 1, "9" * 29),
    ("NUMERIC", 10**29, MISFIT),
    ("NUMERIC", 1.25, "1.25"),
    ("NUMERIC", -0.5, "-0.5"),
    ("NUMERIC", 0.1 + 0.2, "0.3"),
    ("NUMERIC", 1e-7, "0.0000001"),
    ("NUMERIC", 1e22, "1" + "0" * 22),
    ("NUMERIC", 1e40, MISFIT),
    ("NUMERIC", "1.5", "1.5"),
    ("NUMERIC", " 1e3 ", "1000"),
    ("NUMERIC", ".5", "0.5"),
    ("NUMERIC", "5.", "5"),
    ("NUMERIC", "0.0000000005", "0.000000001"),
    ("NUMERIC", "-0.0000000005", "-0.000000001"),
    ("NUMERIC", NUMERIC_MAX, NUMERIC_MAX),
    ("NUMERIC", "100000000000000000000000000000", MISFIT),
    ("NUMERIC", "1e999", MISFIT),
    ("NUMERIC", "NaN", MISFIT),
    ("NUMERIC", float("nan"), MISFIT),
    ("NUMERIC", "inf", MISFIT),
    ("NUMERIC", "12,5", MISFIT),
    ("NUMERIC", "0x10", MISFIT),
    ("NUMERIC", False, MISFIT),
    ("NUMERIC", {}, MISFIT),
    ("FLOAT", "2.5", 2.5),
    ("FLOAT", 3, 3.0),
    ("FLOAT", "1e999", MISFIT),
    ("FLOAT", "x", MISFIT),
    ("BOOL", True, True),
    ("BOOL", "TRUE", True),
    ("BOOL", "false", False),
    ("BOOL", "yes", MISFIT),
    ("BOOL", "1", MISFIT),
    ("BOOL", 1, MISFIT),
    ("BOOLEAN", "True", True),
    ("STRING", "", ""),
    ("STRING", 5, "5"),
    ("STRING", 1.5, "1.5"),
    ("STRING", True, "true"),
    ("STRING", {"a": [1, None]}, '{"a":[1,null]}'),
    ("STRING", ["ü"], '["ü"]'),
    ("DATE", "2018-01-31", "2018-01-31"),
    ("DATE", "2018-1-3", "2018-01-03"),
    ("DATE", "0001-01-01", "0001-01-01"),
    ("DATE", "2018-02-30", MISFIT),
    ("DATE", "20180131", MISFIT),
    ("DATE", "2018-W01-1", MISFIT),
    ("DATE", "31/01/2018", MISFIT),
    ("DATE", "2018-01-31T10:00:00", MISFIT),
    ("DATE", 20180131, MISFIT),
    ("TIMESTAMP", "2018-01-31T10:20:30Z", "2018-01-31T10:20:30Z"),
    ("TIMESTAMP", "2018-01-31 10:20:30.123456789 UTC", "2018-01-31T10:20:30.123456Z"),
    ("TIMESTAMP", "2018-01-31T10:20:30+05:30", "2018-01-31T04:50:30Z"),
    ("TIMESTAMP", "2018-01-31T10:20:30-0800", "2018-01-31T18:20:30Z"),
    ("TIMESTAMP", "2018-01-31T10:20:30+2", "2018-01-31T08:20:30Z"),
    ("TIMESTAMP", "2018-01-31T10:20", "2018-01-31T10:20:00Z"),
    ("TIMESTAMP", "2018-01-31", "2018-01-31T00:00:00Z"),
    ("TIMESTAMP", "2018-01-31T10:20:30", "2018-01-31T10:20:30Z"),
    ("TIMESTAMP", "2018-01-31T25:00:00Z", MISFIT),
    ("TIMESTAMP", "2018-01-31T10:00:00+15:00", MISFIT),
    ("TIMESTAMP", "0001-01-01T00:00:00+05:00", MISFIT),
    ("TIMESTAMP", "10000-01-01T00:00:00Z", MISFIT),
    ("TIMESTAMP", "yesterday", MISFIT),
    ("TIMESTAMP", 1517394030, MISFIT),
    ("DATETIME", "2018-01-31T10:20:30.5", "2018-01-31T10:20:30.500000"),
    ("DATETIME", "2018-01-31", "2018-01-31T00:00:00"),
    ("DATETIME", "2018-01-31T10:20:30Z", MISFIT),
    ("TIME", "9:08:07", "09:08:07"),
    ("TIME", "23:59:59.999999", "23:59:59.999999"),
    ("TIME", "24:00:00", MISFIT),
    ("TIME", "10:00:00Z", MISFIT),
    ("GEOGRAPHY", "POINT(1 1)", MISFIT),
]


@pytest.mark.parametrize(("column", "value", "expected"), CASTS)
def test_value_into_column(column: str, value: Any, expected: Any) -> None:
    result = _cast(FieldType(column), value)
    assert result is MISFIT if expected is MISFIT else (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("shape", "value", "fits"),
    [
        ("object", {"a": 1}, True),
        ("object", [1], False),
        ("object", "{}", False),
        ("array", [], True),
        ("array", {}, False),
        (None, "text", True),
        (None, 1, True),
        (None, [1], True),
    ],
)
def test_value_into_json_column(shape: str | None, value: Any, fits: bool) -> None:
    assert _cast(FieldType("JSON", shape), value) == (value if fits else MISFIT)


def test_remembered_values_are_forgotten_before_they_fill_the_memory() -> None:
    _, cast = cast_for(FieldType("TIMESTAMP"))
    for second in range(20_000):
        text = f"2018-01-01T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        assert cast(text) == text + "Z"
    cells = [cell.cell_contents for cell in cast.__closure__ or ()]
    remembered = next(cell for cell in cells if isinstance(cell, dict))
    assert len(remembered) <= 4096


def _cast(type_: FieldType, value: Any) -> Any:
    fits, cast = cast_for(type_)
    result = value if type(value) is fits else cast(value)
    return exact_cast_for(type_)(value) if result is UNSURE else result

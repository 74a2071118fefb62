"""The values that the warehouse takes from CSV and NDJSON files and from insertAll, and those that it refuses."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from warehouse import values

NOON = datetime.datetime(2024, 1, 5, 10, 0, tzinfo=datetime.UTC)


def field(kind: str, mode: str = "NULLABLE", **options: Any) -> Any:
    """Return a column `a`."""
    empty = dict.fromkeys(("fields", "maxLength", "precision", "scale", "roundingMode", "rangeElementType"))
    return SimpleNamespace(**{"name": "a", "type": kind, "mode": mode} | empty | options)


@dataclass(frozen=True)
class Refused:
    """The words of an error."""

    words: str


NESTED = field("RECORD", fields=[field("INTEGER", name="b"), field("STRING", "REPEATED", name="c")])
RANGE = field("RANGE", rangeElementType=SimpleNamespace(type="DATE"))
TEXTS: list[tuple[Any, str, Any]] = [
    (field("INTEGER"), "-5", -5),
    (field("INT64"), "1_000", Refused("Could not parse '1_000' as INT64 for field a")),
    (field("INTEGER"), " 1", Refused("as INT64")),
    (field("INTEGER"), "", Refused("Could not parse '' as INT64")),
    (field("INTEGER"), "9223372036854775808", Refused("outside the range of INT64")),
    (field("FLOAT"), "1e3", 1000.0),
    (field("FLOAT64"), "-Infinity", float("-inf")),
    (field("FLOAT"), "1e999", Refused("outside the range of FLOAT64")),
    (field("FLOAT"), "1_0", Refused("as FLOAT64")),
    (field("BOOLEAN"), "Y", True),
    (field("BOOL"), "0", False),
    (field("BOOLEAN"), "2", Refused("as BOOL")),
    (field("DATE"), "2024-1-5", datetime.date(2024, 1, 5)),
    (field("DATE"), "01/05/2024", Refused("Could not parse '01/05/2024' as DATE")),
    (field("DATE"), "2024-02-30", Refused("as DATE")),
    (field("DATE"), "2024-01-05 10:00:00", Refused("as DATE")),
    (field("DATETIME"), "2024-01-05 10:00:00.5", NOON.replace(tzinfo=None, microsecond=500_000)),
    (field("DATETIME"), "2024-01-05T10:00:00Z", Refused("as DATETIME")),
    (field("TIME"), "25:00:00", Refused("as TIME")),
    (field("TIMESTAMP"), "2024-01-05 10:00", NOON),
    (field("TIMESTAMP"), "2024-01-05T12:00:00+2", NOON),
    (field("TIMESTAMP"), "2024-01-05 04:30:00 -5:30", NOON),
    (field("TIMESTAMP"), "2024/01/05 10:00:00.000 UTC", NOON),
    (field("TIMESTAMP"), "1704448800", NOON),
    (field("TIMESTAMP"), "2024-01-05 10:00:00 Nowhere/City", Refused("unknown time zone Nowhere/City")),
    (field("TIMESTAMP"), "2024-01-05 10:00:00.1234567", Refused("as TIMESTAMP")),
    (field("NUMERIC"), "1e2", Decimal("100.000000000")),
    (field("NUMERIC"), "9" * 29 + "." + "9" * 9, Decimal("9" * 29 + "." + "9" * 9)),
    (field("NUMERIC"), "1" * 30, Refused("outside the range of NUMERIC")),
    (field("NUMERIC"), "0.0000000001", Refused("NUMERIC has at most 9 decimals")),
    (field("NUMERIC", precision="5", scale="1"), "0.25", Decimal("0.3")),
    (field("NUMERIC", precision="5", scale="1", roundingMode="ROUND_HALF_EVEN"), "0.25", Decimal("0.2")),
    (field("NUMERIC", precision="3"), "999.5", Refused("outside the range of NUMERIC(3, 0)")),
    (field("BIGNUMERIC"), "0.1234567890123456789", Refused("the emulator's BIGNUMERIC has at most 18 decimals")),
    (field("BIGNUMERIC"), "1" * 21, Refused("outside the range of BIGNUMERIC in the emulator")),
    (field("STRING", maxLength="2"), "äb", "äb"),
    (field("BYTES", maxLength="2"), "YWJj", Refused("BYTES(2) has maximum length 2, but the value has length 3")),
    (field("BYTES"), "_-8=", b"\xff\xef"),
    (field("BYTES"), "?", Refused("not base64")),
    (field("JSON"), '{"b": 1.50}', '{"b": 1.5}'),
    (field("JSON"), "{", Refused("as JSON for field a")),
    (field("INTERVAL"), "1-2 -3 -4:5:6.5", "1 years 2 months -3 days -4 hours -5 minutes -6.5 seconds"),
    (RANGE, "[2024-01-01, NULL)", {"__range_start": datetime.date(2024, 1, 1), "__range_end": None}),
    (RANGE, "[2024-01-02, 2024-01-01)", Refused("its start is not before its end")),
    (NESTED, "x", Refused("Field a is nested or repeated")),
    (field("STRING", "REPEATED"), "x", Refused("Field a is nested or repeated")),
]
LINES: list[tuple[Any, str, Any]] = [
    (field("STRING"), '{"A": "x"}', {"a": "x"}),
    (field("STRING"), '{"a": "x", "A": "y"}', Refused("The line has the field a twice")),
    (field("STRING"), '{"a": ["x"]}', Refused("Array specified for non-repeated field: a.")),
    (field("STRING"), '{"z": 1}', Refused("No such field: z.")),
    (field("STRING", "REQUIRED"), "{}", Refused("Only optional fields can be set to NULL. Field: a")),
    (field("INTEGER"), '{"a": 12.0}', {"a": 12}),
    (field("INTEGER"), '{"a": true}', Refused("as INT64")),
    (field("FLOAT"), '{"a": true}', Refused("as FLOAT64")),
    (field("NUMERIC"), '{"a": 0.1234567891}', Refused("NUMERIC has at most 9 decimals")),
    (field("TIMESTAMP"), '{"a": 1704448800.5}', {"a": NOON.replace(microsecond=500_000)}),
    (field("STRING", "REPEATED"), '{"a": "x"}', Refused("Repeated field must be imported as a JSON array")),
    (field("STRING", "REPEATED"), '{"a": ["x", null]}', Refused("Field: a; Value: NULL")),
    (NESTED, '{"a": "x"}', Refused("Field a is a RECORD")),
    (NESTED, '{"a": {"B": 1}}', {"a": {"b": 1, "c": []}}),
    (NESTED, '{"a": {"b": 1.5}}', Refused("Could not parse '1.5' as INT64 for field a.b")),
    (NESTED, '{"a": {"z": 1}}', Refused("No such field: a.z.")),
]


@pytest.mark.parametrize(("column", "text", "wanted"), TEXTS)
def test_text_of_a_csv_field(column: Any, text: str, wanted: Any) -> None:
    check(lambda: values.from_text(text, column), wanted)


@pytest.mark.parametrize(("column", "line", "wanted"), LINES)
def test_line_of_ndjson(column: Any, line: str, wanted: Any) -> None:
    check(lambda: values.record(values.parse_line(line), [column], unknown=False), wanted)


def check(convert: Callable[[], Any], wanted: Any) -> None:
    """Compare the converted value, or the words of its refusal."""
    if isinstance(wanted, Refused):
        with pytest.raises(values.Misfit) as refused:
            convert()
        assert wanted.words in refused.value.message
    else:
        assert convert() == wanted


def test_a_key_twice_is_refused() -> None:
    with pytest.raises(ValueError, match='"a" is there twice'):
        values.parse_line('{"a": 1, "a": 2}')

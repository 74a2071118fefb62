"""Every edge of every cast, against a slow reference: fractions for numbers, counted days for dates and times."""

import re
from fractions import Fraction
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from airbyte_lite.loader.casts import MISFIT, cast_for
from airbyte_lite.loader.rows import Column, RowFormatter
from airbyte_lite.loader.types import FieldType

RUNS = settings(max_examples=100, deadline=None, database=None, derandomize=True)
NULL = object()  # a value that did not cast
EDGES = [0, 2**31, 2**53, 2**63, 2**64, 10**15, 10**16, 10**28, 10**29, 10**38]
TYPES = ["STRING", "INT64", "NUMERIC", "FLOAT64", "BOOL", "DATE", "DATETIME", "TIMESTAMP", "TIME", "JSON"]


def loaded(kind: str, json_value: str) -> Any:
    """Return what a load job is given for a column, from the JSON text of the value in a message; NULL if nothing."""
    rows = RowFormatter([Column("v", "v", FieldType(kind))], 1, 1)
    message = b'{"type":"RECORD","record":{"stream":"s","emitted_at":0,"data":{"v":%b}}}\n' % json_value.encode()
    row = orjson.loads(rows.line(orjson.loads(message)["record"], message))
    if "v" in row:
        assert rows.misfits == {}
        return row["v"]
    assert rows.misfits == {"v": 1}
    return NULL


def cast(kind: str, value: Any) -> Any:
    result = cast_for(FieldType(kind))[1](value)
    return NULL if result is MISFIT else result


def exact(number: str) -> Fraction:
    """Return the value of a decimal number, whatever its size."""
    mantissa, _, exponent = number.lower().partition("e")
    return Fraction(mantissa) * Fraction(10) ** int(exponent or 0)


def to_nine_decimals(value: Fraction) -> Fraction:
    """Round half away from zero, as NUMERIC does."""
    scaled = abs(value) * 10**9
    whole = scaled.numerator // scaled.denominator + (1 if scaled % 1 >= Fraction(1, 2) else 0)
    return Fraction(whole if value >= 0 else -whole, 10**9)


def whole_numbers() -> st.SearchStrategy[int]:
    near = st.builds(
        lambda edge, sign, off: sign * (edge + off),
        st.sampled_from(EDGES),
        st.sampled_from([1, -1]),
        st.integers(-2000, 2000),
    )
    return near | st.integers(-(10**40), 10**40) | st.integers(-1000, 1000)


@st.composite
def numbers(draw: st.DrawFn) -> str:
    """Numbers as JSON allows them: with or without fraction and exponent, of up to 80 digits."""
    text = str(draw(whole_numbers()))
    if draw(st.booleans()):
        text += "." + draw(st.text("0123456789", min_size=1, max_size=40) | st.sampled_from(["5", "0", "4999999995"]))
    if draw(st.booleans()):
        text += draw(st.sampled_from("eE")) + draw(st.sampled_from(["", "+", "-"])) + str(draw(st.integers(0, 30)))
    return text


@RUNS
@given(numbers())
@example("-9223372036854775808")
@example("-9223372036854775809")
@example("-9223372036854776832")
@example("-9223372036854775808.0")
@example("9223372036854775807")
@example("9223372036854775808")
@example("9223372036854775807.0")
@example("18446744073709551616")
@example("9007199254740993.0")
@example("123456789012345e4")
def test_an_integer_column_holds_the_whole_number_or_null(number: str) -> None:
    value = exact(number)
    fits = value.denominator == 1 and -(2**63) <= value < 2**63
    assert loaded("INT64", number) == (value if fits else NULL)


@RUNS
@given(numbers())
@example("12345678901234567890.5")
@example("123456789.1000000010")
@example("0.12345678849999999999")
@example("99999999999999999999999999999.999999999")
@example("99999999999999999999999999999.9999999995")
@example("18446744073709551616")
@example("0.0000000005")
def test_a_numeric_column_holds_the_number_rounded_to_nine_decimals_or_null(number: str) -> None:
    value = to_nine_decimals(exact(number))
    result = loaded("NUMERIC", number)
    if abs(value) >= 10**29:
        assert result is NULL
    else:
        assert Fraction(result) == value
        # A JSON number may be read as a double: only what a double holds may be one.
        assert type(result) is str or abs(result) < 2**53


@RUNS
@given(numbers())
@example("123456789012345678901234567890")
@example("0.1234567890123456789")
def test_a_string_column_holds_every_digit_of_a_number_also_inside_an_object(number: str) -> None:
    assert exact(loaded("STRING", number)) == exact(number)
    text = loaded("STRING", f'{{"a":[{number},"1"]}}')
    found = re.fullmatch(r'\{"a":\[([-+.0-9eE]+),"1"\]\}', text)
    assert found, text
    assert exact(found[1]) == exact(number)


@RUNS
@given(numbers())
def test_a_float_column_holds_the_nearest_double(number: str) -> None:
    assert loaded("FLOAT64", number) == float(number)


@RUNS
@given(whole_numbers(), st.sampled_from(["{}", " {}\t", "+{}", "0{}"]))
def test_an_integer_as_text(number: int, form: str) -> None:
    text = form.format(number)
    fits = -(2**63) <= number < 2**63 and not (number < 0 and form in ("+{}", "0{}"))
    assert cast("INT64", text) == (number if fits else NULL)


@RUNS
@given(st.integers(0, 2**64 - 1), st.sampled_from(["", "-", "+"]))
@example(2**63, "-")
@example(2**63, "")
def test_a_hexadecimal_integer_as_text(number: int, sign: str) -> None:
    value = -number if sign == "-" else number
    assert cast("INT64", f"{sign}0x{number:X}") == (value if -(2**63) <= value < 2**63 else NULL)


@RUNS
@given(numbers())
def test_a_number_as_text_in_a_numeric_column(number: str) -> None:
    value = to_nine_decimals(exact(number))
    result = cast("NUMERIC", number)
    assert result is NULL if abs(value) >= 10**29 else Fraction(result) == value


@pytest.mark.parametrize(
    "text", ["", " ", ".", "1.2.3", "1e", "0x", "1_000", "\u0661", "NaN", "inf", "1,5", "--1", "0x1p3"]
)
@pytest.mark.parametrize("kind", ["INT64", "NUMERIC"])
def test_text_that_is_no_number(kind: str, text: str) -> None:
    assert cast(kind, text) is NULL


@RUNS
@given(st.sampled_from(["true", "false", "TRUE", "False", "tRuE"]) | st.text(max_size=6) | st.integers(-2, 2))
def test_boolean(value: Any) -> None:
    expected = {"true": True, "false": False}.get(value.lower(), NULL) if isinstance(value, str) else NULL
    assert cast("BOOL", value) is expected
    assert loaded("BOOL", "true") is True


def days_in(year: int, month: int) -> int:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]


def days_before(year: int, month: int, day: int) -> int:
    """Return the days from 1 January of year 1."""
    past = year - 1
    before = past * 365 + past // 4 - past // 100 + past // 400
    return before + sum(days_in(year, item) for item in range(1, month)) + day - 1


def written(days: int, microseconds: int) -> str:
    """Return date and time as the loader writes them; the fraction only where there is one."""
    year = max(1, days // 366)
    while days_before(year + 1, 1, 1) <= days:
        year += 1
    month = max(item for item in range(1, 13) if days_before(year, item, 1) <= days)
    day = days - days_before(year, month, 1) + 1
    return f"{year:04d}-{month:02d}-{day:02d}T{clock(microseconds)}"


def clock(microseconds: int) -> str:
    seconds, fraction = divmod(microseconds, 10**6)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{fraction:06d}" if fraction else text


YEARS = st.sampled_from([0, 1, 4, 100, 400, 1900, 1970, 2000, 2024, 9999]) | st.integers(0, 9999)
DATES = st.tuples(
    YEARS, st.integers(0, 13), st.integers(0, 32), st.sampled_from(["{:04d}-{:02d}-{:02d}", "{:04d}-{}-{}"])
)
CLOCKS = st.tuples(
    st.integers(0, 25), st.integers(0, 61), st.integers(0, 60), st.text("0123456789", max_size=9), st.booleans()
)
ZONES = st.sampled_from(
    ["", "Z", "z", " UTC", "+00", "+02:00", "-05:30", "+0530", "+14:00", "-14:00", "+14:01", "+5", "+01:60"]
)


def is_date(year: int, month: int, day: int) -> bool:
    return year >= 1 and 1 <= month <= 12 and 1 <= day <= days_in(year, month)


def microseconds_of(hours: int, minutes: int, seconds: int, fraction: str) -> int | None:
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return (hours * 3600 + minutes * 60 + seconds) * 10**6 + int(fraction[:6].ljust(6, "0"))


def time_text(hours: int, minutes: int, seconds: int, fraction: str, padded: bool) -> str:
    text = f"{hours:02d}:{minutes:02d}:{seconds:02d}" if padded else f"{hours}:{minutes}:{seconds}"
    return f"{text}.{fraction}" if fraction else text


@RUNS
@given(DATES)
def test_date(value: tuple[int, int, int, str]) -> None:
    *parts, form = value
    expected = "{:04d}-{:02d}-{:02d}".format(*parts) if is_date(*parts) else NULL
    assert cast("DATE", form.format(*parts)) == expected


@RUNS
@given(CLOCKS)
def test_time(value: tuple[int, int, int, str, bool]) -> None:
    moment = microseconds_of(*value[:4])
    assert cast("TIME", time_text(*value)) == (NULL if moment is None else clock(moment))


@RUNS
@given(DATES, CLOCKS, st.sampled_from("T t"), ZONES)
@example((1, 1, 1, "{:04d}-{:02d}-{:02d}"), (0, 0, 0, "", True), "T", "+02:00")
@example((9999, 12, 31, "{:04d}-{:02d}-{:02d}"), (23, 59, 59, "999999", True), "T", "-05:30")
@example((2024, 2, 29, "{:04d}-{:02d}-{:02d}"), (0, 30, 0, "", True), "T", "+02:00")
def test_datetime_and_timestamp(
    day: tuple[int, int, int, str], at: tuple[int, int, int, str, bool], between: str, zone: str
) -> None:
    *parts, form = day
    text = f"{form.format(*parts)}{between}{time_text(*at)}{zone}"
    moment = microseconds_of(*at[:4])
    valid = is_date(*parts) and moment is not None
    local = written(days_before(*parts), moment) if valid and moment is not None else NULL
    assert cast("DATETIME", text) == (NULL if zone else local)
    expected: Any = NULL
    minutes = offset_minutes(zone)
    if valid and moment is not None and minutes is not None:
        total = days_before(*parts) * 86_400 * 10**6 + moment - minutes * 60 * 10**6
        if 0 <= total < days_before(9999, 12, 31) * 86_400 * 10**6 + 86_400 * 10**6:
            expected = written(*divmod(total, 86_400 * 10**6)) + "Z"
    assert cast("TIMESTAMP", text) == expected


def offset_minutes(zone: str) -> int | None:
    """Return the zone's offset; None if it is beyond 14 hours or has 60 minutes."""
    found = re.fullmatch(r"([+-])(\d{1,2}):?(\d\d)?", zone.strip())
    if found is None:
        return 0
    hours, minutes = int(found[2]), int(found[3] or 0)
    if minutes > 59 or hours * 60 + minutes > 14 * 60:
        return None
    return (hours * 60 + minutes) * (-1 if found[1] == "-" else 1)


JSON_VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@RUNS
@given(JSON_VALUES)
def test_any_json_value_in_any_column_is_loaded_in_the_columns_type_or_is_null(value: Any) -> None:
    python = {"INT64": (int,), "NUMERIC": (int, str), "FLOAT64": (float,), "BOOL": (bool,)}
    for kind in TYPES:
        result = loaded(kind, orjson.dumps(value).decode())
        if kind == "JSON":
            assert result == value
        elif kind == "STRING":
            assert result == value if isinstance(value, str) else orjson.loads(result) == value
        elif result is not NULL:
            assert type(result) in python.get(kind, (str,))


@RUNS
@given(JSON_VALUES)
def test_objects_and_arrays_go_only_into_columns_of_their_shape(value: Any) -> None:
    for shape, python in (("object", dict), ("array", list)):
        fits, other = cast_for(FieldType("JSON", shape))
        assert fits is python
        assert other("text") is MISFIT
        rows = RowFormatter([Column("v", "v", FieldType("JSON", shape))], 1, 1)
        row = orjson.loads(rows.line({"data": {"v": value}, "emitted_at": 0}))
        assert row.get("v", NULL) == (value if type(value) is python else NULL)

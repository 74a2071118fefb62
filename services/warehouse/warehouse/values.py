"""Converts the values of NDJSON lines, CSV files and insertAll requests to a column's type, by BigQuery's rules.

DuckDB's casts accept more than BigQuery (`1.5` for an INTEGER column) and less (a TIMESTAMP in seconds), so each value
that is not in its simplest form is converted here.
"""

import base64
import binascii
import datetime
import json
import math
import re
import zoneinfo
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal
from typing import Any

KINDS = {
    **{"INT64": "INTEGER", "FLOAT64": "FLOAT", "BOOL": "BOOLEAN", "STRUCT": "RECORD"},
    **{"DECIMAL": "NUMERIC", "BIGDECIMAL": "BIGNUMERIC"},
}
DECIMALS = {"NUMERIC": (29, 9), "BIGNUMERIC": (20, 18)}  # digits before and after the point; DuckDB stores 38 at most
EXACT = Context(prec=80)
INTEGER = re.compile(r"[+-]?\d+")
FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?inf(inity)?|[+-]?nan", re.IGNORECASE)
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
DATE = re.compile(r"(\d{1,4})-(\d{1,2})-(\d{1,2})")
CLOCK = r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,6}))?)?"
TIME = re.compile(CLOCK)
DATETIME = re.compile(rf"(\d{{1,4}})-(\d{{1,2}})-(\d{{1,2}})(?:[ Tt]{CLOCK})?")
TIMESTAMP = re.compile(
    rf"(\d{{1,4}})([-/])(\d{{1,2}})\2(\d{{1,2}})(?:[ Tt]{CLOCK})? ?"
    r"(?:([Zz]|UTC)?|([+-])(\d{1,2})(?::(\d{2}))?|([A-Z]\w+/[\w/+-]+))"
)
NUMBER_OF = r"(?:([+-]?\d+){})?"
ISO_INTERVAL = re.compile(  # P1Y2M3DT4H5M6.5S
    "P"
    + "".join(map(NUMBER_OF.format, "YMD"))
    + "(?:T"
    + "".join(map(NUMBER_OF.format, "HM"))
    + r"(?:([+-]?\d+(?:\.\d{1,6})?)S)?)?"
)
INTERVAL = re.compile(r"([+-]?)(\d+)-(\d+) ([+-]?\d+) ([+-]?)(\d+):(\d+):(\d+(?:\.\d{1,6})?)")
RANGE = re.compile(r"\[ *([^,]+?) *, *([^,]+?) *\)")
BOOLEANS = dict.fromkeys(("1", "true", "t", "yes", "y"), True) | dict.fromkeys(("0", "false", "f", "no", "n"), False)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
SHOWN = 100  # characters of a value in an error


class Misfit(ValueError):
    """A value that a column cannot take. `path` is the column's name, with dots for nested fields."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path = path
        self.message = message


class Number(str):
    """The text of a JSON number that is no integer. A float would lose digits of a NUMERIC."""

    __slots__ = ()


def parse_line(line: str | bytes) -> Any:
    """Parse JSON; numbers with a fraction or exponent become Number. Raises ValueError, also for a repeated key."""
    return json.loads(line, parse_float=Number, object_pairs_hook=_object)


def parse_body(body: bytes) -> Any:
    """Parse the JSON of a request; numbers with a fraction or exponent become Number. Raises ValueError."""
    return json.loads(body, parse_float=Number)


def kind(field: Any) -> str:
    """Return the name of a field's type as tables.get returns it: INTEGER for INT64."""
    name = (field.type or "STRING").upper()
    return KINDS.get(name, name)


def record(row: Mapping[str, Any], fields: list[Any], unknown: bool, prefix: str = "") -> dict[str, Any]:
    """Convert an object to the fields' types. The keys may differ from the fields' names in upper and lower case.

    Missing fields are not in the result. Raises Misfit; with `unknown`, keys without a field are ignored instead.
    """
    by_name = {field.name.casefold(): field for field in fields}
    converted: dict[str, Any] = {}
    for key, value in row.items():
        field = by_name.get(key.casefold())
        if field is None:
            if unknown:
                continue
            raise Misfit(f"{prefix}{key}", f"No such field: {prefix}{key}.")
        if field.name in converted:
            raise Misfit(f"{prefix}{key}", f"The line has the field {prefix}{field.name} twice")
        converted[field.name] = from_json(value, field, unknown, prefix)
    for field in fields:
        if field.mode == "REPEATED" and field.name not in converted and prefix:
            converted[field.name] = []
        elif field.mode == "REQUIRED" and converted.get(field.name) is None:
            raise missing(f"{prefix}{field.name}")
    return converted


def missing(path: str) -> Misfit:
    """Return the error of a REQUIRED field without a value."""
    return Misfit(path, f"Only optional fields can be set to NULL. Field: {path}; Value: NULL")


def from_json(value: Any, field: Any, unknown: bool, prefix: str = "") -> Any:
    """Convert a JSON value to a field's type. Raises Misfit."""
    path = f"{prefix}{field.name}"
    if field.mode == "REPEATED":
        if value is None:
            return []
        if not isinstance(value, list):
            raise Misfit(path, f"Repeated field must be imported as a JSON array. Field: {path}.")
        if any(element is None for element in value):
            raise missing(path)
        return [_single(element, field, path, unknown) for element in value]
    return None if value is None else _single(value, field, path, unknown)


def from_text(text: str, field: Any) -> Any:
    """Convert the text of a CSV field. Raises Misfit."""
    if kind(field) == "RECORD" or field.mode == "REPEATED":
        raise Misfit(field.name, f"Field {field.name} is nested or repeated: a CSV file cannot have its values.")
    if kind(field) == "JSON":
        return json_text(text, field.name)
    return scalar(text, field, field.name)


def json_text(text: str, path: str) -> str:
    """Return the text of a JSON value. Raises Misfit when it is no JSON."""
    try:
        return json.dumps(plain(parse_line(text)), ensure_ascii=False)
    except ValueError as error:
        raise Misfit(path, f"Could not parse {_shown(text)} as JSON for field {path}: {error}") from error


def plain(value: Any) -> Any:
    """Replace each Number in a JSON value by a float."""
    if isinstance(value, Number):
        return float(value)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def scalar(value: Any, field: Any, path: str) -> Any:
    """Convert a string, number or Boolean. Raises Misfit."""
    name = kind(field)
    convert = CONVERTERS.get(name)
    if convert is None:
        raise Misfit(path, f"Field {path} has type {name}, which cannot be loaded")
    try:
        converted = convert(value, field)
    except (ValueError, OverflowError, ArithmeticError, KeyError, TypeError) as error:
        reason = f": {error}" if isinstance(error, Limit) else ""
        raise Misfit(path, f"Could not parse {_shown(value)} as {_standard(name)} for field {path}{reason}") from error
    return _limited(converted, name, field, path)


class Limit(ValueError):
    """A value that is valid, but outside the limits of its type. The message says which limit."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f'the key "{next(key for key in keys if keys.count(key) > 1)}" is there twice')
    return result


def _single(value: Any, field: Any, path: str, unknown: bool) -> Any:
    name = kind(field)
    if name == "JSON":
        return json.dumps(plain(value), ensure_ascii=False)
    if name == "RECORD":
        if not isinstance(value, dict):
            raise Misfit(path, f"Field {path} is a RECORD, but the value is not a JSON object: {_shown(value)}")
        return record(value, field.fields or [], unknown, f"{path}.")
    if isinstance(value, list):
        raise Misfit(path, f"Array specified for non-repeated field: {path}.")
    if isinstance(value, dict):
        if name == "RANGE":
            value = f"[{value.get('start', 'UNBOUNDED')}, {value.get('end', 'UNBOUNDED')})"
        else:
            raise Misfit(path, f"JSON object specified for non-record field: {path}.")
    return scalar(value, field, path)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value)


def _string(value: Any, field: Any) -> str:  # noqa: ARG001 the signature of a converter
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _bytes(value: Any, field: Any) -> bytes:  # noqa: ARG001
    try:
        text = "".join(_text(value).split()).rstrip("=").replace("-", "+").replace("_", "/")
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise Limit(f"it is not base64: {error}") from error


def _integer(value: Any, field: Any) -> int:  # noqa: ARG001
    if isinstance(value, Number):
        number = Decimal(value)
        if number != number.to_integral_value():
            raise ValueError
        value = int(number)
    elif isinstance(value, str):
        value = int(_matching(INTEGER, value)[0])
    if isinstance(value, bool):
        raise TypeError
    if not -(2**63) <= value < 2**63:
        raise Limit("it is outside the range of INT64")
    return int(value)


def _float(value: Any, field: Any) -> float:  # noqa: ARG001
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, str):
        value = _matching(FLOAT, value)[0]
    number = float(value)
    if math.isinf(number) and isinstance(value, str) and "n" not in value.casefold():
        raise Limit("it is outside the range of FLOAT64")
    return number


def _boolean(value: Any, field: Any) -> bool:  # noqa: ARG001
    return value if isinstance(value, bool) else BOOLEANS[str(value).casefold()]


def _decimal(value: Any, field: Any) -> Decimal:
    if isinstance(value, bool):
        raise TypeError
    name = kind(field)
    whole, scale = DECIMALS[name]
    number = Decimal(value) if isinstance(value, int | float) else Decimal(_matching(NUMBER, value)[0])
    if field.precision:
        wanted = int(field.scale or 0)
        how = ROUND_HALF_EVEN if getattr(field, "roundingMode", None) == "ROUND_HALF_EVEN" else ROUND_HALF_UP
        rounded = number.quantize(Decimal(1).scaleb(-wanted), how, EXACT)
        if rounded.copy_abs() >= Decimal(10) ** (int(field.precision) - wanted):
            raise Limit(f"it is outside the range of {name}({field.precision}, {wanted})")
    fitted = number.quantize(Decimal(1).scaleb(-scale), context=EXACT)
    if fitted != number:
        limit = f"{name} has at most {scale} decimals"
        raise Limit(limit if name == "NUMERIC" else f"the emulator's {limit}")
    if fitted.copy_abs() >= Decimal(10) ** whole:
        raise Limit(f"it is outside the range of {name}" + (" in the emulator" if name == "BIGNUMERIC" else ""))
    return rounded.quantize(Decimal(1).scaleb(-scale), context=EXACT) if field.precision else fitted


def _date(value: Any, field: Any) -> datetime.date:  # noqa: ARG001
    return datetime.date(*map(int, _matching(DATE, _text(value)).groups()))


def _time(value: Any, field: Any) -> datetime.time:  # noqa: ARG001
    return datetime.time(*_clock(_matching(TIME, _text(value)).groups()))


def _datetime(value: Any, field: Any) -> datetime.datetime:  # noqa: ARG001
    year, month, day, *clock = _matching(DATETIME, _text(value)).groups()
    return datetime.datetime(int(year), int(month), int(day), *_clock(clock))


def _timestamp(value: Any, field: Any) -> datetime.datetime:  # noqa: ARG001
    if isinstance(value, bool):
        raise TypeError
    if isinstance(value, int | Number) or NUMBER.fullmatch(value):
        return EPOCH + datetime.timedelta(microseconds=round(Decimal(value) * 1_000_000))
    year, _, month, day, *clock, _utc, sign, hours, minutes, name = _matching(TIMESTAMP, value).groups()
    naive = datetime.datetime(int(year), int(month), int(day), *_clock(clock), tzinfo=datetime.UTC)
    if name:
        try:
            return naive.replace(tzinfo=zoneinfo.ZoneInfo(name)).astimezone(datetime.UTC)
        except zoneinfo.ZoneInfoNotFoundError as error:
            raise Limit(f"unknown time zone {name}") from error
    if not sign:
        return naive
    offset = datetime.timedelta(hours=int(hours), minutes=int(minutes or 0))
    return naive - offset if sign == "+" else naive + offset


def _interval(value: Any, field: Any) -> str:  # noqa: ARG001
    if _text(value).startswith("P"):
        found = _matching(ISO_INTERVAL, value).groups()
        units = ("years", "months", "days", "hours", "minutes", "seconds")
        return " ".join(f"{number or 0} {unit}" for number, unit in zip(found, units, strict=True))
    sign, years, months, days, clock_sign, hours, minutes, seconds = _matching(INTERVAL, _text(value)).groups()
    parts = [f"{sign}{years} years", f"{sign}{months} months", f"{days} days", f"{clock_sign}{hours} hours"]
    return " ".join([*parts, f"{clock_sign}{minutes} minutes", f"{clock_sign}{seconds} seconds"])


def _range(value: Any, field: Any) -> dict[str, Any]:
    element = field.rangeElementType.type.upper()
    ends = _matching(RANGE, _text(value)).groups()
    convert = CONVERTERS[element]
    start, end = (None if end.upper() in ("UNBOUNDED", "NULL") else convert(end.strip("'\""), field) for end in ends)
    if start is not None and end is not None and start >= end:
        raise Limit("its start is not before its end")
    return {"__range_start": start, "__range_end": end}


CONVERTERS: dict[str, Callable[[Any, Any], Any]] = {
    "STRING": _string,
    "BYTES": _bytes,
    "INTEGER": _integer,
    "FLOAT": _float,
    "BOOLEAN": _boolean,
    "NUMERIC": _decimal,
    "BIGNUMERIC": _decimal,
    "DATE": _date,
    "TIME": _time,
    "DATETIME": _datetime,
    "TIMESTAMP": _timestamp,
    "INTERVAL": _interval,
    "RANGE": _range,
    "GEOGRAPHY": lambda value, field: _text(value),  # noqa: ARG005
}


def _clock(groups: Any) -> tuple[int, int, int, int]:
    hour, minute, second, fraction = groups
    return int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0").ljust(6, "0"))


def _matching(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    match = pattern.fullmatch(text)
    if match is None:
        raise ValueError(text)
    return match


def _limited(value: Any, name: str, field: Any, path: str) -> Any:
    if field.maxLength and name in ("STRING", "BYTES") and len(value) > int(field.maxLength):
        limit = f"{name}({field.maxLength}) has maximum length {field.maxLength}"
        raise Misfit(path, f"Field {path}: {limit}, but the value has length {len(value)}")
    return value


def _standard(name: str) -> str:
    return {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}.get(name, name)


def _shown(value: Any) -> str:
    text = str(value) if not isinstance(value, dict | list) else json.dumps(plain(value))
    return f"'{text[:SHOWN]}{'…' if len(text) > SHOWN else ''}'"

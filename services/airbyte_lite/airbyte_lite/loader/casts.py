"""Casts values to the types of their columns. A cast returns a value for the load job, MISFIT or UNSURE.

MISFIT: the value is invalid for the column.
UNSURE: the parsed value may have lost digits of a number, and the column could keep them (see literals.py).

Text is parsed by the rules of BigQuery's SAFE_CAST (its page "Conversion functions"). All dates and times have the same
format afterwards. NUMERIC values become text, because the warehouse may read a JSON number as a double.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from airbyte_lite.loader.literals import Literal, decimal_of, json_text
from airbyte_lite.loader.types import FieldType

MISFIT: Any = object()
UNSURE: Any = object()

Cast = Callable[[Any], Any]

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_NUMERIC_LIMIT = Decimal(10) ** 29  # 29 digits before the point, 9 after it
_NINE_DECIMALS = Decimal("1e-9")
_EXACT_IN_DOUBLE = 2**53
# Below this limit, a double differs from the written number by less than 5e-10. So if the double has at most nine
# decimals, it equals the number rounded to nine decimals.
_NINE_DECIMALS_IN_DOUBLE = 2**22
_INTEGER = re.compile(r"\s*([+-]?)(?:(\d{1,40})|0[xX]([0-9a-fA-F]{1,16}))\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?\s*", re.ASCII)
_DATE = r"(\d{4})-(\d{1,2})-(\d{1,2})"
_TIME = r"(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{0,9}))?)?"
_ZONE = r"(?:\s*([zZ]|UTC|[+-]\d{1,2}(?::?\d{2})?))?"
_DATE_ONLY = re.compile(rf"\s*{_DATE}\s*", re.ASCII)
_TIME_ONLY = re.compile(rf"\s*{_TIME}\s*", re.ASCII)
_MOMENT = re.compile(rf"\s*{_DATE}(?:[ tT]{_TIME})?{_ZONE}\s*", re.ASCII)
_LARGEST_OFFSET_S = 14 * 3600
_REMEMBERED = 4096  # cached results of a cast: dates and file times repeat from row to row


def cast_for(type_: FieldType) -> tuple[type | None, Cast]:
    """Return a Python type and a cast for a column.

    Values of the Python type need no cast; None: every value needs it.
    """
    match type_.name:
        case "STRING":
            return str, _string
        case "BOOL" | "BOOLEAN":
            return bool, _bool
        case "INT64" | "INTEGER":
            return None, _int64
        case "NUMERIC":
            return None, _numeric
        case "FLOAT64" | "FLOAT":
            return float, _float64
        case "DATE":
            return None, _remember(_date)
        case "DATETIME":
            return None, _remember(_datetime)
        case "TIMESTAMP":
            return None, _remember(_timestamp)
        case "TIME":
            return None, _remember(_time)
        case "JSON":
            return {"object": (dict, _misfit), "array": (list, _misfit)}.get(type_.shape or "", (None, _anything))
    return None, _misfit  # a column type that Airbyte does not create: every value is invalid


def exact_cast_for(type_: FieldType) -> Cast:
    """Return the cast to use after UNSURE. It takes values as `literals.data_of` returns them."""
    return {"STRING": json_text, "NUMERIC": _numeric_of_number}.get(type_.name, _int64_of_number)


def _misfit(_value: Any) -> Any:
    return MISFIT


def _anything(value: Any) -> Any:
    return value


def _string(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return value
    return UNSURE if kind is float or kind is dict or kind is list else json_text(value)


def _bool(value: Any) -> Any:
    if type(value) is bool:
        return value
    text = value.lower() if type(value) is str else ""
    return True if text == "true" else False if text == "false" else MISFIT


def _int64(value: Any) -> Any:
    kind = type(value)
    if kind is int:
        return value if _INT64_MIN <= value <= _INT64_MAX else MISFIT
    if kind is float:  # some sources have only doubles and write whole numbers as 1.0
        return UNSURE
    match = _INTEGER.fullmatch(value) if kind is str else None
    if match is None:
        return MISFIT
    sign, digits, hexadecimal = match.groups()
    number = int(digits) if digits else int(hexadecimal, 16)
    number = -number if sign == "-" else number
    return number if _INT64_MIN <= number <= _INT64_MAX else MISFIT


def _int64_of_number(value: float | Literal) -> Any:
    if type(value) is float and -_EXACT_IN_DOUBLE < value < _EXACT_IN_DOUBLE:
        return int(value) if value.is_integer() else MISFIT
    try:
        number = decimal_of(value)
    except ArithmeticError:  # for example an exponent of twenty digits
        return MISFIT
    whole = _INT64_MIN <= number <= _INT64_MAX and number == number.to_integral_value()
    return int(number) if whole else MISFIT


def _numeric(value: Any) -> Any:
    kind = type(value)
    if kind is int:
        if -_EXACT_IN_DOUBLE < value < _EXACT_IN_DOUBLE:
            return value
        return str(value) if -_NUMERIC_LIMIT < value < _NUMERIC_LIMIT else MISFIT
    if kind is float:
        text = repr(value)
        point = text.find(".")
        short = point >= 0 and len(text) - point <= 10 and "e" not in text
        return text if short and -_NINE_DECIMALS_IN_DOUBLE < value < _NINE_DECIMALS_IN_DOUBLE else UNSURE
    return _rounded(value) if kind is str and _NUMBER.fullmatch(value) else MISFIT


def _numeric_of_number(value: float | Literal) -> Any:
    return _rounded(value if type(value) is Literal else repr(value))


def _rounded(text: str) -> Any:
    try:
        with localcontext(prec=400):
            number = Decimal(text.strip()).quantize(_NINE_DECIMALS, rounding=ROUND_HALF_UP)
            fits = -_NUMERIC_LIMIT < number < _NUMERIC_LIMIT
    except ArithmeticError:  # not a number, or far out of range
        return MISFIT
    return f"{number:f}".rstrip("0").rstrip(".") if fits else MISFIT


def _float64(value: Any) -> Any:
    if type(value) is int or (type(value) is str and _NUMBER.fullmatch(value)):
        try:
            number = float(value)
        except OverflowError:
            return MISFIT
        return number if abs(number) != float("inf") else MISFIT
    return value if type(value) is float else MISFIT


def _remember(parse: Callable[[str], Any]) -> Cast:
    """Return a cast of text with a cache of its latest results."""
    seen: dict[str, Any] = {}

    def cast(value: Any) -> Any:
        if type(value) is not str:
            return MISFIT
        result = seen.get(value)
        if result is None:
            try:
                result = parse(value)
            except (ValueError, OverflowError):  # for example 30 February, or a year that is not between 1 and 9999
                result = MISFIT
            if len(seen) >= _REMEMBERED:
                seen.clear()
            seen[value] = result
        return result

    return cast


def _date(text: str) -> Any:
    match = _DATE_ONLY.fullmatch(text)
    return date(*map(int, match.groups())).isoformat() if match else MISFIT


def _time(text: str) -> Any:
    match = _TIME_ONLY.fullmatch(text)
    return time(*_clock(*match.groups())).isoformat() if match else MISFIT


def _datetime(text: str) -> Any:
    match = _MOMENT.fullmatch(text)
    if match is None or match[8]:
        return MISFIT
    return _moment(match).isoformat()


def _timestamp(text: str) -> Any:
    match = _MOMENT.fullmatch(text)
    if match is None:
        return MISFIT
    moment = _moment(match)
    zone = match[8]
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "")
        hours, minutes = (int(digits), 0) if len(digits) < 3 else (int(digits[:-2]), int(digits[-2:]))
        seconds = hours * 3600 + minutes * 60
        if seconds > _LARGEST_OFFSET_S or minutes > 59:
            return MISFIT
        moment -= timedelta(seconds=-seconds if zone[0] == "-" else seconds)
    return moment.isoformat() + "Z"


def _moment(match: re.Match[str]) -> datetime:
    year, month, day = map(int, match.group(1, 2, 3))
    return datetime(year, month, day, *_clock(*match.group(4, 5, 6, 7)))


def _clock(
    hours: str | None, minutes: str | None, seconds: str | None, fraction: str | None
) -> tuple[int, int, int, int]:
    return int(hours or 0), int(minutes or 0), int(seconds or 0), int((fraction or "0")[:6].ljust(6, "0"))

"""GoogleSQL's protobuf types and values as text and plain JSON.

The canonical form of a value: NULL, BOOL, STRING and INT64 are themselves; FLOAT64, NUMERIC and BIGNUMERIC are text;
BYTES is hexadecimal text; dates and times are ISO text with six decimals where there is a part of a second, TIMESTAMP
in UTC; INTERVAL is `Y-M D H:M:S`; JSON is its text with sorted keys; ARRAY and STRUCT are lists; RANGE is a list of
two.
"""

import datetime
import decimal
import json
from typing import Any, NamedTuple

from zetasql.wasi._pb2.zetasql.public import type_pb2 as types

from tests.dialect.floats import float_text

NAMES = {"DOUBLE": "FLOAT64"}
decimal.getcontext().prec = 100


class Column(NamedTuple):
    """A column of a result: its name, empty for an anonymous one, and its type in GoogleSQL."""

    name: str
    type: str


def type_name(kind: Any) -> str:
    """Return a protobuf type as GoogleSQL writes it: `ARRAY<STRUCT<a INT64>>`."""
    name = str(types.TypeKind.Name(kind.type_kind)).removeprefix("TYPE_")
    if name == "ARRAY":
        return f"ARRAY<{type_name(kind.array_type.element_type)}>"
    if name == "RANGE":
        return f"RANGE<{type_name(kind.range_type.element_type)}>"
    if name == "STRUCT":
        fields = (f"{field.field_name} {type_name(field.field_type)}".strip() for field in kind.struct_type.field)
        return f"STRUCT<{', '.join(fields)}>"
    return NAMES.get(name, name)


def canonical(value: Any, kind: Any) -> Any:
    """Return a protobuf value of a protobuf type in its canonical form."""
    field = value.WhichOneof("value")
    if field is None:
        # BigQuery writes a NULL array as an empty one into a result.
        return [] if kind.type_kind == types.TYPE_ARRAY else None
    content = getattr(value, field)
    match field:
        case "array_value":
            return [canonical(element, kind.array_type.element_type) for element in content.element]
        case "struct_value":
            pairs = zip(content.field, kind.struct_type.field, strict=True)
            return [canonical(member, declared.field_type) for member, declared in pairs]
        case "range_value":
            return [canonical(end, kind.range_type.element_type) for end in (content.start, content.end)]
    return scalar(field, content)


def scalar(field: str, content: Any) -> Any:
    """Return the canonical form of a value that has no parts."""
    match field:
        case "double_value":
            return float_text(content)
        case "bytes_value":
            return content.hex()
        case "date_value":
            return (datetime.date(1970, 1, 1) + datetime.timedelta(days=content)).isoformat()
        case "timestamp_value":
            moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(
                seconds=content.seconds, microseconds=content.nanos // 1000
            )
            return moment.isoformat()
        case "datetime_value":
            return datetime_text(content.bit_field_datetime_seconds, content.nanos)
        case "time_value":
            seconds, nanos = content >> 30, content & (1 << 30) - 1
            return datetime.time(seconds >> 12, seconds >> 6 & 63, seconds & 63, nanos // 1000).isoformat()
        case "numeric_value":
            return decimal_text(content, 9)
        case "bignumeric_value":
            return decimal_text(content, 38)
        case "json_value":
            return json_text(content)
        case "interval_value":
            return interval_text(content)
    return content


def datetime_text(bits: int, nanos: int) -> str:
    """Return ZetaSQL's packed date and time as ISO text."""
    parts = (bits >> 26, bits >> 22 & 15, bits >> 17 & 31, bits >> 12 & 31, bits >> 6 & 63, bits & 63)
    return datetime.datetime(*parts, nanos // 1000).isoformat()


def decimal_text(data: bytes, scale: int) -> str:
    """Return ZetaSQL's packed decimal number as text without trailing zeros."""
    number = decimal.Decimal(int.from_bytes(data, "little", signed=True)).scaleb(-scale)
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def json_text(text: str) -> str:
    """Return a JSON document with sorted keys and without white space."""
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def interval_text(data: bytes) -> str:
    """Return ZetaSQL's packed interval as GoogleSQL writes it: `1-2 3 4:5:6.7`."""
    micros, days = int.from_bytes(data[:8], "little", signed=True), int.from_bytes(data[8:12], "little", signed=True)
    packed = int.from_bytes(data[12:16], "little")  # a sign, 18 bits of months, 13 bits for parts of a microsecond
    (years, months), sign = divmod(packed >> 13 & (1 << 18) - 1, 12), "-" if packed >> 31 else ""
    seconds, part = divmod(abs(micros), 1_000_000)
    fraction = f".{part:06d}" if part else ""
    if part and part % 1000 == 0:
        fraction = fraction[:4]
    clock = f"{'-' if micros < 0 else ''}{seconds // 3600}:{seconds // 60 % 60}:{seconds % 60}{fraction}"
    return f"{sign}{years}-{months} {days} {clock}"

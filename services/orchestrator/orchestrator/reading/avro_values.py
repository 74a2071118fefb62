"""What the values of an Avro file lose.

NaN, infinity and a key that a map has twice are lost at any depth; decimals after the ninth in columns of numbers. The
connector rounds a decimal that has more digits than its type; airbyte-lite refuses the file.
"""

import math
import struct
from collections.abc import Callable, Iterator, Mapping
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from functools import partial
from typing import Any

from orchestrator.reading.avro_blocks import Header
from orchestrator.reading.exact import NUMERIC_LIMIT, digits_loss, text_loss

KEY, VALUE = "_airbyte_map_key", "_airbyte_map_value"
"""The names of the two parts of a map's entry, see `plain`."""

WIDE = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
"""Rounds no number."""

NANOSECONDS = {"timestamp-nanos", "local-timestamp-nanos"}

type Found = tuple[Any, str, str]
"""The kind of a loss, the value and what is loaded."""


def plain(schema: Any, place: str = "record") -> Any:
    """Return a schema for the same bytes, by which nothing is lost and decoding cannot fail.

    A map is a list of its entries, which is written in the same way. Numbers with a logical type stay numbers: a date
    may be outside of the years that Python knows. Only decimals in unions are needed as such; the decimals of the
    record's own fields stay bytes, because fastavro rounds them.
    """
    if isinstance(schema, list):
        return [plain(branch, f"{place}_{at}") for at, branch in enumerate(schema)]
    if not isinstance(schema, dict):
        return schema
    found = {name: value for name, value in schema.items() if name != "logicalType" or value == "decimal"}
    match schema["type"]:
        case "record" | "error":
            parts = enumerate(schema["fields"])
            found["fields"] = [{"name": f["name"], "type": plain(f["type"], f"{place}_{at}")} for at, f in parts]
            for field in found["fields"] if place == "record" else ():
                if _is_decimal(field["type"]):
                    field["type"] = {name: value for name, value in field["type"].items() if name != "logicalType"}
        case "array":
            found["items"] = plain(schema["items"], f"{place}_0")
        case "map":
            values = plain(schema["values"], f"{place}_0")
            fields = [{"name": KEY, "type": "string"}, {"name": VALUE, "type": values}]
            return {"type": "array", "items": {"type": "record", "name": f"_airbyte_{place}", "fields": fields}}
    return found


def is_nullable(schema: Any, header: Header) -> bool:
    """Return whether a field may be NULL."""
    return "null" in _kinds(schema, header.definitions)


def unknown_type(schema: Any, header: Header) -> Found | None:
    """Return how the connector loads a logical type that it does not know: as the stored text or number."""
    for branch in schema if isinstance(schema, list) else [schema]:
        kind = header.definitions.get(branch) if isinstance(branch, str) else branch
        if not isinstance(kind, dict) or "logicalType" not in kind:
            continue
        logical = kind["logicalType"]
        if kind["type"] in ("bytes", "fixed") and logical != "decimal":
            return "bytes", logical, "text"
        if logical in NANOSECONDS and kind["type"] == "long":
            return "nanoseconds as number", logical, "number"
    return None


def finder(schema: Any, header: Header, *, numeric: bool, as_text: bool) -> Callable[[Any], Iterator[Found]] | None:
    """Return a function that yields what a value of a field loses; None if none of its values can lose something.

    `numeric`: the column is a column of numbers in the table. `as_text`: the format has double_as_string.
    """
    schema = header.definitions.get(schema, schema) if isinstance(schema, str) else schema
    if _is_decimal(schema):  # in another type, the connector fails
        return partial(_of_decimals, schema["precision"], schema.get("scale", 0), numeric)
    doubles_are_texts = as_text and schema == "double"  # of a union, the connector reads doubles as numbers
    kinds = _kinds(schema, header.definitions)
    if numeric and kinds & {"float", "double", "decimal", "string"}:
        if doubles_are_texts:
            return _of_texts
        return partial(_of_numbers, short="float" in kinds and "double" not in kinds)
    return _nested if not doubles_are_texts and _can_lose(schema, header.definitions, set()) else None


def _kinds(schema: Any, definitions: Mapping[str, Any]) -> set[str]:
    """Return the types of a field, one for each branch of a union; a decimal is "decimal"."""
    if isinstance(schema, list):
        return set().union(*(_kinds(branch, definitions) for branch in schema))
    if isinstance(schema, dict):
        return {"decimal" if schema.get("logicalType") == "decimal" else str(schema["type"])}
    return _kinds(definitions[schema], definitions) if schema in definitions else {schema}


def _can_lose(schema: Any, definitions: Mapping[str, Any], seen: set[str]) -> bool:
    if isinstance(schema, list):
        return any(_can_lose(branch, definitions, seen) for branch in schema)
    if isinstance(schema, str):
        if schema in seen or schema not in definitions:
            return schema in ("float", "double")
        return _can_lose(definitions[schema], definitions, seen | {schema})
    match schema["type"]:
        case "map":
            return True
        case "record" | "error":
            return any(_can_lose(field["type"], definitions, seen | {schema["name"]}) for field in schema["fields"])
        case "array":
            return _can_lose(schema["items"], definitions, seen)
        case kind:
            return kind in ("float", "double")


def _nested(value: Any) -> Iterator[Found]:
    if isinstance(value, float):
        if not math.isfinite(value):
            yield "null", str(value), "NULL"
    elif isinstance(value, dict):
        for part in value.values():
            yield from _nested(part)
    elif isinstance(value, list):
        if value and isinstance(value[0], dict) and KEY in value[0]:
            yield from _repeated_keys(value)
            value = [entry[VALUE] for entry in value]
        for part in value:
            yield from _nested(part)


def _repeated_keys(entries: list[dict[str, Any]]) -> Iterator[Found]:
    """Yield the first key that a map has twice, with different values: the connector keeps the last one."""
    last = {entry[KEY]: entry[VALUE] for entry in entries}
    if len(last) < len(entries):
        for entry in entries:
            if last[entry[KEY]] != entry[VALUE]:
                yield "repeated", entry[KEY], str(last[entry[KEY]])[:100]
                return


def _of_numbers(value: Any, *, short: bool) -> Iterator[Found]:
    """Yield what a number loses. `short`: it has 32 bits in the file. It is right if it can be had back."""
    if not isinstance(value, float):
        yield from _of_texts(value) if isinstance(value, str | Decimal) else _nested(value)
    elif not math.isfinite(value):
        yield "null", str(value), "NULL"
    elif round(value, 9) != value and abs(value) < NUMERIC_LIMIT:
        if short and struct.pack("f", round(value, 9)) == struct.pack("f", value):
            return
        if found := digits_loss(text := _shortest(value) if short else repr(value), numeric=True):
            yield found[0], text, found[1]


def _shortest(value: float) -> str:
    """Return the shortest text of a float of 32 bits."""
    import numpy

    return str(numpy.float32(value))


def _is_decimal(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("logicalType") == "decimal"


def _of_decimals(precision: int, scale: int, numeric: bool, value: bytes) -> Iterator[Found]:
    """Yield what a decimal loses that the file stores as the bytes of a whole number."""
    number = int.from_bytes(value, signed=True)
    is_long = abs(number) >= 10**precision
    if is_long or numeric:
        exact = Decimal(number).scaleb(-scale, WIDE)
        loaded = Context(prec=precision).plus(exact)
        if is_long and loaded != exact:
            yield "precision", str(exact)[:100], str(loaded)
        if numeric:
            yield from _of_texts(loaded)


def _of_texts(value: Any) -> Iterator[Found]:
    if found := text_loss(str(value)):
        yield found[0], str(value)[:100], found[1]

"""Looks at Avro files: the types of their schema, and the values of columns that may be keys.

The columns are declared, because the connector cannot infer those of unions such as `["null", "string"]`.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from orchestrator.new_source.files import opened
from orchestrator.new_source.found import Found, Uniques, likely_key
from orchestrator.reading.avro_blocks import Header, read_header, records
from source_texts.errors import SourceError
from source_texts.tables import Column

PLAIN = {
    **{"boolean": ("boolean", "bool"), "int": ("integer", "int64"), "long": ("integer", "int64")},
    **{"float": ("number", "numeric"), "double": ("number", "numeric")},
    **{"string": ("string", "string"), "enum": ("string", "string")},
    **{"bytes": ("string", "string"), "fixed": ("string", "string")},
}
"""For each type, the declared one and that of the cast."""
LOGICAL = {
    "date": "date",
    **{"time-millis": "time", "time-micros": "time"},
    **{"timestamp-millis": "timestamp", "timestamp-micros": "timestamp"},
    **{"local-timestamp-millis": "datetime", "local-timestamp-micros": "datetime"},
    "uuid": "string",
}
"""For each logical type that the connector writes as text, the type of the cast."""
NESTED = {"array": "array", "map": "object", "record": "object", "error": "object"}
NUMERIC_DIGITS, NUMERIC_DECIMALS, BIGNUMERIC_DIGITS, BIGNUMERIC_DECIMALS = 29, 9, 20, 18
"""What the numbers of BigQuery hold; the emulator's BIGNUMERIC has 20 digits before the point."""
MOST_NOTES = 5


def look_at_avro(paths: Sequence[Path], table: str) -> Found:
    """Return what the files have. Raises SourceError when one cannot be read, or has another schema or a lost value."""
    fields: dict[str, Any] = {}
    columns: list[Column] = []
    uniques = Uniques(())
    notes: list[str] = []
    count = 0
    for path in paths:
        with opened(path) as raw:
            try:
                header = read_header(raw)
            except (ValueError, EOFError, OSError) as error:
                raise SourceError(f"{path.name}: the Avro file cannot be read: {error}") from error
            found = {field["name"]: field["type"] for field in header.schema["fields"]}
            if path == paths[0]:
                fields = found
                columns = [_column(path, name, kind, header) for name, kind in fields.items()]
                likely = [(column.name,) for at, column in enumerate(columns) if _may_be_key(column, at, table)]
                uniques = Uniques(likely)
            elif found != fields:
                raise SourceError(
                    f"{path.name} has other columns or types than {paths[0].name}. One source needs one schema."
                )
            for number, record in _records(path, raw, header):
                count += 1
                uniques.add(record)
                _require_text(path, number, record)
                for column in columns:
                    value = record[column.name]
                    column.example = column.example or ("" if value is None else str(value)[:40])
                    if isinstance(value, float) and not math.isfinite(value) and len(notes) < MOST_NOTES:
                        notes.append(f"{path.name}: {column.name}: {value} is loaded as NULL. Write NULL, or texts")
    names = list(fields)
    keys = sorted(uniques.keys, key=lambda key: likely_key(key[0], names.index(key[0]), table))
    return Found("avro", {}, columns, keys, count, notes=notes)


def _records(path: Path, raw: Any, header: Header) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield each record with its number in the file."""
    number = 0
    try:
        for record in records(raw, header):
            number += 1
            yield number, record
    except (ValueError, ArithmeticError, EOFError, OSError) as error:
        raise SourceError(f"{path.name}, record {number + 1}: a value cannot be read: {error}") from error


def _require_text(path: Path, number: int, record: Mapping[str, Any]) -> None:
    """Raise SourceError for bytes that are not UTF-8: the connector reads them as text."""
    for name, value in record.items():
        if isinstance(value, bytes):
            try:
                value.decode()
            except UnicodeDecodeError as error:
                raise SourceError(
                    f"{path.name}, record {number}: the column {name!r} has bytes that are not UTF-8, and the "
                    "connector reads bytes as text. Write them as text, for example in base64, or leave the column out."
                ) from error


def _column(path: Path, name: str, kind: Any, header: Header) -> Column:
    """Return the column of a field. Raises SourceError if the connector fails at each of its values."""
    branches = [each for each in (kind if isinstance(kind, list) else [kind]) if each != "null"]
    found = {_types(path, name, each, header) for each in branches}
    if len(found) == 1:
        landing, cast, why = found.pop()
        return Column(name, landing, f"cast({{}} as {cast})" if cast else None, why=why)
    why = "it has a union of several types" if found else "its type is null"
    return Column(name, "string", "cast({} as string)", why=why)


def _types(path: Path, name: str, kind: Any, header: Header) -> tuple[str, str | None, str]:
    """Return the declared type, the type of the cast, and why it is not a more exact one."""
    definition = header.definitions.get(kind, kind) if isinstance(kind, str) else kind
    if isinstance(definition, str):
        return (*PLAIN[definition], "")
    plain, logical = definition["type"], definition.get("logicalType")
    if plain in NESTED:
        if wrong := _not_json(definition, header.definitions, set()):
            raise SourceError(
                f"{path.name}: the column {name!r} has {wrong} inside {plain}, which the connector cannot write as "
                "JSON: the sync would fail. Write the file with text there, or leave the column out."
            )
        return NESTED[plain], None, ""
    if logical == "decimal":
        decimals = definition.get("scale", 0)
        digits = definition["precision"] - decimals
        if digits <= NUMERIC_DIGITS and decimals <= NUMERIC_DECIMALS:
            return "string", "numeric", ""
        if digits <= BIGNUMERIC_DIGITS and decimals <= BIGNUMERIC_DECIMALS:
            return "string", "bignumeric", ""
        return "string", "string", f"a decimal of {digits} digits and {decimals} decimals fits no number of BigQuery"
    if logical in LOGICAL:
        return "string", LOGICAL[logical], ""
    return (*PLAIN[plain], "")


def _not_json(kind: Any, definitions: Mapping[str, Any], seen: set[str]) -> str | None:
    """Return the first type inside a nested one whose values are no JSON: bytes or a decimal."""
    if isinstance(kind, list):
        return next((found for each in kind if (found := _not_json(each, definitions, seen))), None)
    if isinstance(kind, str):
        if kind in seen or kind not in definitions:
            return kind if kind == "bytes" else None
        return _not_json(definitions[kind], definitions, seen | {kind})
    if kind.get("logicalType") == "decimal":
        return "a decimal"
    if kind["type"] in ("bytes", "fixed"):
        return None if kind.get("logicalType") == "uuid" else "bytes"
    inner = [kind[part] for part in ("items", "values") if part in kind]
    inner += [field["type"] for field in kind.get("fields", ())]
    named = seen | {kind["name"]} if "name" in kind else seen
    return next((found for each in inner if (found := _not_json(each, definitions, named))), None)


def _may_be_key(column: Column, position: int, table: str) -> bool:
    is_plain = column.cast in ("cast({} as int64)", "cast({} as string)") and not column.why
    return is_plain and likely_key(column.name, position, table)[0] < 9

"""Looks at JSON lines: the fields of the records, and the types of their values."""

import json
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from orchestrator.new_source.files import opened
from orchestrator.new_source.found import Found, Uniques, likely_key
from orchestrator.new_source.text_types import TextColumn
from orchestrator.reading.exact import digits_loss
from orchestrator.reading.json_lines import scan_json_lines
from source_texts.errors import SourceError
from source_texts.tables import Column

CASTS = {"integer": "cast({} as int64)", "number": "cast({} as numeric)", "boolean": "cast({} as bool)"}


class _Number(str):
    """A number with a point or an exponent, as the file writes it."""

    __slots__ = ()


def look_at_json_lines(paths: Sequence[Path], table: str) -> Found:
    """Return what the files have. Raises SourceError when a line is not a JSON object."""
    kinds: dict[str, dict[str, str]] = {}  # for each field, its types, each with an example
    texts: dict[str, TextColumn] = {}
    notes: list[str] = []
    names: list[str] = []
    records = 0
    for path in paths:
        with opened(path) as raw:
            facts = scan_json_lines(raw)
        for fault in facts.faults:
            raise SourceError(f"{path.name}, line {fault.line}: {fault.text}. Repair the file, then run again.")
        names += [name for name in facts.names if name not in names]
        records += facts.records
    singles = Uniques([(name,) for at, name in enumerate(names) if likely_key(name, at, table)[0] < 9])
    pairs = Uniques(combinations([name for at, name in enumerate(names) if likely_key(name, at, table)[0] < 9][:4], 2))
    for path in paths:
        with opened(path) as raw:
            for number, line in enumerate(raw, 1):
                if not line.strip():
                    continue
                record = _record(path, number, line)
                for name, value in record.items():
                    if value is not None:
                        kinds.setdefault(name, {}).setdefault(_kind(value), str(value)[:40])
                        if isinstance(value, str) and not isinstance(value, _Number):
                            texts.setdefault(name, TextColumn(name)).add(value)
                    if isinstance(value, _Number) and digits_loss(value, numeric=True):
                        notes.append(f"{path.name}, line {number}: {name}: {value} loses digits. Write it as a text")
                plain = {name: str(value) for name, value in record.items() if value is not None}
                singles.add(plain)
                pairs.add(plain)
    if records == 1 and (wrapped := _wrapped_records(record)):
        notes.append(
            f"{path.name}: the file is one object. If its records are in {wrapped!r}, write each on a line of its own: "
            f"jq -c '.[\"{wrapped}\"][]' {path.name}"
        )
    columns = [_column(name, kinds.get(name, {}), texts.get(name)) for name in names]
    keys = sorted(singles.keys, key=lambda key: likely_key(key[0], names.index(key[0]), table)) or pairs.keys
    plain_types = {column.name for column in columns if column.landing in ("string", "integer")}
    return Found("jsonl", {}, columns, [key for key in keys if plain_types >= set(key)], records, notes=notes[:5])


def _wrapped_records(record: dict[str, Any]) -> str | None:
    """Return the one field that is a list of objects, as in answers of APIs and in GeoJSON."""
    lists = [name for name, value in record.items() if isinstance(value, list) and value and isinstance(value[0], dict)]
    return lists[0] if len(lists) == 1 else None


def _record(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line, parse_float=_Number)
    except ValueError as error:
        raise SourceError(
            f"{path.name}, line {number}: not one JSON value on a line: {error}. Write each object on one line: jq -c ."
        ) from error
    if not isinstance(record, dict):
        raise SourceError(f"{path.name}, line {number}: a {_kind(record)}, not an object. Each line needs an object.")
    for name in record:
        if name != name.strip() or not name:
            raise SourceError(f"{path.name}, line {number}: the field {name!r} is empty or has blanks around it.")
    return record


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "boolean"
        case _Number():
            return "number"
        case int():
            return "integer" if -(2**63) <= value < 2**63 else "long integer"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _column(name: str, kinds: dict[str, str], text: TextColumn | None) -> Column:
    example = next(iter(kinds.values()), "")
    found = set(kinds)
    if found == {"integer", "number"}:
        found = {"number"}
    if found == {"string"} and text is not None:
        column = text.column()
        # A text that looks like a number or a boolean was written as a text on purpose.
        times = ("date", "timestamp", "datetime")
        cast = column.cast if column.cast and any(f" as {kind})" in column.cast for kind in times) else None
        return Column(name, "string", cast or "cast({} as string)", example)
    if len(found) == 1 and (kind := found.pop()) in (*CASTS, "object", "array"):
        return Column(name, kind, CASTS.get(kind), example)
    why = f"its values have different types: {', '.join(sorted(kinds))}" if len(kinds) > 1 else "it has no simple type"
    return Column(name, "string", "cast({} as string)", example, why if kinds else "it has no value in any record")

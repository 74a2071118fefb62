"""Detects the columns of CSV and NDJSON files, as BigQuery's schema auto-detection does."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any

from local_bigquery.models import TableFieldSchema

from warehouse import values
from warehouse.csv_rows import Row
from warehouse.values import Number

SAMPLE = 500  # rows that BigQuery reads
CANDIDATES = ("INTEGER", "FLOAT", "BOOLEAN", "DATE", "TIME", "TIMESTAMP")
NAMES = {"INTEGER": "int64", "FLOAT": "double", "BOOLEAN": "bool"}  # of columns without a header
TIMED = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}[ Tt]\d.*")
NO_BOOLEANS = ("0", "1")  # BigQuery takes them for numbers


def csv_columns(rows: Iterable[Row], skip: int | None) -> tuple[list[TableFieldSchema], int]:
    """Return the columns of a CSV file, and how many of its rows are no data. `rows` are all rows of the file.

    The first row is a header when it has only strings and another row does not. With `skip`, that is the row before
    the first row of data; without a header it is skipped nevertheless.
    """
    before = max((skip or 0) - 1, 0)
    sample = [row.fields for row in islice(rows, before, before + SAMPLE + 1) if not row.error]
    first = sample[0] if sample else []
    data = sample[1:]
    width = max((len(fields) for fields in sample), default=0)
    types = [_column_type([fields[i] for fields in data if i < len(fields)]) for i in range(width)]
    strings = bool(first) and all(_column_type([field]) in ("STRING", "BOOLEAN") for field in first)  # "t", "y"
    header = skip != 0 and strings and any(each != "STRING" for each in types)
    if not header and not skip:
        types = [_column_type([fields[i] for fields in sample if i < len(fields)]) for i in range(width)]
    names = [first[i] if header and i < len(first) and first[i] else None for i in range(width)]
    fields = [
        TableFieldSchema(name=name, type=each, mode="NULLABLE")
        for name, each in zip(_unique(names, types), types, strict=True)
    ]
    return fields, max(skip or 0, 1) if header else (skip or 0)


def json_columns(lines: Iterable[dict[str, Any]]) -> list[TableFieldSchema]:
    """Return the columns of NDJSON lines."""
    return _record(list(islice(lines, SAMPLE)))


def column_name(text: str) -> str:
    """Return a header's text with the characters that a column's name may have."""
    name = re.sub(r"[^0-9A-Za-z_]", "_", text.strip())
    return f"_{name}" if name[:1].isdigit() else name


def _unique(names: list[str | None], types: list[str]) -> list[str]:
    found: list[str] = []
    for index, (name, each) in enumerate(zip(names, types, strict=True)):
        wanted = column_name(name) if name else f"{NAMES.get(each, each.lower())}_field_{index}"
        candidate, number = wanted, 0
        while candidate.casefold() in (other.casefold() for other in found):
            number += 1
            candidate = f"{wanted}_{number}"
        found.append(candidate)
    return found


def _column_type(texts: list[str | None]) -> str:
    given = [text for text in texts if text is not None]
    kinds = [kind for kind in CANDIDATES if given and all(_is(text, kind) for text in given)]
    return kinds[0] if kinds else "STRING"


def _is(text: str, kind: str) -> bool:
    if (kind == "BOOLEAN" and text in NO_BOOLEANS) or (kind == "TIMESTAMP" and not TIMED.match(text)):
        return False
    try:
        values.scalar(text, TableFieldSchema(name="", type=kind), "")
    except values.Misfit:
        return False
    return True


def _record(lines: list[dict[str, Any]]) -> list[TableFieldSchema]:
    keys = {key.casefold(): key for line in reversed(lines) for key in reversed(line)}
    order = dict.fromkeys(key.casefold() for line in lines for key in line)
    columns: dict[str, list[Any]] = {key: [] for key in order}
    for line in lines:
        for key, value in line.items():
            columns[key.casefold()].append(value)
    return [_json_column(column_name(keys[key]), found) for key, found in columns.items()]


def _json_column(name: str, found: list[Any]) -> TableFieldSchema:
    repeated = any(isinstance(value, list) for value in found)
    flat = [each for value in found for each in (value if isinstance(value, list) else [value])]
    given = [value for value in flat if value is not None]
    field: dict[str, Any] = {"name": name, "mode": "REPEATED" if repeated else "NULLABLE"}
    if given and all(isinstance(value, dict) for value in given):
        field |= {"type": "RECORD", "fields": [each.dump() for each in _record(given)]}
    else:
        kinds = {_json_type(value) for value in given}
        wide = "FLOAT" if kinds == {"INTEGER", "FLOAT"} else "STRING"
        field["type"] = kinds.pop() if len(kinds) == 1 else wide
    return TableFieldSchema.model_validate(field)


def _json_type(value: Any) -> str:
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "INTEGER"
    if isinstance(value, Number):
        return "FLOAT"
    if isinstance(value, str):
        return next((kind for kind in ("DATE", "TIME", "TIMESTAMP") if _is(value, kind)), "STRING")
    return "STRING"

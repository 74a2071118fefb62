"""Converts NDJSON and CSV files row by row: every value that BigQuery accepts, and errors that name row and column."""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from local_bigquery.models import TableFieldSchema

from warehouse import csv_rows, values
from warehouse.values import Misfit, kind

BATCH = 5_000  # rows
TIMES = {
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "DATETIME": pa.timestamp("us"),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
}
ARROW = {
    **dict.fromkeys(("STRING", "JSON", "INTERVAL", "GEOGRAPHY"), pa.string()),
    **{"BYTES": pa.binary(), "INTEGER": pa.int64(), "FLOAT": pa.float64(), "BOOLEAN": pa.bool_()},
    **{"NUMERIC": pa.decimal128(38, 9), "BIGNUMERIC": pa.decimal128(38, 18)},
    **TIMES,
}
Fields = list[TableFieldSchema]


class TooManyBadRecords(Exception):
    """More rows are wrong than the job allows."""


class Rejects:
    """The rows that could not be read: how many, and the first of them."""

    def __init__(self, allowed: int) -> None:
        self.allowed = allowed
        self.rows = 0
        self.count = 0
        self.first: list[str] = []

    def add(self, file: str | None, line: int, message: str) -> None:
        """Count a row. Raises TooManyBadRecords."""
        self.count += 1
        if len(self.first) < 5:
            place = f"File: {file}; row {line}" if file else f"row {line}"
            self.first.append(f"{place}: {message}")
        if self.count > self.allowed:
            raise TooManyBadRecords


def arrow_type(field: TableFieldSchema) -> pa.DataType:
    """Return the Arrow type of a field's converted values."""
    name = kind(field)
    if name == "RECORD":
        found: pa.DataType = pa.struct([(each.name, arrow_type(each)) for each in field.fields or []])
    elif name == "RANGE":
        element = TIMES[field.rangeElementType.type.upper()]
        found = pa.struct([("__range_start", element), ("__range_end", element)])
    else:
        found = ARROW[name]
    return pa.list_(found) if field.mode == "REPEATED" else found


def reader(files: dict[str, str | None], config: Any, fields: Fields, skip: int, rejects: Rejects) -> Any:
    """Return an Arrow reader of the converted rows. It is read once, by one INSERT; its errors stop that statement."""
    schema = pa.schema([(field.name, arrow_type(field)) for field in fields])
    rows = _rows(files, config, fields, skip, rejects)

    def batches() -> Iterator[pa.RecordBatch]:
        while chunk := list(islice(rows, BATCH)):
            yield pa.RecordBatch.from_pylist(chunk, schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def json_lines(path: str) -> Iterator[tuple[int, Any]]:
    """Yield the number and value of each line; the value is a Misfit when the line is no JSON object."""
    with Path(path).open("rb") as file:
        for number, line in enumerate(file, 1):
            text = line.decode("utf-8-sig" if number == 1 else "utf-8", "replace").strip()
            if not text:
                continue
            try:
                value = values.parse_line(text)
            except ValueError as error:
                yield number, Misfit("", f"The line is not valid JSON: {error}")
                continue
            yield number, value if isinstance(value, dict) else Misfit("", "The line is not a JSON object")


def _rows(
    files: dict[str, str | None], config: Any, fields: Fields, skip: int, rejects: Rejects
) -> Iterator[dict[str, Any]]:
    unknown = bool(config.ignoreUnknownValues)
    for path, name in files.items():
        lines = (
            json_lines(path) if config.sourceFormat == "NEWLINE_DELIMITED_JSON" else _csv(path, config, fields, skip)
        )
        for number, line in lines:
            rejects.rows += 1
            try:
                if isinstance(line, Misfit):
                    raise line
                yield line if config.sourceFormat != "NEWLINE_DELIMITED_JSON" else values.record(line, fields, unknown)
            except Misfit as misfit:
                rejects.add(name, number, misfit.message)


def _csv(path: str, config: Any, fields: Fields, skip: int) -> Iterable[tuple[int, Any]]:
    for row in csv_rows.read(path, csv_rows.Dialect.of(config), skip, len(fields)):
        try:
            yield row.line, _converted(row, config, fields)
        except Misfit as misfit:
            yield row.line, misfit


def _converted(row: csv_rows.Row, config: Any, fields: Fields) -> dict[str, Any]:
    """Convert the texts of a row. Raises Misfit."""
    if row.error:
        raise Misfit("", row.error)
    given = len(row.fields)
    if given > len(fields) and not config.ignoreUnknownValues:
        raise Misfit("", f"Too many values in line. Found {given} column(s) while expected {len(fields)}.")
    if given < len(fields) and not config.allowJaggedRows:
        raise Misfit(
            fields[given].name,
            f"CSV table references column position {given} ({fields[given].name}), "
            f"but line contains only {given} columns.",
        )
    converted: dict[str, Any] = {}
    for field, text in zip(fields, row.fields, strict=False):
        converted[field.name] = None if text is None else values.from_text(text, field)
    for field in fields:
        if field.mode == "REQUIRED" and converted.get(field.name) is None:
            raise values.missing(field.name)
    return converted

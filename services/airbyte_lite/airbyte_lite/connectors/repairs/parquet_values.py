"""Reads the values of a Parquet file. Some of them do not exist in Python, in JSON or in Airbyte."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy
import pyarrow.parquet
from airbyte_cdk.sources.file_based.exceptions import RecordParseError
from airbyte_cdk.sources.file_based.file_types.parquet_parser import ParquetParser
from pyarrow import types

from .faults import FileFault
from .values import AS_TEXT, ValueFault, json_error, not_utf8

DAY_SECONDS = 24 * 60 * 60
PER_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}


def exact_values() -> None:
    """Refuse what airbyte-cdk 7.39.1 fails on, changes or leaves out, with row and column; keep durations exact.

    The connector names neither row nor column for a date after the year 9999 ("date value out of range") or a decimal
    in a list. It reads the time 25:00 as 01:00, and a duration of 1001 ms as 1000.9999999999999 in a column of
    integers. No upstream report is known.
    """
    value_of, records = ParquetParser._to_output_value, ParquetParser.parse_records

    def output_value(value: Any, *arguments: Any) -> Any:
        kind = value.type
        if types.is_duration(kind):
            return value.value
        nested = types.is_nested(kind)
        try:
            if nested or types.is_time(kind):
                _require_times(value)
            found = value_of(value, *arguments)
        except ValueFault:
            raise
        except Exception as error:
            raise ValueFault(_reason(value, error)) from error
        if nested and found is not None and _may_lack_json(kind) and (reason := json_error(found)):
            raise ValueFault(f"a value of the type {kind} cannot be written as JSON ({reason}). {AS_TEXT}") from reason
        return found

    def parse_records(
        self: Any, config: Any, file: Any, stream_reader: Any, logger: Any, discovered_schema: Any
    ) -> Iterator[Any]:
        rows = 0
        try:
            for record in records(self, config, file, stream_reader, logger, discovered_schema):
                yield record
                rows += 1
        except RecordParseError as error:
            if not isinstance(error.__cause__, ValueFault):
                raise
            with stream_reader.open_file(file, self.file_read_mode, self.ENCODING, logger) as binary:
                column = _column(pyarrow.parquet.ParquetFile(binary), rows, config.format)
            raise fault(file.uri, rows + 1, column, error.__cause__) from error
        with stream_reader.open_file(file, self.file_read_mode, self.ENCODING, logger) as binary:
            require_every_row(file.uri, pyarrow.parquet.ParquetFile(binary).metadata, rows)

    ParquetParser._to_output_value = staticmethod(output_value)
    ParquetParser.parse_records = parse_records


def times_of_every_year() -> None:
    """Read the times of the type INT96, which Spark and Impala write, with microseconds.

    PyArrow reads them with nanoseconds, which only 1677 to 2262 have: the year 1600 becomes 2184, without an error
    (ARROW-12096).
    """
    read = pyarrow.parquet.ParquetFile.__init__

    def initialise(self: Any, *arguments: Any, **options: Any) -> None:
        read(self, *arguments, **{"coerce_int96_timestamp_unit": "us"} | options)

    pyarrow.parquet.ParquetFile.__init__ = initialise


def known_types() -> None:
    """Name the column whose type the connector does not know, and its remedy. No upstream report is known."""
    infer = ParquetParser.infer_schema

    async def infer_schema(self: Any, config: Any, file: Any, stream_reader: Any, logger: Any) -> Any:
        try:
            return await infer(self, config, file, stream_reader, logger)
        except pyarrow.ArrowException:
            raise
        except ValueError as error:
            with stream_reader.open_file(file, self.file_read_mode, self.ENCODING, logger) as binary:
                schema = pyarrow.parquet.ParquetFile(binary).schema_arrow
            for column in schema:
                if not _is_known(column.type, config.format):
                    reason = (
                        f"the connector has no type for {column.type}. Declare the stream's columns in input_schema."
                    )
                    raise FileFault(file.uri, f"column {column.name!r}", reason) from error
            raise

    ParquetParser.infer_schema = infer_schema


def require_every_row(file: str, metadata: Any, read: int) -> None:
    """Raise FileFault if other than all rows of a file were read.

    PyArrow reads no rows, without an error, where a column of a row group has fewer values than the group has rows.
    """
    rows = sum(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
    if read != rows:
        reason = f"the file has {rows} rows, but {read} could be read: it is damaged. Write the file again."
        raise FileFault(file, "", reason)


def fault(file: str, row: int, column: str, reason: ValueFault) -> FileFault:
    """Return the fault of a value; `row` is its row in the file, from 1."""
    return FileFault(file, f"row {row}, column {column!r}", str(reason))


def _column(content: Any, before: int, file_format: Any) -> str:
    """Return the first column with a fault in the row that follows `before` rows."""
    for group in range(content.num_row_groups):
        rows = content.metadata.row_group(group).num_rows
        if before < rows:
            batch = content.read_row_group(group)
            for name in batch.column_names:
                try:
                    ParquetParser._to_output_value(batch.column(name)[before], file_format)
                except ValueFault:
                    return str(name)
        before -= rows
    return ""


def _is_known(kind: Any, file_format: Any) -> bool:
    try:
        ParquetParser.parquet_type_to_schema_type(kind, file_format)
    except ValueError:
        return False
    return True


def _require_times(value: Any) -> None:
    """Raise ValueFault for a time of day, also in a list or an object, that is not in a day."""
    kind = value.type
    if not value.is_valid or not _has_times(kind):
        return
    if types.is_nested(kind):
        for inner in value.values() if types.is_struct(kind) else value.values:
            _require_times(inner)
    elif not 0 <= value.value < DAY_SECONDS * PER_SECOND[kind.unit]:
        seconds = value.value / PER_SECOND[kind.unit]
        raise ValueFault(f"the time of day is {seconds:,.6f} seconds after midnight; a day has 86,400. {AS_TEXT}")


@cache
def _has_times(kind: Any) -> bool:
    if types.is_nested(kind):
        return any(_has_times(kind.field(at).type) for at in range(kind.num_fields))
    return bool(types.is_time(kind))


@cache
def _may_lack_json(kind: Any) -> bool:
    if types.is_nested(kind):
        return types.is_map(kind) or any(_may_lack_json(kind.field(at).type) for at in range(kind.num_fields))
    return not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_string(kind))


def _reason(value: Any, error: Exception) -> str:
    kind = value.type
    if types.is_date(kind) or types.is_timestamp(kind):
        if isinstance(error, LookupError):
            return f"the time zone {kind.tz} is unknown. Write the column in UTC or as text."
        unit = kind.unit if types.is_timestamp(kind) else "D" if types.is_date32(kind) else "ms"
        moment = numpy.array(value.value, f"datetime64[{unit}]")
        zone = f" UTC in the time zone {kind.tz}" if types.is_timestamp(kind) and kind.tz else ""
        name = "date" if types.is_date(kind) else "time"
        return f"the {name} {moment}{zone} is not in the years 1 to 9999. {AS_TEXT}"
    if isinstance(error, UnicodeDecodeError):
        return not_utf8(error)
    return f"a value of the type {kind} cannot be read ({error}). {AS_TEXT}"

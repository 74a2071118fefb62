"""Reads Parquet files in blocks, column by column."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from airbyte_cdk.sources.file_based.exceptions import FileBasedSourceError, RecordParseError
from airbyte_cdk.sources.file_based.file_types.parquet_parser import ParquetParser
from airbyte_cdk.sources.file_based.stream import DefaultFileBasedStream

from airbyte_lite.batches.blocks import Block, absent, alone, in_blocks
from airbyte_lite.batches.columns import Landing, Part, decimals
from airbyte_lite.batches.uncast import Warnings
from airbyte_lite.connectors.repairs import parquet_values
from airbyte_lite.connectors.repairs.spelling import Spelling, spelling_of
from airbyte_lite.connectors.repairs.values import ValueFault

BATCH_ROWS = 16_384
"""Most rows of a block. A large dictionary-encoded value is repeated in memory in each of them."""
BLOCK_BYTES = 4 << 20
"""Size of a block, by the uncompressed size of its row group: rows of 20 kB needed 780 MB of memory without it."""
WHOLE_BYTES = 32 << 20
"""A larger row group is read in pieces of PIECE_BYTES for each column, a smaller one at once."""
PIECE_BYTES = 1 << 20
UTC_NAMES = (None, "UTC", "+00:00")


@dataclass
class ParquetBlock:
    """Rows of one row group."""

    batch: pa.RecordBatch
    partition: dict[str, str]
    parser: type[ParquetParser]
    format: Any
    file: str
    row_group: int
    before: int
    """Rows of the file before the block."""

    @property
    def size(self) -> int:
        """Bytes of the values."""
        size: int = self.batch.get_total_buffer_size()
        return size

    def __len__(self) -> int:
        rows: int = self.batch.num_rows
        return rows

    def part(self, landing: Landing) -> Part:
        """Return a column, also a value of the file's path. Raises ValueError for a value that has no text."""
        if landing.field in self.partition:
            value = landing.landed(self.partition[landing.field])
            return landing.part([value] * len(self))
        if landing.field not in self.batch.schema.names:
            return absent(landing, len(self))
        values = self.batch.column(landing.field)
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        if (found := _usual(values, landing)) is not None:
            return Part(found)
        if pa.types.is_nested(values.type) or pa.types.is_floating(values.type):  # 0.0 is not -0.0
            return landing.part([self._landed(landing, value) for value in values])
        return landing.by_value(values, lambda value: self._landed(landing, value), remember=False)

    def _landed(self, landing: Landing, value: pa.Scalar) -> Any:
        return landing.landed(self.parser._to_output_value(value, self.format))

    def record(self, position: int) -> dict[str, Any]:
        """Return a row as the connector sends it. Raises RecordParseError."""
        row = {}
        for name in self.batch.schema.names:
            try:
                row[name] = self.parser._to_output_value(self.batch.column(name)[position], self.format)
            except ValueFault as reason:
                raise parquet_values.fault(self.file, self.before + position + 1, name, reason) from reason
            except Exception as error:
                raise failure(self.file, self.row_group, self.before + position + 1) from error
        return {**row, **self.partition}


def blocks(
    parser: ParquetParser, config: Any, file: Any, reader: Any, logger: logging.Logger, schema: Any, _warnings: Warnings
) -> Iterator[Block]:
    """Yield the rows of a file. Raises RecordParseError."""
    rows = 0
    try:
        partition = dict(part.split("=")[:2] for part in parser._extract_partitions(file.uri))
        with reader.open_file(file, parser.file_read_mode, parser.ENCODING, logger) as binary:
            content = pq.ParquetFile(binary)
            if len(set(content.schema_arrow.names)) == len(content.schema_arrow.names):
                spelling = spelling_of(config, schema, file)
                names, partition = _spelled(spelling, content.schema_arrow.names, partition)
                for row_group, before, rows_read in _batches(binary, content, file.uri):
                    batch = rows_read.rename_columns(names)
                    block = ParquetBlock(batch, partition, type(parser), config.format, file.uri, row_group, before)
                    if _readable(block, schema):
                        yield block
                    else:
                        yield from in_blocks(map(block.record, range(len(block))))
                    rows += len(block)
                parquet_values.require_every_row(file.uri, content.metadata, rows)
                return
    except Exception:
        if rows:
            raise
    # Nothing was read: the connector says why.
    yield from in_blocks(parser.parse_records(config, file, reader, logger, schema))


def _spelled(spelling: Spelling, names: list[str], partition: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """Return the columns of a file and of its path as the schema spells them. Raises FileFault, as for a record."""
    every = list(dict.fromkeys([*names, *partition]))
    spelled = dict(zip(every, spelling.of(every), strict=True))
    return [spelled[name] for name in names], {spelled[name]: value for name, value in partition.items()}


def _batches(binary: Any, content: pq.ParquetFile, file: str) -> Iterator[tuple[int, int, pa.RecordBatch]]:
    """Yield the number of the row group, the number of the rows before, and rows. Raises RecordParseError."""
    before = 0
    for number in range(content.num_row_groups):
        group = content.metadata.row_group(number)
        size = sum(group.column(column).total_compressed_size for column in range(group.num_columns))
        pieces = content if size <= WHOLE_BYTES else pq.ParquetFile(binary, buffer_size=PIECE_BYTES)
        found = 0
        try:
            batches = pieces.iter_batches(_rows_of_block(group), row_groups=[number], use_threads=False)
            while (batch := alone(partial(next, batches, None))) is not None:
                yield number, before + found, batch
                found += batch.num_rows
            if found != group.num_rows:
                content.read_row_group(number)  # as the connector does: it raises where columns differ in length
        except RecordParseError:
            raise
        except Exception as error:
            raise failure(file, number, before) from error
        before += found


def _rows_of_block(group: Any) -> int:
    bounded: int = BLOCK_BYTES * group.num_rows // max(group.total_byte_size, 1)
    return max(1, min(BATCH_ROWS, bounded))


def failure(file: str, row_group: int, line_no: int) -> RecordParseError:
    """Return the error of a row that cannot be read."""
    lineno = f"{row_group=}, {line_no=}"
    return RecordParseError(FileBasedSourceError.ERROR_PARSING_RECORD, filename=file, lineno=lineno)


def _readable(block: ParquetBlock, schema: Any) -> bool:
    """Return whether the connector can certainly read the columns that the stream does not use."""
    used = schema["properties"].keys() - DefaultFileBasedStream.airbyte_columns - block.partition.keys()
    return all(
        name in used or _harmless(column)
        for name, column in zip(block.batch.schema.names, block.batch.columns, strict=True)
    )


def _harmless(values: pa.Array) -> bool:
    type_ = values.type
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return bool(pa.types.is_boolean(type_) or pa.types.is_integer(type_) or pa.types.is_string(type_)) or bool(
        pa.types.is_floating(type_)
    )


def _usual(values: pa.Array, landing: Landing) -> pa.Array | None:
    """Return the values in the column's type, if their text would be the same value there; otherwise None."""
    type_ = values.type
    try:
        if pa.types.is_string(type_) or pa.types.is_large_string(type_):
            values.validate(full=True)  # texts may have invalid bytes
            return values.cast(pa.string()) if landing.kind == "STRING" else None
        if pa.types.is_boolean(type_):
            return values if landing.type == type_ else None
        if pa.types.is_integer(type_):
            return values.cast(landing.type) if landing.type in (pa.int64(), Landing.NUMERIC) else None
        if pa.types.is_floating(type_) and landing.type == Landing.NUMERIC:
            return decimals(values.cast(pa.float64()).cast(pa.string()))
        if pa.types.is_date(type_) and landing.kind == "DATE":
            days = values.cast(pa.date32())
            return days if _between(days, date.min, date.max) else None
        if pa.types.is_timestamp(type_) and type_.tz in UTC_NAMES:
            instants = values.cast(pa.timestamp("us", type_.tz)).cast(pa.timestamp("us", "UTC"))
            if not _between(instants, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
                return None
            if landing.kind == "TIMESTAMP" or (landing.kind == "DATETIME" and type_.tz is None):
                return instants.cast(landing.type)
    except pa.ArrowInvalid:  # for example nanoseconds, or an integer of more than 64 bits
        return None
    return None


def _between(values: pa.Array, least: Any, most: Any) -> bool:
    bounds = pc.min_max(values)
    if not bounds["min"].is_valid:
        return True
    limits = pa.array([least, most], values.type)
    return bool(pc.and_(pc.less_equal(limits[0], bounds["min"]), pc.less_equal(bounds["max"], limits[1])).as_py())

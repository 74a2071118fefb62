"""Writes batch files: Parquet for the emulator, NDJSON for Google, which loads no Parquet into JSON columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from airbyte_lite.batches.columns import data
from airbyte_lite.loader.order import PARQUET

GROUP_BYTES = 8 << 20
"""Least size of a row group in memory, before it is written."""
SAMPLE = 10_000
FEW = 1000
"""Different values in the first SAMPLE rows of a column up to which a dictionary of its values is written. A dictionary
of many values, such as ids, takes a third of the writer's time, and the file is not smaller."""
SPECIAL = bytes(range(32)) + b'"\\'
"""Characters that have to be escaped in JSON."""


class BatchWriter(Protocol):
    """A batch file that is being written."""

    rows: int

    def write(self, table: pa.Table) -> None:
        """Append rows. Their columns are those of the first rows."""

    def size(self) -> int:
        """Return the bytes in the file so far."""

    def close(self) -> None:
        """Complete the file."""


class ParquetWriter:
    """A Parquet file."""

    def __init__(self, path: Path, _json: set[str]) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None
        self._waiting: list[pa.Table] = []
        self._bytes = 0
        self.rows = 0

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._waiting.append(table)
        self.rows += table.num_rows
        self._bytes += table.nbytes
        if self._bytes >= GROUP_BYTES:
            self._flush()

    def size(self) -> int:
        """Return the bytes in the file so far."""
        return self._path.stat().st_size if self._writer else 0

    def close(self) -> None:
        """Complete the file. Raises ValueError if it has other rows than were appended."""
        self._flush()
        if self._writer is not None:
            self._writer.close()
            if (found := pq.read_metadata(self._path).num_rows) != self.rows:
                raise ValueError(f"{self._path.name} has {found} rows instead of {self.rows}")

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = pa.concat_tables(self._waiting)
        self._waiting, self._bytes = [], 0
        if self._writer is None:
            few = [name for name in table.column_names if pc.count_distinct(table[name][:SAMPLE]).as_py() <= FEW]
            self._writer = pq.ParquetWriter(
                self._path,
                table.schema,
                use_dictionary=few,
                compression="snappy",
                write_statistics=False,
                store_schema=False,
            )
        self._writer.write_table(table)


class NdjsonWriter:
    """A file of newline-delimited JSON. `json` has the names of the columns whose texts are JSON."""

    def __init__(self, path: Path, json: set[str]) -> None:
        self._file = path.open("wb")
        self._json = json
        self.rows = 0

    def write(self, table: pa.Table) -> None:
        """Append rows."""
        self._file.write(lines(table, self._json))
        self.rows += table.num_rows

    def size(self) -> int:
        """Return the bytes in the file so far."""
        return self._file.tell()

    def close(self) -> None:
        """Complete the file."""
        self._file.close()


def writer(format_: str, path: Path, json: set[str]) -> BatchWriter:
    """Create a batch file."""
    return ParquetWriter(path, json) if format_ == PARQUET else NdjsonWriter(path, json)


def lines(table: pa.Table, json: set[str]) -> bytes | pa.Buffer:
    """Return the rows of a table of one chunk as lines of JSON. `json`: columns whose texts are JSON already."""
    pieces: list[Any] = []
    same = "{"  # what every row has between two values
    for name, column in zip(table.column_names, table.columns, strict=True):
        same += f"{orjson.dumps(name).decode()}:"
        values = column.combine_chunks()
        if _constant(values):
            texts, quote = _json(values[:1], name in json)
            same += "null" if texts.null_count else f"{quote}{texts[0].as_py()}{quote}"
        else:
            texts, quote = _json(values, name in json)
            if quote and texts.null_count:  # null has no quotes
                texts, quote = pc.binary_join_element_wise(quote, texts, quote, ""), ""
            pieces += [pa.scalar(same + quote), texts]
            same = quote
        same += ","
    same = f"{same[:-1]}}}\n"
    if not pieces:
        return b"".join([same.encode()] * table.num_rows)
    joined = pc.binary_join_element_wise(
        *pieces, pa.scalar(same), pa.scalar(""), null_handling="replace", null_replacement="null"
    )
    return joined.buffers()[2] or b""


def _constant(values: pa.Array) -> bool:
    """Return whether all values of a block are surely the same, such as the time of the block or the name of a file."""
    if not len(values) or values.null_count:
        return bool(len(values)) and len(values) == values.null_count
    if pa.types.is_floating(values.type):  # 0.0 and -0.0 are equal
        return False
    return bool(values[0] == values[-1]) and bool(pc.all(pc.equal(values, values[0])).as_py())


def _json(values: pa.Array, is_json: bool) -> tuple[pa.Array, str]:
    """Return the values as JSON texts, null for null, and the quote that each of them needs on both sides, or ""."""
    if is_json:
        return values, ""
    type_ = values.type
    if type_ == pa.timestamp("us", "UTC"):  # ten times faster than the cast of times with a zone, and the same text
        return pc.binary_join_element_wise(values.cast(pa.timestamp("us")).cast(pa.string()), "Z", ""), '"'
    texts = values.cast(pa.string())
    if pa.types.is_integer(type_) or pa.types.is_boolean(type_):
        return texts, ""
    content = data(texts)
    if pa.types.is_floating(type_):
        return pc.if_else(pc.equal(texts, "-0"), "-0.0", texts) if b"-0" in content else texts, ""  # -0 is an integer
    if pa.types.is_decimal(type_) and b"E" in content:  # 0 is 0E-9
        short = pc.match_substring(texts, "E")
        plain = pa.array([f"{value:f}" for value in values.filter(short).to_pylist()], pa.string())
        return pc.replace_with_mask(texts, pc.fill_null(short, False), plain), '"'
    if len(content) != len(content.translate(None, SPECIAL)):
        return pa.array([None if value is None else orjson.dumps(value).decode() for value in texts.to_pylist()]), ""
    return texts, '"'

"""Reads CSV files in blocks.

The header and every unusual row are read by `repairs/csv_rows.py`, as in the record way. A block of plain lines,
without a quote, is split by Arrow; any other block by Python's csv.reader.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from airbyte_cdk.sources.file_based.file_types.csv_parser import CsvParser
from airbyte_cdk.sources.file_based.schema_helpers import TYPE_PYTHON_MAPPING

from airbyte_lite.batches.blocks import Block, Chunks, absent, alone, in_blocks
from airbyte_lite.batches.columns import INTEGER, NUMBER, Landing, Part, Warned, integers, of_doubles, without
from airbyte_lite.batches.uncast import Warnings
from airbyte_lite.connectors.repairs.csv_rows import END, Header, Rows
from airbyte_lite.connectors.repairs.spelling import spelling_of

MOST_CHUNKS = 8
"""Chunks that are joined to find the end of a quote. After them, the rows are read one by one."""


class Unfit(Exception):
    """The lines are not rows of the header's columns."""


class OpenQuote(Unfit):
    """The last row is not complete: a quote is open."""


class Casts:
    """The connector's casts of the values of one file."""

    def __init__(self, format_: Any, schema: Any) -> None:
        types = {name: column["type"] for name, column in schema["properties"].items()}
        self.types = CsvParser._pre_propcess_property_types(types)
        self.format = format_
        self.uncastable = {
            "integer": {text for text in format_.null_values if not _castable(text, int)},
            "number": {text for text in format_.null_values if not _castable(text, float)},
        }
        self._warned = False

    def warning(self, _message: str) -> None:
        """Note that a value could not be cast. This object is the logger of the casts."""
        self._warned = True

    def row(self, texts: dict[str, str], logger: Any = None) -> dict[str, Any]:
        """Return the record of a row. Each value that cannot be cast is logged, if a logger is given."""
        cast = CsvParser._get_cast_function(self.types, self.format, logger or self, False)
        return CsvParser._to_nullable(  # type: ignore[no-any-return]
            cast(texts), self.types, self.format.null_values, self.format.strings_can_be_null
        )

    def landed(self, landing: Landing, text: str) -> Any:
        """Return what a text becomes in the table."""
        self._warned = False
        result = landing.landed(self.row({landing.field: text})[landing.field])
        return Warned(result) if self._warned else result


@dataclass
class CsvBlock:
    """Rows whose values are texts."""

    columns: dict[str, pa.Array]
    rows: int
    size: int
    casts: Casts
    warnings: Warnings

    def __len__(self) -> int:
        return self.rows

    def part(self, landing: Landing) -> Part:
        """Return a column: cast by the connector's rules, then by the loader's."""
        texts, kind = self.columns.get(landing.field), self.casts.types.get(landing.field)
        if texts is None or kind not in TYPE_PYTHON_MAPPING:
            return absent(landing, self.rows)
        if kind == landing.kind.lower() == "string":
            nulls = self.casts.format.null_values if self.casts.format.strings_can_be_null else ()
            return Part(without(texts, nulls))
        if (kind, landing.type) in (("integer", pa.int64()), ("number", Landing.NUMERIC)):
            fast, plain = (integers, INTEGER) if kind == "integer" else (of_doubles, NUMBER)
            values = fast(texts)  # without null values, which is usual
            if values is None and self.casts.uncastable[kind]:
                values = fast(without(texts, self.casts.uncastable[kind]))
            if values is not None:
                part = Part(values)  # its nulls are texts of null_values, of which the connector does not warn
            else:
                part = landing.mixed(
                    texts, plain, fast, lambda mask: self._by_value(landing, pc.if_else(mask, None, texts))
                )
        else:
            part = self._by_value(landing, texts)
        if part.warned:
            self.warnings.add(landing.field, kind, texts[part.warned[0]].as_py(), len(part.warned))
        return part

    def _by_value(self, landing: Landing, texts: pa.Array) -> Part:
        return landing.by_value(texts, lambda text: self.casts.landed(landing, text))

    def record(self, position: int) -> dict[str, Any]:
        """Return a row as a record. What cannot be cast was counted by `part`."""
        return self.casts.row({name: texts[position].as_py() for name, texts in self.columns.items()})


def blocks(
    parser: CsvParser, config: Any, file: Any, reader: Any, logger: logging.Logger, schema: Any, warnings: Warnings
) -> Iterator[Block]:
    """Yield the rows of a file. Raises FileFault."""
    casts = Casts(config.format, schema)
    with reader.open_file(file, parser.file_read_mode, config.format.encoding, logger) as text:
        rows = Rows(text, file.uri, config.format, logger, spelling_of(config, schema, file))
        with rows.faults():
            header = rows.header()
            if header is None:
                return
            for columns, count, size in regular(rows, header, config.format, casts.types):
                yield CsvBlock(columns, count, size, casts, warnings)
            yield from in_blocks(casts.row(row, logger) for row in rows.records(header))


def regular(
    rows: Rows, header: Header, format_: Any, names: Collection[str]
) -> Iterator[tuple[dict[str, pa.Array], int, int]]:
    """Yield some of the columns of blocks, the number of rows of each and the size of its text.

    It ends at the end of the file, or where rows do not have the header's columns: `rows` is there then.
    """
    if header.first is not None or header.nameless or len(header.names) < 2:
        return
    before = rows.line
    chunks = Chunks(rows.lines)
    while lines := chunks.next():
        try:
            for number in range(MOST_CHUNKS):
                try:
                    columns, count = alone(partial(_columns, rows, header, lines, format_, names))
                    break
                except OpenQuote:
                    if lines[-1] == END or number + 1 == MOST_CHUNKS:
                        raise
                    lines += chunks.next()
        except (Unfit, UnicodeError):
            rows.go_on(chain(lines, chunks.rest()), before)
            return
        before += len(lines)
        size = sum(map(len, lines))
        lines.clear()  # nothing keeps it while the block is converted
        rows.go_on(iter(()), before)
        if count:
            yield columns, count, size


def _columns(
    rows: Rows, header: Header, lines: list[str], format_: Any, names: Collection[str]
) -> tuple[dict[str, pa.Array], int]:
    """Return the columns that have one of the names, and the number of rows. Raises Unfit or UnicodeError."""
    ended = lines[-1] == END
    text = "".join(lines[:-1] if ended else lines)
    wanted = {name: number for number, name in enumerate(header.names) if name in names}
    if not wanted:
        raise Unfit
    special = (format_.quote_char, format_.escape_char or format_.quote_char, "\r", "\0")
    if not text:
        return {}, 0
    if text[0] in "\n\ufeff" or not format_.delimiter.isascii() or any(each in text for each in special):
        return _parsed(rows, header, lines if ended else [*lines, END], wanted)
    try:
        found = _split(text.encode(), format_.delimiter, len(header.names), wanted)
    except pa.ArrowInvalid:
        return _parsed(rows, header, lines if ended else [*lines, END], wanted)
    return found


def _split(text: bytes, delimiter: str, width: int, wanted: dict[str, int]) -> tuple[dict[str, pa.Array], int]:
    """Split plain lines. Raises ArrowInvalid if a line has another number of values."""
    numbers = [str(number) for number in wanted.values()]
    table = pa.csv.read_csv(
        pa.BufferReader(text),
        pa.csv.ReadOptions(
            use_threads=False, block_size=len(text) + 1, column_names=[str(number) for number in range(width)]
        ),
        pa.csv.ParseOptions(delimiter=delimiter, quote_char=False, escape_char=False),
        pa.csv.ConvertOptions(
            check_utf8=False,
            column_types=dict.fromkeys(numbers, pa.string()),
            include_columns=numbers,
            strings_can_be_null=False,
        ),
    )
    columns = {name: table.column(index).combine_chunks() for index, name in enumerate(wanted)}
    return columns, table.num_rows


def _parsed(rows: Rows, header: Header, lines: list[str], wanted: dict[str, int]) -> tuple[dict[str, pa.Array], int]:
    """Parse lines as Python's csv.reader does; the last one is END. Raises Unfit or UnicodeError."""
    if rows.has_escapes:
        rows.tell_escapes(lines, rows.line + 1)
    try:
        found = list(rows.parsed(iter(lines)))
    except Exception as error:  # csv.Error: a line break in the middle of a line, for example
        raise Unfit from error
    if found.pop() != [END]:
        raise OpenQuote
    if set(map(len, found)) - {len(header.names)}:
        found = [row for row in found if row]  # an empty line is no row
        if set(map(len, found)) - {len(header.names)}:
            raise Unfit
    values = list(zip(*found, strict=True))
    return {name: pa.array(values[number], pa.string()) for name, number in wanted.items() if found}, len(found)


def _castable(text: str, type_: type) -> bool:
    try:
        type_(text)
    except ValueError:
        return False
    return True

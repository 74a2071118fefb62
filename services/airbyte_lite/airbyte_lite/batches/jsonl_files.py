"""Reads JSONL files in blocks: lines of simple values by Arrow, others by the connector's own JSON parser."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from types import NoneType
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json
from airbyte_cdk.sources.file_based.file_types.jsonl_parser import JsonlParser

from airbyte_lite.batches.blocks import Block, Chunks, absent, alone, in_blocks
from airbyte_lite.batches.columns import Landing, Part, decimals, without
from airbyte_lite.batches.uncast import Warnings
from airbyte_lite.connectors.repairs.jsonl_lines import objects
from airbyte_lite.connectors.repairs.spelling import spelling_of

PLAIN = {str: pa.string(), int: pa.int64(), bool: pa.bool_(), float: pa.float64()}
"""For each type, the Arrow types whose values need no change. JSON is missing: its texts must be JSON texts."""
SIMPLE = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
"""The type of the values in the file, by the type in the stream's schema."""
MOST_EXACT = 2.0**53
"""Up to here, a whole number is the same as a double."""
SEVERAL_ON_A_LINE = re.compile(r"}[ \t\r]*{")


@dataclass
class JsonlBlock:
    """Rows that are objects."""

    objects: list[dict[str, Any]]
    size: int

    def __len__(self) -> int:
        return len(self.objects)

    def part(self, landing: Landing) -> Part:
        """Return a column: the values of one key."""
        values = [entry.get(landing.field) for entry in self.objects]
        kinds = set(map(type, values)) - {NoneType}
        if not kinds:
            return absent(landing, len(values))
        if len(kinds) == 1 and landing.kind != "JSON" and PLAIN.get(next(iter(kinds))) == landing.type:
            return Part(pa.array(values, landing.type))
        if landing.type == Landing.NUMERIC and kinds <= {int, float}:
            texts = pa.array(orjson.dumps(values)[1:-1].decode().split(","), pa.string())
            numbers = decimals(without(texts, ["null"]))
            if numbers is not None:
                return Part(numbers)
        if kinds == {str}:
            return landing.by_value(pa.array(values, pa.string()), landing.landed)
        return landing.part([None if value is None else landing.landed(value) for value in values])

    def record(self, position: int) -> dict[str, Any]:
        """Return an object."""
        return self.objects[position]


@dataclass
class ParsedBlock:
    """Rows of one object on each line, without nested values, that Arrow has parsed."""

    lines: list[str]
    columns: pa.Table

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def size(self) -> int:
        """Bytes of the values."""
        return sum(map(len, self.lines))

    @cached_property
    def _objects(self) -> JsonlBlock:
        return JsonlBlock(list(map(orjson.loads, self.lines)), 0)

    def part(self, landing: Landing) -> Part:
        """Return a column. Where its type differs from that of the values, each object is parsed again."""
        if landing.field not in self.columns.column_names:
            return absent(landing, len(self.lines))
        values = self.columns[landing.field].combine_chunks()
        if values.null_count == len(values):
            return absent(landing, len(values))
        if values.type == landing.type and landing.kind != "JSON" and values.type != pa.float64():
            return Part(values)
        if values.type == pa.string():
            return landing.by_value(values, landing.landed)
        if values.type == pa.float64() and landing.type == Landing.NUMERIC:
            largest = pc.max(pc.abs(values)).as_py()
            numbers = decimals(values.cast(pa.string())) if largest < MOST_EXACT else None
            if numbers is not None:
                return Part(numbers)
        return self._objects.part(landing)

    def record(self, position: int) -> dict[str, Any]:
        """Return an object."""
        return self._objects.record(position)


def blocks(
    parser: JsonlParser, config: Any, file: Any, reader: Any, logger: logging.Logger, schema: Any, _warnings: Warnings
) -> Iterator[Block]:
    """Yield the rows of a file. Raises FileFault."""
    simple = _simple(schema)
    spelled = spelling_of(config, schema, file).record
    with reader.open_file(file, parser.file_read_mode, parser.ENCODING, logger) as text:
        chunks = Chunks(text)
        rest: Iterator[str] = chunks.rest()
        before = 0
        try:
            while lines := chunks.next():
                columns = None if simple is None else alone(partial(_parsed, lines, simple))
                if columns is not None:
                    before += len(lines)
                    yield ParsedBlock(lines, columns)
                    continue
                simple = None  # the other lines are probably alike
                found = _one_on_each_line(lines)
                if found is None:
                    rest = chain(lines, rest)
                    break
                before += len(lines)
                if found:
                    yield JsonlBlock(list(map(spelled, found)), sum(map(len, lines)))
        except UnicodeDecodeError:
            pass  # it is raised again: `rest` begins with it
        yield from in_blocks(spelled(entry) for entry, _ in objects(rest, file.uri, before))


def _simple(schema: Any) -> pa.Schema | None:
    """Return the types of the values, None if a column is nested or has several types."""
    fields = []
    for name, column in schema["properties"].items():
        types = column.get("type", [])
        kinds = {types} if isinstance(types, str) else set(types) - {"null"}
        kind = kinds.pop() if len(kinds) == 1 else ""
        if kind not in SIMPLE:
            return None
        fields.append((name, SIMPLE[kind]))
    return pa.schema(fields)


def _parsed(lines: list[str], simple: pa.Schema) -> pa.Table | None:
    """Return the columns of lines that have one object each, None for lines that are unusual in any way.

    Arrow checks JSON as strictly as the connector's parser, except for escaped surrogates, NaN and Infinity.
    """
    text = "".join(lines)
    escaped = "\\" in text and "\\u" in text  # a single character is found ten times as fast
    if text[0] != "{" or escaped or not _may_be_one_on_each_line(text, len(lines)):
        return None
    content = text.encode()
    try:
        table = pa.json.read_json(
            pa.BufferReader(content),
            pa.json.ReadOptions(use_threads=False, block_size=len(content) + 1),
            pa.json.ParseOptions(explicit_schema=simple, unexpected_field_behavior="error"),
        )
    except pa.ArrowInvalid:  # other values, other keys, a key that is there twice
        return None
    doubles = [column for column in table.columns if column.type == pa.float64()]
    finite = all(pc.all(pc.is_finite(column)).as_py() is not False for column in doubles)
    return table if finite and table.num_rows == len(lines) else None


def _may_be_one_on_each_line(text: str, lines: int) -> bool:
    """Return whether lines have one object each, if they have as many objects as lines.

    Between two lines an object ends and another one begins; or each line begins with a brace, and no brace opens behind
    one that closes. The second check takes twice as long; it also allows blanks at the end of a line.
    """
    if text.count("}\n{") == lines - 1:
        return True
    return text.count("\n{") == lines - 1 and not SEVERAL_ON_A_LINE.search(text)


def _one_on_each_line(lines: list[str]) -> list[dict[str, Any]] | None:
    """Return the objects of lines that have one object each, or none; otherwise None."""
    try:
        try:
            found = list(map(orjson.loads, lines))
        except orjson.JSONDecodeError:
            found = [orjson.loads(line) for line in lines if line.strip()]
    except orjson.JSONDecodeError:
        return None
    return found if set(map(type, found)) <= {dict} else None

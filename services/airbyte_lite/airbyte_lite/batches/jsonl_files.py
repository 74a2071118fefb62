"""Reads JSONL files in blocks. Each line is parsed by the connector's own JSON parser, as in the record way."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from types import NoneType
from typing import Any

import orjson
import pyarrow as pa
from airbyte_cdk.sources.file_based.file_types.jsonl_parser import JsonlParser

from airbyte_lite.batches.blocks import Block, Chunks, absent, in_blocks
from airbyte_lite.batches.columns import Landing, Part, decimals, without
from airbyte_lite.batches.uncast import Warnings
from airbyte_lite.connectors.repairs.jsonl_lines import objects

PLAIN = {str: pa.string(), int: pa.int64(), bool: pa.bool_(), float: pa.float64()}
"""The values of a type that are the same in a column of the Arrow type. A JSON column has texts too, but JSON texts."""


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


def blocks(
    parser: JsonlParser, _config: Any, file: Any, reader: Any, logger: logging.Logger, _schema: Any, _warnings: Warnings
) -> Iterator[Block]:
    """Yield the rows of a file. Raises FileFault."""
    with reader.open_file(file, parser.file_read_mode, parser.ENCODING, logger) as text:
        chunks = Chunks(text)
        rest: Iterator[str] = chunks.rest()
        before = 0
        try:
            while lines := chunks.next():
                found = _one_on_each_line(lines)
                if found is None:
                    rest = chain(lines, rest)
                    break
                before += len(lines)
                if found:
                    yield JsonlBlock(found, sum(map(len, lines)))
        except UnicodeDecodeError:
            pass  # it is raised again: `rest` begins with it
        yield from in_blocks(entry for entry, _ in objects(rest, file.uri, before))


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

"""The blocks in which a file is read: a number of rows, either column by column or as records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

import pyarrow as pa

from airbyte_lite.batches.columns import Landing, Part

CHUNK_CHARACTERS = 1 << 20
"""Size of the text that is read at once. The rows of such a text take up to 60 MB as Python objects."""

CONVERSION = ThreadPoolExecutor(1, "conversion")
"""The thread that converts, for all files: the connector reads several at once, each in a thread. Memory does not grow
with their number, because one block is converted at a time, and because an allocator keeps freed memory for each
thread: with 20 files, 100 MiB less stay."""

RECORDS = 500
"""Rows of a block of records."""


class Block(Protocol):
    """Some rows of a file."""

    @property
    def size(self) -> int:
        """Bytes of the values, about."""

    def __len__(self) -> int: ...

    def part(self, landing: Landing) -> Part:
        """Return a column, null where the rows do not have it. Raises ValueError or TypeError for unusual values."""

    def record(self, position: int) -> dict[str, Any]:
        """Return a row as the connector sends it in a record."""


@dataclass
class Records:
    """Rows that are only known as records: each is converted like a record that is sent."""

    records: list[dict[str, Any]]
    size: int = 0

    def __len__(self) -> int:
        return len(self.records)

    def part(self, landing: Landing) -> Part:
        """Return a part that marks every row as odd: each row is converted as a whole record."""
        rows = len(self.records)
        return Part(pa.nulls(rows, landing.type), odd=list(range(rows)))

    def record(self, position: int) -> dict[str, Any]:
        """Return the record."""
        return self.records[position]


def alone[T](convert: Callable[[], T]) -> T:
    """Run a function in the thread of the conversions and return its result. Raises the function's exception."""
    return CONVERSION.submit(convert).result()


def in_blocks(records: Iterable[dict[str, Any]]) -> Iterator[Records]:
    """Yield records in blocks. The size of a block is the length of its values as texts, in characters.

    An exception of `records` is raised after the records before it were yielded.
    """
    source, error = iter(records), None
    while error is None:
        some: list[dict[str, Any]] = []
        try:
            some.extend(islice(source, RECORDS))
        except Exception as reason:
            error = reason
        if some:
            yield Records(some, sum(len(str(value)) for record in some for value in record.values()))
        elif error is None:
            return
    raise error


def absent(landing: Landing, rows: int) -> Part:
    """Return the part of a column that a file does not have."""
    return Part(pa.nulls(rows, landing.type))


class Chunks:
    """Reads the lines of a text in chunks of bounded size. `lines` counts those that were returned."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text = text
        self._error: Exception | None = None
        self.lines = 0

    def next(self) -> list[str]:
        """Return the next lines; an empty list after the last one.

        An error in the text, such as an invalid byte, is raised after the lines before it were returned.
        """
        if self._error is not None:
            raise self._error
        lines: list[str] = []
        size = 0
        try:
            for line in self._text:
                lines.append(line)
                size += len(line)
                if size >= CHUNK_CHARACTERS:
                    break
        except Exception as error:
            self._error = error
            if not lines:
                raise
        self.lines += len(lines)
        return lines

    def rest(self) -> Iterator[str]:
        """Yield the lines that are left, one by one. They are not counted."""
        if self._error is not None:
            raise self._error
        yield from self._text

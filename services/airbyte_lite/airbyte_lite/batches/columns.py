"""Converts the values of one column of a block to the column's type in the table.

The result is the same as for a value that is sent in a record: `Landing.landed` uses the loader's own casts. Arrow
converts a column of usual values at once (`of_texts`, `decimals`), but only where its result is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import time
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from airbyte_lite.loader.rows import Column, Values

NUMERIC = pa.decimal128(38, 9)
WIDE = pa.decimal128(38, 20)
TYPES = {
    **dict.fromkeys(("STRING", "JSON"), pa.string()),
    **dict.fromkeys(("INT64", "INTEGER"), pa.int64()),
    **dict.fromkeys(("BOOL", "BOOLEAN"), pa.bool_()),
    **dict.fromkeys(("FLOAT64", "FLOAT"), pa.float64()),
    "NUMERIC": NUMERIC,
    "DATE": pa.date32(),
    "DATETIME": pa.timestamp("us"),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "TIME": pa.time64("us"),
}
MISFIT: Any = object()
"""A value that is invalid for the column: it is null in the table and noted in the row."""
ODD: Any = object()
"""A value whose record is written by another encoder, which changes other values too: the whole row is converted."""
MOST_LEVELS = 200
"""A JSON value with at most this number of levels never reaches the encoder's limit of 254 levels in a message."""
REMEMBERED = 50_000
"""Results of different values that a column keeps."""
INTEGER = "^-?[0-9]{1,18}$"
NUMBER = "^-?[0-9]{1,15}([.][0-9]{1,15})?$"
EXACT_LENGTH = 15
"""A number of up to 15 digits is the same after it was a double."""


@dataclass
class Part:
    """One column of a block: its values, and the positions of invalid, of odd and of warned values."""

    values: pa.Array
    misfits: list[int] = field(default_factory=list)
    odd: list[int] = field(default_factory=list)
    warned: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Warned:
    """A result of `Landing.landed` for a text that the connector could not cast."""

    result: Any


class Landing:
    """A column of the table, and how values get its type. A column of a type without values has the type null."""

    NUMERIC = NUMERIC

    def __init__(self, column: Column) -> None:
        self.field, self.name, self.kind = column.field, column.name, column.type.name
        self.type = TYPES.get(self.kind, pa.null())
        self._values = Values([column])
        self._key = orjson.dumps(column.field)
        self._seen: dict[Any, Any] = {}

    def landed(self, value: Any) -> Any:
        """Return what a value in a record becomes in the row, None for null; or MISFIT, or ODD."""
        try:
            text = orjson.dumps(value)
        except TypeError:  # for example an integer of more than 64 bits
            return ODD
        if text.count(b"[") + text.count(b"{") > MOST_LEVELS:
            return ODD
        message = b'{"record":{"data":{%b:%b}}}' % (self._key, text)
        row, misfits = self._values.convert({self.field: orjson.loads(text)}, message)
        return MISFIT if misfits else row.get(self.name)

    def array(self, values: list[Any]) -> pa.Array:
        """Return values of rows, as `landed` gives them, in the column's type."""
        if self.kind == "JSON":
            values = [None if value is None else orjson.dumps(value).decode() for value in values]
        elif self.kind == "NUMERIC":
            values = [None if value is None else Decimal(str(value)) for value in values]
        elif self.kind == "TIME":
            values = [None if value is None else time.fromisoformat(value) for value in values]
        elif self.kind in ("DATE", "DATETIME", "TIMESTAMP"):
            return pa.array(values, pa.string()).cast(self.type)
        return pa.array(values, self.type)

    def part(self, results: list[Any]) -> Part:
        """Return the part with these results of `landed`, one for each row."""
        warned = [position for position, result in enumerate(results) if type(result) is Warned]
        if warned:
            results = [result.result if type(result) is Warned else result for result in results]
        misfits = [position for position, result in enumerate(results) if result is MISFIT]
        odd = [position for position, result in enumerate(results) if result is ODD]
        if misfits or odd:
            results = [None if result is MISFIT or result is ODD else result for result in results]
        return Part(self.array(results), misfits, odd, warned)

    def by_value(self, values: pa.Array, one: Callable[[Any], Any], remember: bool = True) -> Part:
        """Convert each different value once, with `one`, which returns a result like `landed`. Null stays null.

        With `remember`, `one` gets Python's value, and its result is kept for later blocks; otherwise it gets Arrow's.
        """
        encoded = values.dictionary_encode()
        if remember:
            distinct = encoded.dictionary.to_pylist()
            if len(self._seen) + len(distinct) > REMEMBERED:
                self._seen.clear()
            for value in distinct:
                if value not in self._seen:
                    self._seen[value] = one(value)
            results = [self._seen[value] for value in distinct]
        else:
            results = [one(value) for value in encoded.dictionary]
        found = self.part(results)
        where = [positions(encoded.indices, numbers) for numbers in (found.misfits, found.odd, found.warned)]
        return Part(found.values.take(encoded.indices), *where)

    def mixed(
        self, texts: pa.Array, plain: str, fast: Callable[[pa.Array], pa.Array | None], slow: Callable[[pa.Array], Part]
    ) -> Part:
        """Convert the texts that match `plain` with `fast`, which returns None if it cannot, the others with `slow`.

        `slow` gets a mask of the plain texts, and returns null for them.
        """
        mask = pc.fill_null(pc.match_substring_regex(texts, plain), False)
        if mask.true_count == 0 or (values := fast(pc.if_else(mask, texts, pa.scalar(None, pa.string())))) is None:
            return slow(pa.repeat(pa.scalar(False), len(texts)))
        part = slow(mask)
        part.values = pc.coalesce(values, part.values)
        return part


def positions(indices: pa.Array, numbers: list[int]) -> list[int]:
    """Return the positions of these numbers among the indices."""
    if not numbers:
        return []
    found: list[int] = pc.indices_nonzero(pc.is_in(indices, pa.array(numbers, indices.type))).to_pylist()
    return found


def only(texts: pa.Array, characters: bytes) -> bool:
    """Return whether all texts consist of these ASCII characters."""
    return not data(texts).translate(None, characters)


def data(texts: pa.Array) -> bytes:
    """Return the bytes of all texts, one after the other; of a slice, those of the whole array."""
    buffer = texts.buffers()[2]
    return b"" if buffer is None else buffer.to_pybytes()


def without(texts: pa.Array, nulls: Iterable[str]) -> pa.Array:
    """Return the texts, with null for each of `nulls`."""
    listed = sorted(nulls)
    longest = max((len(null.encode()) for null in listed), default=-1)
    shortest = pc.min(pc.binary_length(texts)).as_py()
    if shortest is None or shortest > longest:  # usual: the only one is the empty text, and no text is empty
        return texts
    mask = pc.is_in(texts, pa.array(listed, pa.string()))
    return pc.if_else(mask, pa.scalar(None, pa.string()), texts) if mask.true_count else texts


def integers(texts: pa.Array) -> pa.Array | None:
    """Return texts of digits as integers, None if there is another text or an integer of more than 64 bits."""
    if not only(texts, b"0123456789-"):
        return None
    try:
        return texts.cast(pa.int64())
    except pa.ArrowInvalid:
        return None


def decimals(texts: pa.Array) -> pa.Array | None:
    """Return texts of plain numbers rounded to nine decimals, None if there is another text or a larger number."""
    if not only(texts, b"0123456789-."):
        return None
    try:
        return texts.cast(NUMERIC)
    except pa.ArrowInvalid:  # more than nine decimals, or no number
        pass
    try:
        return pc.round(texts.cast(WIDE), 9, "half_towards_infinity").cast(NUMERIC)
    except pa.ArrowInvalid:
        return None


def of_doubles(texts: pa.Array) -> pa.Array | None:
    """Read texts of plain numbers as doubles, then return them rounded as `decimals` does."""
    if not only(texts, b"0123456789-."):
        return None
    if (pc.max(pc.binary_length(texts)).as_py() or 0) > EXACT_LENGTH:
        if (numbers := plain_doubles(texts)) is None:
            return None
        texts = numbers.cast(pa.string())
    return decimals(texts)


def plain_doubles(texts: pa.Array) -> pa.Array | None:
    """Return texts of plain numbers as doubles, None if there is another text."""
    if not only(texts, b"0123456789-."):
        return None
    try:
        return texts.cast(pa.float64())
    except pa.ArrowInvalid:
        return None

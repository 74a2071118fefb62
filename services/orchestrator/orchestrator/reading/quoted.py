"""Blocks of CSV text without their quotes, blank lines and odd records: as fast to check as text that never had any.

A block is unquoted only if all quotes that it opens are closed in it. Every other block goes through the module csv.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orchestrator.reading.csv_header import csv_reader
from orchestrator.reading.formats import CsvFormat
from orchestrator.reading.grid import Grid
from orchestrator.reading.quote_bits import Quotes
from orchestrator.reading.quote_states import (
    DELIMITER,
    DOUBLED,
    NEWLINE,
    last_end,
    without_escapes,
    without_literal_quotes,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMBERS = "+-.:_ \t"
"""Characters that have a meaning in numbers, times and JSON: as quotes, they are not taken away."""
BLOCK_LIMIT = 4 * 1024 * 1024
"""The most characters that a block gets so that it ends with a record."""
ODD_SHARE = 0.01
"""The share of a block's records that may have another number of values, so that they are looked at one by one."""
TAIL = 4 * 1024
"""The characters at the end of a block in which the end of a record is looked for first."""


def whole_records(blocks: Iterator[str], file_format: CsvFormat) -> Iterator[str]:
    """Yield the text in blocks that end where no quote is open, if there is such a place."""
    rest = ""
    for block in blocks:
        block = rest + block if rest else block
        end = len(block) if len(block) > BLOCK_LIMIT else _end_of_record(block, file_format)
        if end:
            yield block[:end] if end < len(block) else block
        rest = block[end:]
    if rest:
        yield rest


def _end_of_record(block: str, file_format: CsvFormat) -> int:
    """Return where the last record ends that the block has to its end; 0: none.

    Most often the last lines are enough: behind a quote that does not stand at the beginning of a value, none is open.
    """
    if not has_special(block, file_format):
        return len(block)
    for size in (TAIL, 16 * TAIL, len(block)):
        start = block.rfind("\n", 0, max(len(block) - size, 0)) + 1
        tail = _bytes("\n" + block[start:])
        end = last_end(tail, file_format, certain=not start)
        if end is not None:
            return start + len(tail[1:end].decode("utf-8", "surrogatepass"))
    return 0


def has_special(block: str, file_format: CsvFormat) -> bool:
    """Return whether the block has a quote or an escape character."""
    return file_format.quote_char in block or bool(file_format.escape_char and file_format.escape_char in block)


def usable(file_format: CsvFormat) -> bool:
    """Return whether quotes can be taken out of the text of a file in this format."""
    quote, separator, escape = file_format.quote_char, file_format.separator, file_format.escape_char or "\\"
    special = {DELIMITER, DOUBLED}
    return (
        quote.isascii()
        and separator.isascii()
        and escape.isascii()
        and not quote.isalnum()
        and quote not in NUMBERS
        and len({quote, separator, escape, "\n"}) == 4
        and not special & {quote, separator, escape}
        and not any(special & {*null} for null in file_format.null_values)
    )


class Unquoted:
    """A block in which each quote that opens is closed. Each line of `text` is a record without its quotes."""

    def __init__(
        self,
        data: "NDArray[Any]",
        quoted: bytes,
        borders: "NDArray[Any]",
        loose: "NDArray[Any]",
        file_format: CsvFormat,
        *,
        all_quotes_open: bool,
    ) -> None:
        """Take the block, after a line end, and where its delimiters and line ends are that are not in quotes.

        `all_quotes_open`: no quote is text, apart from those inside quoted values.
        """
        import numpy

        self.all_quotes_open = all_quotes_open
        self.lines = int(numpy.count_nonzero(numpy.frombuffer(quoted, numpy.uint8) == NEWLINE)) - 1
        self._data, self._quoted, self._loose, self._format = data, quoted, loose, file_format
        self._borders, self._is_end = borders, data[borders] == NEWLINE
        self._all_ends = borders[self._is_end]
        self._all_starts = numpy.concatenate([[0], self._all_ends])[:-1]
        self._starts, self._ends = self._all_starts, self._all_ends  # of the records in the text
        self._odd: list[int] = []

    @property
    def records(self) -> int:
        """The number of records in the text."""
        return len(self._ends)

    def grid(self, width: int) -> Grid | None:
        """Return the grid of the block; None if a record has not `width` values."""
        if len(self._borders) != self.records * width or not self._is_end[width - 1 :: width].all():
            return None
        return Grid(self._data[1:], self._borders.reshape(self.records, width) - 1, self._format.quote_char)

    def leave_out_odd(self, delimiters: int) -> bool:
        """Take blank lines and records with another number of delimiters out of the text; return False for too many."""
        import numpy

        found = numpy.diff(numpy.flatnonzero(self._is_end), prepend=-1) - 1
        is_blank = self._all_ends - self._all_starts == 1
        is_usual = ~is_blank & (found == delimiters)
        odd = numpy.flatnonzero(~is_blank & ~is_usual)
        if len(odd) > ODD_SHARE * len(found) + 1:
            return False
        quote = ord(self._format.quote_char)  # quotes are taken out of the text
        self._data = self._data.copy()
        self._data[self._all_ends[is_blank]] = quote
        for number in odd:
            self._data[self._all_starts[number] + 1 : self._all_ends[number] + 1] = quote
        self._starts, self._ends = self._all_starts[is_usual], self._all_ends[is_usual]
        self._odd = odd.tolist()
        return True

    def texts(self) -> Iterator[tuple[str, int, list[str]]]:
        """Yield the text of records, the number of the first of them, and the lines of the odd record behind them.

        The text has no quotes. A text with a placeholder may be another value: it is looked up in the record. Behind
        the last records is no odd one: there are no lines.
        """
        import numpy

        before, first = 1, 0
        for number in self._odd:
            start, end = int(self._all_starts[number]), int(self._all_ends[number])
            yield self._text(before, start + 1), first, self._between(start, end)
            before, first = end + 1, int(numpy.searchsorted(self._ends, end))
        yield self._text(before, len(self._data)), first, []

    def _text(self, start: int, end: int) -> str:
        quote = self._format.quote_char.encode()
        return self._data[start:end].tobytes().translate(None, quote).decode("utf-8", "surrogatepass")

    def odd_lines(self) -> Iterator[int]:
        """Yield the number of the first line of each odd record, from 1."""
        for number in self._odd:
            yield self._line(self._all_starts[number])

    @cached_property
    def _newlines(self) -> "NDArray[Any]":
        """The places of the line ends; the first is before the block."""
        import numpy

        return numpy.flatnonzero(numpy.frombuffer(self._quoted, numpy.uint8) == NEWLINE)

    def record(self, number: int) -> tuple[list[str], int]:
        """Return a record of the text, from 0, as the module csv reads it, and the number of its first line, from 1."""
        lines = self._between(self._starts[number], self._ends[number])
        return next(csv_reader(iter(lines), self._format, strict=False), []), self._line(self._starts[number])

    def _line(self, start: int) -> int:
        """Return the number of the line behind the line end at a place of the block."""
        import numpy

        return int(numpy.searchsorted(self._newlines, start)) + 1

    def over_lines(self, least: int) -> Iterator[tuple[int, list[str]]]:
        """Yield the first line of each record of the text that has at least so many lines, and its lines."""
        import numpy

        if self.lines == len(self._all_ends):
            return
        first, last = (numpy.searchsorted(self._newlines, places) for places in (self._starts, self._ends))
        for number in numpy.flatnonzero(last - first >= least):
            lines = self._between(self._starts[number], self._ends[number])
            yield int(first[number]) + 1, [line.removesuffix("\n") for line in lines]

    def with_text_after_quote(self) -> Iterator[tuple[int, int]]:
        """Yield the first line of records with text behind a closing quote, and the line of the first such quote."""
        import numpy

        if not len(self._loose):
            return
        numbers, first = numpy.unique(numpy.searchsorted(self._all_ends, self._loose), return_index=True)
        starts = numpy.searchsorted(self._newlines, self._all_starts[numbers]) + 1
        yield from zip(starts.tolist(), numpy.searchsorted(self._newlines, self._loose[first]).tolist(), strict=True)

    def _between(self, start: int, end: int) -> list[str]:
        """Return the lines of a record of the block with their line ends."""
        text = self._quoted[start + 1 : end + 1].decode("utf-8", "surrogatepass")
        return [f"{line}\n" for line in text.removesuffix("\n").split("\n")]


def unquoted(block: str, file_format: CsvFormat) -> Unquoted | None:
    """Take the quotes out of a block; None if a quote is open at its end, or for a huge block."""
    import numpy

    if len(block) > 2 * BLOCK_LIMIT:
        return None
    quoted = _bytes("\n" + block)
    original = numpy.frombuffer(quoted, numpy.uint8)
    data = without_escapes(original, file_format)
    if data[-1] != NEWLINE:
        return None  # the last line end is escaped

    quotes = Quotes(data, file_format)
    all_quotes_open = bool(quotes.open_at_edges) and file_format.double_quote
    if not quotes.open_at_edges or len(quotes.loose) or not file_format.double_quote:
        data = without_literal_quotes(data, file_format)
        quotes = Quotes(data, file_format)
    if not quotes.open_at_edges:
        return None
    loose = quotes.loose if file_format.double_quote else numpy.empty(0, numpy.int64)
    if file_format.escape_char and (original[loose + 1] == ord(file_format.escape_char)).any():
        return None  # directly behind a closing quote, an escape character is text
    return Unquoted(quotes.replaced(), quoted, quotes.borders, loose, file_format, all_quotes_open=all_quotes_open)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

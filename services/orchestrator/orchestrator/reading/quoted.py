"""Blocks of CSV text with quotes, without their quotes: as fast to check as text that never had any.

A block is unquoted only if each quote opens at the beginning of a value, closes at its end, or is doubled inside. Every
other block goes through the module csv.
"""

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

from orchestrator.reading.csv_header import csv_reader
from orchestrator.reading.formats import CsvFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray

DELIMITER, DOUBLED = "\x1f", "\x1e"
"""What stands in the text instead of a delimiter or a line end in quotes, and of a doubled quote. A text with one of
them may be another value, so it is looked up in the record."""
NUMBERS = "+-.:_ \t"
"""Characters that have a meaning in numbers, times and JSON: as quotes, they are not taken away."""
BLOCK_LIMIT = 4 * 1024 * 1024
"""The most characters that a block gets so that it ends with a record."""


def whole_records(blocks: Iterator[str], file_format: CsvFormat) -> Iterator[str]:
    """Yield the text in blocks that end where no quote is open, if their quotes are in pairs."""
    quote, rest = file_format.quote_char, ""
    for block in blocks:
        block = rest + block if rest else block
        end = len(block) if len(block) > BLOCK_LIMIT else _end_of_record(block, quote)
        if end:
            yield block[:end] if end < len(block) else block
        rest = block[end:]
    if rest:
        yield rest


def _end_of_record(block: str, quote: str) -> int:
    """Return where the last record ends that the block has to its end; 0: none."""
    if block.count(quote) % 2 == 0:
        return len(block)
    opens = block.rfind(quote)
    while opens >= 0:
        closes = block.rfind(quote, 0, opens)
        line = block.rfind("\n", closes + 1, opens)
        if line >= 0 or closes < 0:
            return line + 1
        opens = block.rfind(quote, 0, closes)
    return 0


def usable(file_format: CsvFormat) -> bool:
    """Return whether quotes can be taken out of the text of a file in this format."""
    quote, separator = file_format.quote_char, file_format.separator
    special = {DELIMITER, DOUBLED}
    return (
        quote.isascii()
        and separator.isascii()
        and not quote.isalnum()
        and quote not in NUMBERS
        and quote not in {separator, "\n", file_format.escape_char}
        and not special & {quote, separator}
        and not any(special & {*null} for null in file_format.null_values)
    )


class Unquoted:
    """A block whose quotes are well formed. Each line of `text` is a record without its quotes."""

    def __init__(self, text: str, skeleton: bytes, quoted: bytes, ends: "NDArray[Any]", file_format: CsvFormat) -> None:
        """Take the block with its quotes, after a line end, and where its records end, beginning with this line end."""
        self.text = text
        self.skeleton = skeleton
        """The delimiters and line ends that are not in quotes."""
        self.lines = quoted.count(b"\n") - 1
        self._quoted, self._places, self._format = quoted, ends, file_format

    @cached_property
    def _newlines(self) -> "NDArray[Any]":
        """The places of the line ends; the first is before the block."""
        import numpy

        return numpy.flatnonzero(numpy.frombuffer(self._quoted, numpy.uint8) == ord("\n"))

    @cached_property
    def _ends(self) -> "NDArray[Any]":
        """The index in `_newlines` of the end of each record; the first is 0, before the block."""
        import numpy

        return numpy.searchsorted(self._newlines, self._places)

    def record(self, number: int) -> tuple[list[str], int]:
        """Return a record, from 0, as the module csv reads it, and the number of its first line, from 1."""
        return next(csv_reader(iter([self._record_text(number)]), self._format, strict=False), []), self.line(number)

    def line(self, number: int) -> int:
        """Return the number of the first line of a record."""
        return int(self._ends[number]) + 1

    def over_lines(self, least: int) -> Iterator[tuple[int, list[str]]]:
        """Yield the number of each record that has at least so many lines, and its lines."""
        import numpy

        if self.lines == len(self._places) - 1:
            return
        for number in numpy.flatnonzero(numpy.diff(self._ends) >= least):
            yield int(number), self._record_text(int(number)).removesuffix("\n").split("\n")

    def _record_text(self, number: int) -> str:
        before, end = self._places[number : number + 2]
        return self._quoted[before + 1 : end + 1].decode("utf-8", "surrogatepass")


def unquoted(block: str, file_format: CsvFormat) -> Unquoted | None:
    """Take the quotes out of a block; None if one of them is not at the border of a value, or for a huge block."""
    import numpy

    if len(block) > 2 * BLOCK_LIMIT:
        return None
    quote, separator, newline = ord(file_format.quote_char), ord(file_format.separator), ord("\n")
    quoted = b"\n" + block.encode("utf-8", "surrogatepass")
    data = numpy.frombuffer(quoted, numpy.uint8)
    is_quote = data == quote
    places = numpy.flatnonzero(is_quote)
    if len(places) % 2:
        return None
    before, after = data[places[::2] - 1], data[places[1::2] + 1]
    doubled = after == quote
    if doubled.any() and not file_format.double_quote:
        return None
    if not (doubled | (after == separator) | (after == newline)).all():
        return None
    if not ((before == quote) | (before == separator) | (before == newline)).all():
        return None
    special = numpy.flatnonzero(is_quote | (data == separator) | (data == newline))
    kinds = data[special]
    inside = numpy.bitwise_xor.accumulate((kinds == quote).view(numpy.uint8)).view(numpy.bool)
    replaced = data.copy()
    replaced[special[inside & (kinds != quote)]] = ord(DELIMITER)
    replaced[places[1::2][doubled]] = ord(DOUBLED)
    text = replaced.tobytes().translate(None, bytes([quote]))[1:]
    outside = ~inside & (kinds != quote)
    ends = special[outside & (kinds == newline)]
    skeleton = kinds[outside][1:].tobytes()
    return Unquoted(text.decode("utf-8", "surrogatepass"), skeleton, quoted, ends, file_format)

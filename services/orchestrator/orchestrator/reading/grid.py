"""Where the values of CSV text are, if its records have equally many, and which of them are usual numbers.

The text is looked at as an array of bytes, eight at once, so a column of a million numbers takes 0.02 s.
"""

from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEWLINE, MINUS, POINT, ZERO = b"\n-.0"
WORD = 8
"""The bytes that are compared at once."""
LONGEST = 15
"""The most characters of a usual number: a double keeps so many digits."""
DIGITS, PLAIN = b"09", b"+9"
"""The first and the last of the usual characters. From + to 9: digits, signs, points, commas and slashes."""


class Grid:
    """Text in which each line is a record with the same number of values. A value may be in quotes."""

    def __init__(self, data: "NDArray[Any]", ends: "NDArray[Any]", quote: str = "") -> None:
        """Take the text and the places behind the values: a row for each line, a column for each column.

        `quote` is the quote character, if the text has some: each of them opens a value or closes one.
        """
        self._data, self._ends, self._quote = data, ends, quote.encode()

    @staticmethod
    def of(text: str, separator: str, width: int) -> "Grid | None":
        """Return the grid of whole lines without quotes; None if a line has not `width` values."""
        import numpy

        data = numpy.frombuffer(text.encode("utf-8", "surrogatepass"), numpy.uint8)
        newlines = data == NEWLINE
        lines = numpy.count_nonzero(newlines)
        ends = numpy.flatnonzero(newlines | (data == ord(separator)))
        if len(ends) != lines * width or not newlines[ends[width - 1 :: width]].all():
            return None
        return Grid(data, ends.reshape(lines, width))

    @property
    def lines(self) -> int:
        """The number of lines."""
        return len(self._ends)

    @cached_property
    def _lengths(self) -> "NDArray[Any]":
        """The number of bytes of each line, with its quotes."""
        import numpy

        return numpy.diff(self._ends[:, -1], prepend=-1) - 1

    def has_line_of(self, *lengths: int) -> bool:
        """Return whether a line has one of these numbers of bytes, with its quotes."""
        return any(bool((self._lengths == length).any()) for length in lengths)

    def line(self, number: int) -> str:
        """Return a line, from 0, without its end and its quotes."""
        return self._text(self._start(number), int(self._ends[number, -1]))

    def rest(self, number: int) -> str:
        """Return the text from a line on, from 0, without its quotes."""
        return self._text(self._start(number), len(self._data))

    def _text(self, start: int, end: int) -> str:
        return self._data[start:end].tobytes().translate(None, self._quote).decode("utf-8", "surrogatepass")

    def together(self, columns: Sequence[int]) -> "Grid":
        """Return a grid with one column: the values of these columns, line by line."""
        import numpy

        ends = self._ends[:, columns].ravel()
        starts = numpy.concatenate([[0], self._ends.ravel()[:-1] + 1]).reshape(self._ends.shape)[:, columns].ravel()
        return _Together(self, starts, ends)

    def are_filled(self, at: int, nulls: Collection[str] = ()) -> "NDArray[Any]":
        """Return which values of a column are something else than nothing and these texts.

        Of the texts, only those of at most eight ASCII characters count.
        """
        starts, ends = self._column(at)
        lengths = ends - starts
        found: NDArray[Any] = lengths > 0
        for null in nulls:
            if null.isascii() and len(null) <= WORD:
                found &= ~self._are(null.encode(), starts, lengths)
        return found

    def are_plain(self, at: int, longest: int) -> "NDArray[Any]":
        """Return which values of a column have only PLAIN characters, at most `longest` (up to 15)."""
        starts, ends = self._column(at)
        found: NDArray[Any] = (ends - starts <= longest) & (self._unusual(starts, ends, PLAIN) == 0)
        return found

    def are_booleans(self, at: int) -> "NDArray[Any]":
        """Return which values of a column are nothing, true or false, in any case."""
        import numpy

        starts, ends = self._column(at)
        lengths = ends - starts
        words = (self._words[starts] | _each(0x20)) & _first_bytes(lengths)  # small letters
        found: NDArray[Any] = lengths == 0
        for word in (b"true", b"false"):
            found |= (lengths == len(word)) & (words == numpy.uint64(int.from_bytes(word, "little")))
        return found

    def are_integers(self, at: int, decimals: Collection[int] | None = None, *, zeros: bool = True) -> "NDArray[Any]":
        """Return which values of a column are nothing, or integers as programs write them, of at most 15 digits.

        With `decimals`, also numbers with one of these numbers of decimals, and those like 1.0; without `zeros`, only
        if the last decimal is not 0.
        """
        import numpy

        starts, ends = self._column(at)
        first = self._data[starts]
        is_negative = (first == MINUS) & (ends > starts)
        if is_negative.any():
            starts = starts + is_negative
            first = self._data[starts]
        lengths = ends - starts
        unusual = self._unusual(starts, ends, DIGITS)
        is_integer: NDArray[Any] = (unusual == 0) & ((first != ZERO) | (lengths <= 1))
        if decimals is not None:
            has_one = unusual == 1
            for count in (*decimals, 1):
                if not (has_one & ~is_integer).any():
                    break
                whole = lengths - count - 1
                point = self._data[numpy.maximum(ends - count - 1, 0)]
                is_fraction = has_one & (point == POINT) & (whole >= 0) & ((first != ZERO) | (whole <= 1))
                if count not in decimals:
                    is_fraction &= self._data[ends - 1] == ZERO
                elif count > 1 and not zeros:
                    is_fraction &= self._data[ends - 1] != ZERO
                is_integer |= is_fraction
        is_integer &= lengths <= LONGEST
        return is_integer

    def _are(self, text: bytes, starts: "NDArray[Any]", lengths: "NDArray[Any]") -> "NDArray[Any]":
        """Return which values are this text of at most eight bytes."""
        import numpy

        same: NDArray[Any] = lengths == len(text)
        if same.any():
            word = numpy.uint64(int.from_bytes(text, "little"))
            same &= (self._words[starts] & _first_bytes(lengths)) == word
        return same

    def _start(self, number: int) -> int:
        return int(self._ends[number - 1, -1]) + 1 if number else 0

    def _column(self, at: int) -> "tuple[NDArray[Any], NDArray[Any]]":
        """Return the places of the first byte of each value of a column, and of the byte behind it, without quotes."""
        import numpy

        starts = self._ends[:, at - 1] + 1 if at else numpy.concatenate([[0], self._ends[:, -1] + 1])[:-1]
        return self._without_quotes(starts, self._ends[:, at])

    def _without_quotes(self, starts: "NDArray[Any]", ends: "NDArray[Any]") -> "tuple[NDArray[Any], NDArray[Any]]":
        if self._quote:
            in_quotes = self._data[starts] == ord(self._quote)
            if in_quotes.any():
                in_quotes &= self._data[ends - 1] == ord(self._quote)  # else, text is behind the closing quote
                starts, ends = starts + in_quotes, ends - in_quotes
        return starts, ends

    @cached_property
    def _words(self) -> "NDArray[Any]":
        """The eight bytes from each place on."""
        import numpy

        padded = numpy.concatenate([self._data, numpy.zeros(WORD, numpy.uint8)])
        return numpy.ndarray((len(self._data),), "<u8", padded, strides=(1,))

    def _unusual(self, starts: "NDArray[Any]", ends: "NDArray[Any]", usual: bytes) -> "NDArray[Any]":
        """Return the number of bytes in each value that are not usual, of its first 16 bytes."""
        import numpy

        lengths = ends - starts
        found = _others(self._words[starts], lengths, usual)
        long = numpy.flatnonzero(lengths > WORD)
        if len(long):
            found[long] += _others(self._words[starts[long] + WORD], lengths[long] - WORD, usual)
        return found


class _Together(Grid):
    """The values of several columns as one column."""

    def __init__(self, grid: Grid, starts: "NDArray[Any]", ends: "NDArray[Any]") -> None:
        super().__init__(grid._data, ends.reshape(-1, 1))
        self._places = grid._without_quotes(starts, ends)
        self._words = grid._words

    def _column(self, _: int) -> "tuple[NDArray[Any], NDArray[Any]]":
        return self._places


def _others(words: "NDArray[Any]", lengths: "NDArray[Any]", usual: bytes) -> "NDArray[Any]":
    """Return how many of the first bytes of each word are not usual."""
    import numpy

    high, (least, most) = _each(0x80), usual
    unusual = ((words + _each(0x7F - most)) | words | ~((words | high) - _each(least))) & high
    found: NDArray[Any] = numpy.bitwise_count(unusual & _first_bytes(lengths))
    return found


def _each(byte: int) -> Any:
    """Return a word of which each byte is this one."""
    import numpy

    return numpy.uint64(int.from_bytes(bytes([byte]) * WORD))


def _first_bytes(lengths: "NDArray[Any]") -> "NDArray[Any]":
    """Return words in which all bits of the first bytes are set."""
    import numpy

    bits = numpy.array([(1 << 8 * length) - 1 for length in range(WORD + 1)], numpy.uint64)
    found: NDArray[Any] = bits[numpy.minimum(lengths, WORD)]
    return found

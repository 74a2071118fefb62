"""Where quotes open and close in CSV text, in bits: one for each byte, so most steps use an eighth of the memory.

It takes text in which each quote opens or closes. `quote_states.py` finds quotes that do neither.
"""

from typing import TYPE_CHECKING, Any

from orchestrator.reading.formats import CsvFormat
from orchestrator.reading.quote_states import DELIMITER, DOUBLED, NEWLINE

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORD = 8
"""The bytes of a word of bits."""


class Quotes:
    """The quotes of a block that begins and ends with a line end. At its beginning no quote is open."""

    def __init__(self, data: "NDArray[Any]", file_format: CsvFormat) -> None:
        """Find which quotes open, if every other one does."""
        import numpy

        self._data = data
        is_border = data == ord(file_format.separator)
        is_border |= data == NEWLINE
        quotes, borders = _bits(data == ord(file_format.quote_char)), _bits(is_border)
        inside, edges = _parity(quotes), quotes | borders
        opening, closing = quotes & inside, quotes & ~inside
        self._outside, self._in_values = borders & ~inside, borders & inside
        self._doubled = closing & _of_next(quotes)
        self._loose = closing & ~_of_next(edges)
        is_open = inside[-1] >> numpy.uint64(63)
        self.open_at_edges = not is_open and not (opening & ~_of_previous(edges)).any()
        """Whether quotes open only at the beginning of a value or behind a quote, and each of them is closed."""

    @property
    def loose(self) -> "NDArray[Any]":
        """The places of closing quotes with text behind them."""
        return _places(self._loose)

    @property
    def borders(self) -> "NDArray[Any]":
        """The places of the delimiters and line ends that are not in quotes, behind the first line end."""
        return _places(self._outside)[1:]

    def replaced(self) -> "NDArray[Any]":
        """Return the text with placeholders for delimiters, line ends and quotes that are a part of a value."""
        if not self._in_values.any() and not self._doubled.any():
            return self._data
        data = self._data.copy()
        data[_places(self._in_values)] = ord(DELIMITER)
        data[_places(self._doubled)] = ord(DOUBLED)
        return data


def _bits(mask: "NDArray[Any]") -> "NDArray[Any]":
    import numpy

    bits = numpy.packbits(mask, bitorder="little")
    return numpy.concatenate([bits, numpy.zeros(-len(bits) % WORD, numpy.uint8)]).view("<u8")


def _places(words: "NDArray[Any]") -> "NDArray[Any]":
    """Return the places of the bits that are set."""
    import numpy

    if not words.any():
        return numpy.empty(0, numpy.int64)
    return numpy.flatnonzero(numpy.unpackbits(words.view(numpy.uint8), bitorder="little").view(numpy.bool))


def _parity(words: "NDArray[Any]") -> "NDArray[Any]":
    """Return for each bit whether the number of bits up to it is odd."""
    import numpy

    for shift in (1, 2, 4, 8, 16, 32):  # each doubles the number of bits that are counted, up to the whole word
        words = words ^ (words << numpy.uint64(shift))
    is_odd = numpy.bitwise_xor.accumulate(words >> numpy.uint64(63))  # up to the end of each word
    words[1:] ^= numpy.uint64(0) - is_odd[:-1]
    return words


def _of_previous(words: "NDArray[Any]") -> "NDArray[Any]":
    """Return for each place the bit of the place before it."""
    import numpy

    found = words << numpy.uint64(1)
    found[1:] |= words[:-1] >> numpy.uint64(63)
    return found


def _of_next(words: "NDArray[Any]") -> "NDArray[Any]":
    """Return for each place the bit of the place behind it."""
    import numpy

    found = words >> numpy.uint64(1)
    found[:-1] |= words[1:] << numpy.uint64(63)
    return found

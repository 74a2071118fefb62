"""Where quotes open and close in CSV text, for whole arrays of bytes, by the rules of the module csv.

Quotes that stand side by side are a run. After a run of an odd number that does not stand at the beginning of a value,
no quote is open: the run closes one, or it is text. So the state after each run is known from the runs alone.
"""

from typing import TYPE_CHECKING, Any

from orchestrator.reading.formats import CsvFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray

DELIMITER, DOUBLED = "\x1f", "\x1e"
"""What stands in the text instead of a delimiter, a line end or an escape character that is a part of a value, and
instead of a quote that is one."""
NEWLINE = ord("\n")


def without_escapes(data: "NDArray[Any]", file_format: CsvFormat) -> "NDArray[Any]":
    """Return the text with the placeholders for escape characters, and for what they escape if it has a meaning."""
    import numpy

    if not file_format.escape_char:
        return data
    escape, quote = ord(file_format.escape_char), ord(file_format.quote_char)
    places = numpy.flatnonzero(data == escape)
    if not len(places):
        return data
    escaping = places[_rank(places) % 2 == 0]
    escaping = escaping[escaping < len(data) - 1]
    escaped = data[escaping + 1]
    is_quote = escaped == quote
    special = is_quote | (escaped == ord(file_format.separator)) | (escaped == NEWLINE) | (escaped == escape)
    data = data.copy()
    placeholders = numpy.where(is_quote, ord(DOUBLED), ord(DELIMITER)).astype(numpy.uint8)
    data[escaping] = placeholders
    data[escaping[special] + 1] = placeholders[special]
    return data


def without_literal_quotes(data: "NDArray[Any]", file_format: CsvFormat) -> "NDArray[Any]":
    """Return the text with the placeholder for quotes that stand in a value without quotes, like `5" pipe`."""
    import numpy

    runs = Runs(data, file_format)
    literal = numpy.repeat(~runs.inside & ~runs.opens, runs.lengths)
    if not file_format.double_quote:  # the quotes of a run behind the one that closes the value
        literal |= _rank(runs.places) >= numpy.repeat(numpy.where(runs.inside, 1, 2), runs.lengths)
    data = data.copy()
    data[runs.places[literal]] = ord(DOUBLED)
    return data


def last_end(text: bytes, file_format: CsvFormat, *, certain: bool) -> int | None:
    """Return the place behind the last line end of the text at which no quote is open; None: there is none.

    The text begins with a line end. `certain` tells that no quote is open there.
    """
    import numpy

    data = without_escapes(numpy.frombuffer(text, numpy.uint8), file_format)
    runs = Runs(data, file_format)
    newlines = numpy.flatnonzero(data == NEWLINE)[1:]
    before = numpy.searchsorted(runs.first, newlines)  # the number of runs before each line end
    is_open = numpy.concatenate([[False], runs.inside_after])[before]
    known = numpy.concatenate([[certain], certain | numpy.logical_or.accumulate(runs.resets)])[before]
    ends = newlines[known & ~is_open]
    return int(ends[-1]) + 1 if len(ends) else None


def open_lines(block: str, file_format: CsvFormat, *, inside: bool) -> "NDArray[Any]":
    """Return for each line of the block, and for the text behind the last one, whether a quote is open before it.

    `inside` tells whether a quote is open before the block.
    """
    import numpy

    text = f"\n{file_format.quote_char if inside else ''}{block}".encode("utf-8", "surrogatepass")
    original = numpy.frombuffer(text, numpy.uint8)
    data = without_escapes(original, file_format)
    runs = Runs(data, file_format)
    newlines = numpy.flatnonzero(original == NEWLINE)
    is_open: NDArray[Any] = numpy.concatenate([[inside], runs.inside_after])
    is_open = is_open[numpy.searchsorted(runs.first, newlines)]
    is_open[data[newlines] != NEWLINE] = True  # the line end is escaped
    return is_open


class Runs:
    """The runs of quotes in a text that begins with a line end. At its beginning no quote is open."""

    def __init__(self, data: "NDArray[Any]", file_format: CsvFormat) -> None:
        """Find the state before and after each run."""
        import numpy

        self.places = numpy.flatnonzero(data == ord(file_format.quote_char))
        starts = numpy.flatnonzero(_begins(self.places))
        self.first = self.places[starts]
        self.lengths = numpy.diff(starts, append=len(self.places))
        before = data[self.first - 1]
        self.opens = (before == ord(file_format.separator)) | (before == NEWLINE)
        """Whether the run stands behind a delimiter or a line end."""
        odd = self.lengths % 2 == 1
        if file_format.double_quote:
            self.resets, toggles = odd & ~self.opens, odd & self.opens
        else:  # the second quote closes what the first one opens
            self.resets, toggles = (self.lengths > 1) | ~self.opens, (self.lengths == 1) & self.opens
        count = numpy.cumsum(toggles)
        since_reset = count - numpy.maximum.accumulate(numpy.where(self.resets, count, 0))
        self.inside_after = since_reset % 2 == 1
        """Whether a quote is open behind the run."""
        self.inside = numpy.concatenate([[False], self.inside_after[:-1]])[: len(starts)]
        """Whether a quote is open before the run."""


def _begins(places: "NDArray[Any]") -> "NDArray[Any]":
    """Return which places do not stand directly behind the place before them."""
    import numpy

    return numpy.not_equal(numpy.diff(places, prepend=-1), 1)


def _rank(places: "NDArray[Any]") -> "NDArray[Any]":
    """Return the position of each place in its run, from 0."""
    import numpy

    index = numpy.arange(len(places))
    return index - numpy.maximum.accumulate(numpy.where(_begins(places), index, 0))

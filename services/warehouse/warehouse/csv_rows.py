"""Reads CSV files as BigQuery does: an empty field in quotes is an empty string, without quotes it is NULL."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENCODINGS = {
    **{"UTF-8": "utf-8-sig", "ISO-8859-1": "latin-1"},
    **{f"UTF-{bits}{order}": f"utf-{bits}-{order.lower()}" for bits in (16, 32) for order in ("BE", "LE")},
}


@dataclass(frozen=True)
class Row:
    """A row: the number of its first line in the file, and its fields; `error` says why it cannot be read."""

    line: int
    fields: list[str | None]
    error: str | None = None


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written."""

    delimiter: str
    quote: str
    null_markers: tuple[str, ...]
    quoted_newlines: bool
    encoding: str
    control_characters: bool

    @classmethod
    def of(cls, config: Any) -> "Dialect":
        """Return the dialect of a load job's configuration."""
        delimiter = {"\\t": "\t", "tab": "\t"}.get(config.fieldDelimiter or ",", config.fieldDelimiter or ",")
        markers = config.nullMarkers or [config.nullMarker or ""]
        return cls(
            delimiter,
            '"' if config.quote is None else config.quote,
            tuple(markers),
            bool(config.allowQuotedNewlines),
            ENCODINGS[(config.encoding or "UTF-8").upper()],
            bool(config.preserveAsciiControlCharacters),
        )


def read(path: str, dialect: Dialect, skip: int, columns: int | None = None) -> Iterator[Row]:
    """Yield the rows of a file after the first `skip` rows. An empty line is a row only of one column."""
    with Path(path).open(encoding=dialect.encoding, errors="replace", newline="") as file:
        lines = enumerate(file, 1)
        for number, line in lines:
            text, row = line, _split(line, dialect, number)
            while row is None:
                following = next(lines, None) if dialect.quoted_newlines else None
                if following is None:
                    row = Row(number, [], f"Missing close quote character ({dialect.quote}).")
                    break
                text += following[1]
                row = _split(text, dialect, number)
            if skip:
                skip -= 1
            elif columns == 1 or text.strip("\r\n"):
                yield row


def _split(text: str, dialect: Dialect, number: int) -> Row | None:
    """Return the row of a line, or None when a quoted field does not end."""
    body = text.rstrip("\n").rstrip("\r")
    if "\x00" in body and not dialect.control_characters:
        return Row(number, [], "Bad character (ASCII 0) encountered.")
    fields: list[str | None] = []
    position, quote = 0, dialect.quote
    while True:
        if quote and body.startswith(quote, position):
            end = _closing(text, position + 1, quote)
            if end is None:
                return None
            fields.append(text[position + 1 : end].replace(quote * 2, quote))
            position = end + 1
            body = text.rstrip("\n").rstrip("\r")
            if position < len(body) and not body.startswith(dialect.delimiter, position):
                return Row(number, [], f"Data between close quote character ({quote}) and field separator.")
        else:
            end = body.find(dialect.delimiter, position)
            field = body[position : len(body) if end < 0 else end]
            fields.append(None if field in dialect.null_markers else field)
            position += len(field)
        if position >= len(body):
            return Row(number, fields)
        position += len(dialect.delimiter)


def _closing(text: str, start: int, quote: str) -> int | None:
    position = start
    while (position := text.find(quote, position)) >= 0:
        if not text.startswith(quote, position + 1):
            return position
        position += 2
    return None

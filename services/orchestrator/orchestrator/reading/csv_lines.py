"""Lines of a CSV file that are probably no records, such as the header again, or that begin with a stray character."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from orchestrator.reading.csv_header import Header, csv_reader
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import CsvFormat
from orchestrator.reading.grid import Grid
from orchestrator.reading.quote_states import open_lines
from orchestrator.reading.quoted import BLOCK_LIMIT, has_special, usable

if TYPE_CHECKING:
    from numpy.typing import NDArray

BYTE_ORDER_MARK = "\ufeff"
END_OF_FILE = "\x1a"
CANDIDATES = 100
"""So many places of a block are looked at for a blank before a quote."""
TOTALS = {
    "total",
    "totals",
    "grand total",
    "subtotal",
    "sum",
    "summe",
    "gesamt",
    "gesamtsumme",
    "somme",
    "suma",
    "totale",
}


class Lines:
    """Looks at the text of a file, block by block, below the header."""

    def __init__(self, header: Header, file_format: CsvFormat, facts: FileFacts) -> None:
        """Take the header; a file with one column is not looked at, because each text may be a value of it."""
        self._facts, self._format = facts, file_format
        separator, quote = file_format.separator, file_format.quote_char
        self._is_first, self._last = True, ""
        self._begins_inside = self._ends_inside = False  # whether a quote is open before, and behind, the last block
        self._looks = len(header.names) > 1
        quoted = [f"{quote}{name}{quote}" for name in header.names]
        headers = {header.text, separator.join(header.names), separator.join(quoted)} - {""}
        self._headers = [text for text in headers if "\n" not in text] if file_format.knows_names else []
        self._empty = separator * (len(header.names) + header.nameless - 1)
        escape = re.escape(file_format.escape_char or "")
        # The rest of a text for NULL such as "\-", but no escaped special character.
        special = (separator, quote, file_format.escape_char)
        nulls = {null[1:] for null in file_format.null_values if escape and null[0:1] == file_format.escape_char}
        rests = sorted(re.escape(rest) for rest in nulls if rest and rest[0] not in special)
        # It begins with the character itself, which re finds ten times as fast as a place with none before it.
        odd = (
            rf"{escape}(?<!{escape}{escape})(?:{escape}{escape})*+(?<=({escape}))({'|'.join(['[A-Za-z0-9]', *rests])})"
        )
        self._escaped = re.compile(odd) if escape else None
        blanks = [blank for blank in (" ", "  ", "\t") if separator not in blank]
        self._blank_quotes = [f"{before}{blank}{quote}" for before in (separator, "\n") for blank in blanks]

    def look(self, block: str, line: int, grid: Grid | None = None, *, all_quotes_open: bool = False) -> None:
        """Look at the next whole lines; `line` is the number of the line before them. `grid` is that of the block.

        `all_quotes_open`: no quote of the block is text, apart from those inside quoted values.
        """
        self._look_for_escaped_letter(block, line)
        self._begins_inside = self._ends_inside
        self._look_for_mark(block, line)
        self._last = block
        if not self._looks:
            return
        if self._is_first:
            self._look_at_first(block, line)
        if self._format.has_header:
            for found in self._outside_quotes(block, self._headers, grid):
                self._note_header(line + found)
        if not all_quotes_open:
            self._look_for_blank_before_quote(block, line)
        for found in self._outside_quotes(block, [self._empty], grid):
            self._facts.add_fault(
                "no values", line + found, "the line has delimiters only: it is a record without values"
            )
        self._is_first = False
        # Another block ends where a record ends.
        uncertain = self._begins_inside or len(block) > BLOCK_LIMIT
        self._ends_inside = uncertain and self._is_open(block, block.count("\n") + 1)

    def end(self, line: int) -> None:
        """Look at the last line of the file; `line` is its number."""
        text = self._last.rstrip("\n")
        last = text.rpartition("\n")[2]
        if last == END_OF_FILE:
            self._facts.add_fault(
                "stray character",
                line,
                "the last line is the character 0x1A, with which DOS programs end a file: it is read as a record",
            )
        first = last.lstrip(self._format.separator).partition(self._format.separator)[0]
        word = first.strip(f"{self._format.quote_char} :*")
        if word.casefold() not in TOTALS or self._format.separator not in last:
            return
        if not self._is_open(self._last, text.count("\n") + 1):
            self._facts.add_fault("total row", line, f"the last record begins with {word!r}: it looks like a total")

    def _look_at_first(self, block: str, line: int) -> None:
        """Look at the first record: dashes, or the names that the format gives. Below it, the names may be values."""
        first = block.lstrip("\n").partition("\n")[0]
        line += len(block) - len(block.lstrip("\n")) + 1
        if not self._format.has_header and first.removeprefix("\ufeff") in self._headers:
            self._note_header(line)
        separator = self._format.separator
        only_dashes = re.fullmatch(rf"[-=+ {re.escape(separator)}]*", first) and re.search("---|===", first)
        if only_dashes and not self._format.null_values.issuperset(first.split(separator)):
            self._facts.add_fault("line of dashes", line, "the line below the header has dashes only")

    def _look_for_escaped_letter(self, block: str, line: int) -> None:
        """Note the first letter, digit or text for NULL with an escape character that is removed before it."""
        if self._escaped and (found := self._escaped.search(block)):
            text = f"{found[1] + found[2]!r} is loaded as {found[2]!r}: the connector removes each escape_char"
            self._facts.add_fault("escaped letter", line + block.count("\n", 0, found.start(1)) + 1, text)
            self._escaped = None

    def _look_for_mark(self, block: str, line: int) -> None:
        """Note each line below the first that begins with a byte order mark, apart from the header again."""
        if BYTE_ORDER_MARK not in block:
            return
        is_open = self._open_lines(block)
        for number, text in enumerate(block.split("\n")):
            is_inside = is_open is not None and number < len(is_open) and is_open[number]
            plain = text.removeprefix(BYTE_ORDER_MARK)
            if plain != text and line + number and not is_inside and plain not in self._headers:
                reason = "a byte order mark (U+FEFF) at the beginning of the line becomes a part of its first value"
                self._facts.add_fault("stray character", line + number + 1, reason)

    def _look_for_blank_before_quote(self, block: str, line: int) -> None:
        """Note the first value with a blank before its quote: the quote opens nothing, it is a part of the value."""
        lines = f"\n{block}"
        if not any(text in lines for text in self._blank_quotes):
            return
        is_open = self._open_lines(block)
        if is_open is None:
            return
        found = re.finditer("|".join(map(re.escape, self._blank_quotes)), lines)
        looked_at = -1
        for place in islice(found, CANDIDATES):
            number = lines.count("\n", 0, place.end()) - 1
            if number == looked_at or is_open[number]:
                continue
            looked_at = number
            text = lines[lines.rfind("\n", 0, place.end()) + 1 :].partition("\n")[0]
            for value in next(csv_reader(iter([text]), self._format, strict=False), []):
                bare = value.lstrip(" \t")
                if bare != value and bare.startswith(self._format.quote_char):
                    reason = f"{value[:50]!r} has a blank before its quote, so blank and quotes are parts of the value"
                    self._facts.add_fault("blank before quote", line + number + 1, reason)
                    self._blank_quotes = []
                    return

    def _note_header(self, line: int) -> None:
        self._facts.add_fault("header again", line, "the line repeats the header and is loaded as a record")

    def _outside_quotes(self, block: str, texts: Iterable[str], grid: Grid | None) -> Iterator[int]:
        """Yield the number, from 1, of each line that is one of the texts and not a part of a quoted value."""
        found = sorted(number for text in texts for number in _lines(block, text, grid))
        if not found:
            return
        is_open = self._open_lines(block)
        yield from (number for number in found if is_open is None or not is_open[number - 1])

    def _is_open(self, block: str, number: int) -> bool:
        """Return whether a quote is open at the beginning of a line, from 1, of the last block."""
        is_open = self._open_lines(block)
        return is_open is not None and bool(is_open[number - 1])

    def _open_lines(self, block: str) -> "NDArray[Any] | None":
        """Return for each line whether a quote is open at its beginning; None: there are no quotes, or unusual ones."""
        if not usable(self._format) or not (self._begins_inside or has_special(block, self._format)):
            return None
        return open_lines(block, self._format, inside=self._begins_inside)


def _lines(block: str, text: str, grid: Grid | None) -> Iterator[int]:
    """Yield the number, from 1, of each line that is the text, perhaps after a byte order mark."""
    if text[:1] not in block:  # one character is found faster
        return
    lengths = [len(line.encode("utf-8", "surrogatepass")) for line in (text, f"{BYTE_ORDER_MARK}{text}")]
    if (grid and not grid.has_line_of(*lengths)) or f"{text}\n" not in block:
        return
    number, start = 1, 0
    for found in re.finditer(rf"^{BYTE_ORDER_MARK}?{re.escape(text)}$", block, re.MULTILINE):
        number += block.count("\n", start, found.start())
        start = found.start()
        yield number

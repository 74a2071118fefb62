"""One pass over a CSV file: its records, its header, and what is wrong with it.

A block is checked as a whole, after its quotes are taken out: if every line has the right number of delimiters, every
line is a record. Other blocks go through the module csv, record by record, as in the connector.
"""

import csv
import io
from collections.abc import Callable, Iterator
from itertools import chain
from typing import BinaryIO

from orchestrator.reading.csv_header import VALUE_LIMIT, Header, csv_reader, read_header
from orchestrator.reading.csv_lines import Lines
from orchestrator.reading.csv_values import Values
from orchestrator.reading.facts import NOTHING, FileFacts, Sought
from orchestrator.reading.formats import CsvFormat
from orchestrator.reading.garbled import Garbled
from orchestrator.reading.grid import Grid
from orchestrator.reading.quoted import Unquoted, has_special, unquoted, usable, whole_records
from orchestrator.reading.quotes import open_quote
from orchestrator.reading.text import TooLongError, blocks

STRICT_ERRORS_LIMIT = 1000
"""After so many records with text behind a closing quote, the others are read without looking for it."""
LIKE_RECORDS = 4
"""A value that spans so many lines, each with as many delimiters as a record, has probably swallowed records."""


def scan_csv(raw: BinaryIO, file_format: CsvFormat, sought: Sought = NOTHING) -> FileFacts:
    """Return the facts about a CSV file. Memory does not grow with the file."""
    scan = _Scan(raw, file_format, sought)
    try:
        scan.run()
    except TooLongError as error:
        scan.facts.uncounted = f"{error}; the rest of the file was not read"
        scan.facts.add_fault("long value", scan.line, str(error))
    return scan.facts


def csv_rows(raw: BinaryIO, file_format: CsvFormat) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each record with its first line. Slow: only to find the places of values that are known to be wrong.

    The text of the columns behind the last name, if there is one, has the name "".
    """
    scan = _Scan(raw, file_format, NOTHING)
    try:
        yield from scan.rows()
    except TooLongError:
        return


class _Scan:
    def __init__(self, raw: BinaryIO, file_format: CsvFormat, sought: Sought) -> None:
        self.facts = FileFacts()
        self.line = 0  # the lines that were read
        self._format, self._sought = file_format, sought
        self._garbled = Garbled(file_format.encoding or "utf8")
        self._blocks = blocks(raw, file_format.encoding or "utf8", self.facts, self._garbled)
        self._pending: list[str] = []  # the lines of the record that is being read
        self._block_end = 0  # the number of the block's last line
        self._ended = False
        self._strict = True
        self._values = Values((), file_format, sought, self.facts)
        self._text = Lines(Header(), file_format, self.facts)
        self._width = self._trailing = 0

    def _header(self) -> str | None:
        """Read the header; return the rest of the first block, None for an empty file."""
        header = read_header(self._blocks, self._format, self.facts)
        if header is None:
            return None
        self._width, self._trailing, self.line = len(header.names), header.nameless, header.lines
        self._values = Values(header.names, self._format, self._sought, self.facts)
        self._text = Lines(header, self._format, self.facts)
        return header.rest

    def _column_of(self, line: str, word: str) -> str:
        """Return the column of a line that has a word in its value; an empty text if the line is no whole record."""
        row: list[str] = next(csv_reader(iter([line]), self._format, strict=False), [])
        names = self.facts.names if self._width <= len(row) <= self._width + self._trailing else []
        return next((name for name, value in zip(names, row, strict=False) if word in value), "")

    def run(self) -> None:
        first = self._header()
        if first is None:
            return
        whole = self._whole_block()
        self._blocks = chain([first], self._blocks)
        if usable(self._format):
            self._blocks = whole_records(self._blocks, self._format)
        for block in self._blocks:
            if not whole(block):
                self._by_records(block)
        self._text.end(self.line)
        self._garbled.note(self.facts, self._column_of)

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        first = self._header()
        if first is None:
            return
        self._blocks, blocks_ = chain([first], self._blocks), self._blocks
        reader = csv_reader(self._lines(""), self._format, strict=False)
        for row in reader:
            record = dict(zip(self.facts.names, row, strict=False))
            if behind := self._format.separator.join(row[self._width :]).strip(f"{self._format.separator} "):
                record[""] = behind
            yield self.line - len(self._pending) + 1, record
            self._pending.clear()
        self._blocks = blocks_

    def _grid(self, text: str) -> Grid | None:
        """Return the grid of a text without quotes if each of its lines is one record."""
        if has_special(text, self._format):
            return None
        return self._without_blank(Grid.of(text, self._format.separator, self._width + self._trailing))

    def _without_blank(self, grid: Grid | None) -> Grid | None:
        """Return the grid, but None if it has a blank line, which is no record."""
        has_blank = grid is not None and self._width + self._trailing == 1 and grid.has_line_of(0)
        return None if has_blank else grid

    def _whole_block(self) -> Callable[[str], bool]:
        """Return a function that takes a block as a whole, if it can; it returns False for other blocks."""
        width, can_unquote = self._width + self._trailing, usable(self._format)
        has_grid = self._width and self._format.separator.isascii()

        def take(block: str) -> bool:
            grid = self._grid(block) if has_grid else None
            found = unquoted(block, self._format) if has_grid and can_unquote and not grid else None
            if found:
                grid = self._without_blank(found.grid(width))
            self._notice(block, grid, all_quotes_open=found.all_quotes_open if found else grid is not None)
            if grid and not self._values.done:
                self._values.in_block(grid, self.line, found)
            if found:
                if not grid:
                    if not found.leave_out_odd(width - 1):
                        return False
                    self._in_texts(found)
                self._note_faults(found)
                self.facts.records += found.records
                self.line += found.lines
            elif grid:
                self.facts.records += grid.lines
                self.line += grid.lines
            return bool(found or grid)

        return take

    def _in_texts(self, found: Unquoted) -> None:
        """Look into the values of a block; records with another number of values are read one by one."""
        before, odd_lines = self.line, found.odd_lines()
        for text, first, odd in found.texts():
            if text and not self._values.done:
                self._values.in_block(self._grid(text) or text, before, found, first)
            if odd:
                self._pending = odd
                start = before + next(odd_lines)
                self.line = start + len(odd) - 1
                self._take(next(csv_reader(iter(odd), self._format, strict=False), []), start)
                self._pending, self.line = [], before

    def _note_faults(self, found: Unquoted) -> None:
        for start, line in found.with_text_after_quote():
            if not self._strict:
                break
            self._note_text_after_quote(self.line + start, self.line + line)
        for start, lines in found.over_lines(LIKE_RECORDS):
            if self._are_like_records(lines):
                first = self.line + start
                self._note_lines_in_quotes(first, first + len(lines) - 1)

    def _notice(self, block: str, grid: Grid | None = None, *, all_quotes_open: bool = False) -> None:
        """Look at the text of a block before its records are read."""
        self._values.notice(block)
        self._text.look(block, self.line, grid, all_quotes_open=all_quotes_open)
        if "\0" in block:
            for number, line in enumerate(block.split("\n"), self.line + 1):
                if "\0" in line:
                    self.facts.add_fault("NUL byte", number, "the line has a NUL byte")

    def _lines(self, block: str) -> Iterator[str]:
        """Yield the lines of the block, then of the blocks after it, with their line ends."""
        while True:
            self._block_end = self.line + block.count("\n")
            for line in io.StringIO(block, newline="\n"):
                self.line += 1
                self._pending.append(line)
                yield line
            following = next(self._blocks, None)
            if following is None:
                self._ended = True
                return
            block = following
            self._notice(block)

    def _by_records(self, block: str) -> None:
        """Read records until one ends where a block ends."""
        lines = self._lines(block)
        while not self._read(csv_reader(lines, self._format, strict=self._strict)):
            # The reader met an error. The record is read again as the connector reads it, then strictly again.
            again = list(self._pending)
            self._pending.clear()
            start = self.line - len(again) + 1
            self.line -= len(again)

            def repeated(again: list[str] = again) -> Iterator[str]:
                for line in again:
                    self.line += 1
                    self._pending.append(line)
                    yield line
                for line in lines:  # `yield from` would close the generator together with this one
                    yield line

            try:
                row: list[str] = next(csv_reader(repeated(), self._format, strict=False), [])
            except csv.Error as error:
                self._too_long(start)
                raise TooLongError(f"line {start}: {error}") from error
            at_end = open_quote("".join(self._pending), self._format) if self._ended else None
            if at_end is not None:
                opened = start + at_end
                self.facts.add_fault(
                    "open quote", opened, f"a quote opens here and is never closed; the file ends in line {self.line}"
                )
            else:
                self._note_text_after_quote(start, start + len(again) - 1)
            self._take(row, start)
            self._pending.clear()
            if self._ended or self.line == self._block_end:
                return

    def _read(self, reader: Iterator[list[str]]) -> bool:
        """Take records; return False at a record that is not well formed, True at the end of a block."""
        full = self._width + self._trailing or -1
        pending = self._pending
        try:
            for row in reader:
                if len(row) == full and len(pending) == 1 and self._values.done:
                    self.facts.records += 1
                else:
                    self._take(row, self.line - len(pending) + 1)
                pending.clear()
                if self.line == self._block_end:
                    return True
        except csv.Error:
            return False
        return True

    def _take(self, row: list[str], start: int) -> None:
        if not row:
            return
        self.facts.records += 1
        if not self._width <= len(row) <= self._width + self._trailing:
            text = f"{len(row)} values, the header has {self._width}"
            if not self._format.has_header:
                text = f"{len(row)} values, {self._width} columns are defined"
            self.facts.add_fault("number of values", start, text)
        self._values.in_row(row, start)
        lines = self._pending[:-1] if self._ended else self._pending
        if self.line - start + 1 >= LIKE_RECORDS and self._are_like_records(lines):
            self._note_lines_in_quotes(start, self.line)

    def _are_like_records(self, lines: list[str]) -> bool:
        full = self._width + self._trailing - 1
        return self._width >= 3 and all(line.count(self._format.separator) == full for line in lines)

    def _note_lines_in_quotes(self, first: int, last: int) -> None:
        text = f"a quoted value goes to line {last}, over lines that look like records"
        self.facts.add_fault("lines in quotes", first, text)

    def _note_text_after_quote(self, start: int, line: int) -> None:
        if line > start:
            self.facts.add_fault(
                "open quote", start, f"a quote that opens here is closed in line {line} only, in front of other text"
            )
            return
        self.facts.add_fault("text after quote", line, "a quote inside a quoted value is neither doubled nor escaped")
        if self.facts.fault_counts["text after quote"] >= STRICT_ERRORS_LIMIT:
            self._strict = False

    def _too_long(self, start: int) -> None:
        """Tell the probable cause: a quote that is not closed, if most lines in the value look like records."""
        full = self._width + self._trailing - 1
        alike = sum(line.count(self._format.separator) == full for line in self._pending)
        if len(self._pending) >= LIKE_RECORDS and alike * 2 > len(self._pending):
            opened = open_quote(self._pending[0], self._format) or 0
            self.facts.add_fault(
                "open quote", start + opened, f"a quote opens here and is not closed within {VALUE_LIMIT} characters"
            )

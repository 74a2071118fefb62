"""Lines of a CSV file that are probably no records: the header again, dashes below it, delimiters alone, a total."""

import re
from collections.abc import Iterator

from orchestrator.reading.csv_header import Header
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import CsvFormat

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
        self._looks = len(header.names) > 1
        quoted = [f"{quote}{name}{quote}" for name in header.names]
        headers = (
            {header.text, separator.join(header.names), separator.join(quoted)} if file_format.knows_names else set()
        )
        self._headers = [text for text in headers if text and "\n" not in text]
        self._empty = separator * (len(header.names) + header.nameless - 1)

    def look(self, block: str, line: int) -> None:
        """Look at the next whole lines; `line` is the number of the line before them."""
        if not self._looks:
            return
        if self._is_first:
            self._look_at_first(block, line)
        for text in self._headers:
            for found in _lines(block, text):
                self._facts.add_fault(
                    "header again", line + found, "the line repeats the header and is loaded as a record"
                )
        for found in _lines(block, self._empty):
            self._facts.add_fault("no values", line + found, "the line has delimiters only: all its values are NULL")
        self._is_first, self._last = False, block

    def end(self, line: int) -> None:
        """Look at the last line of the file; `line` is its number."""
        last = self._last.rstrip("\n").rpartition("\n")[2]
        first = last.lstrip(self._format.separator).partition(self._format.separator)[0]
        text = first.strip(f"{self._format.quote_char} :*")
        if text.casefold() in TOTALS and self._format.separator in last:
            self._facts.add_fault("total row", line, f"the last record begins with {text!r}: it looks like a total")

    def _look_at_first(self, block: str, line: int) -> None:
        first = block.partition("\n")[0]
        if re.fullmatch(rf"[-=+ {re.escape(self._format.separator)}]*", first) and ("--" in first or "==" in first):
            self._facts.add_fault("line of dashes", line + 1, "the line below the header has dashes only")


def _lines(block: str, text: str) -> Iterator[int]:
    """Yield the number, from 1, of each line that is the text, perhaps after a byte order mark."""
    if f"{text}\n" not in block:
        return
    for found in re.finditer(rf"^\ufeff?{re.escape(text)}$", block, re.MULTILINE):
        yield block.count("\n", 0, found.start()) + 1

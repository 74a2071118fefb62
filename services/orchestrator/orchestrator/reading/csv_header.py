"""The beginning of a CSV file: the lines above the header, the names of the columns, and what they look like."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import CsvFormat
from orchestrator.reading.one_column import (
    WEAK_FORMATS,
    delimiter_of_records,
    is_certain,
    is_name,
    likely_delimiter,
    likely_format,
)
from orchestrator.reading.quotes import open_quote

VALUE_LIMIT = 16 * 1024 * 1024
"""The most characters of a value in a block with quotes. The module csv needs four bytes for each."""
DELIMITERS = ",;\t|"
SAMPLE_LINES = 5
MORE_LINES = 100
"""The lines that are looked at if the file has one column: most of them tell what the text is."""
OTHER_FORMATS = {
    **{"{\\rtf": "RTF", "begin:v": "iCalendar or vCard", "-----begin ": "a key or a certificate", "#!": "a script"},
    **{"{": "JSON", "[{": "JSON", "<?xml": "XML", "<!doctype": "HTML", "<html": "HTML", "%pdf": "PDF"},
    **{"version https://git-lfs": "a pointer of Git LFS", "insert into ": "SQL", "create table ": "SQL"},
}
GAP = re.compile(r"\S {2,}\S")
FIXED_WIDTH = "a text with columns of a fixed width"
"""The format of files with one column whose texts have several blanks side by side, which any text may have."""
QUOTED_LINES = "a CSV file with quotes around each whole line"
"""The format of files with one column whose texts have the delimiter, which texts may have too."""
FRAME = re.compile(r"[-+=|_ ]{3,}")
"""The first line of a table as mysql prints it."""


@dataclass
class Header:
    """What stands above the records."""

    names: list[str] = field(default_factory=list)
    nameless: int = 0
    """The columns without a name at the end of the header."""
    lines: int = 0
    """The lines above the first record."""
    text: str = ""
    """The header as the file writes it."""
    rest: str = ""
    """The text of the first block below the header."""


def csv_reader(lines: Iterator[str], file_format: CsvFormat, *, strict: bool) -> Any:
    """Return a reader of the module csv with the options of the format."""
    csv.field_size_limit(VALUE_LIMIT)
    return csv.reader(
        lines,
        delimiter=file_format.separator,
        quotechar=file_format.quote_char,
        escapechar=file_format.escape_char,
        doublequote=file_format.double_quote,
        strict=strict,
    )


def read_header(blocks: Iterator[str], file_format: CsvFormat, facts: FileFacts) -> Header | None:
    """Read the header and note its facts; None: an empty file.

    A quoted name can have line breaks: airbyte-lite reads such a header as one. The real Airbyte counts it as one line,
    so it fails, or loads the rest of the header as a record, which the row count shows.
    """
    above = file_format.skip_rows_before_header
    skipped = above + file_format.skip_rows_after_header
    block = _first_block(blocks, skipped + 1)
    if block is None:
        return None
    lines = block.split("\n")[:-1]
    facts.header_line = above + 1
    if not file_format.has_header and not skipped and block.startswith("\ufeff"):
        facts.add_fault(
            "byte order mark", 1, "a byte order mark stands before the first value and becomes a part of it"
        )
    if file_format.has_header:
        reader = csv_reader((f"{line}\n" for line in lines[above:]), file_format, strict=False)
        row: list[str] = next(reader, [])
        header_lines = max(reader.line_num, 1)
        first = "\n".join(lines[above : above + header_lines])
        if (opened := open_quote(first, file_format)) is not None:
            facts.add_fault("open quote", above + opened + 1, "a quote opens in the header and is never closed")
            header_lines = 1
        skipped += header_lines
        header = Header(_trimmed(row), text=first.removeprefix("\ufeff"))
        header.nameless = len(row) - len(header.names)
        below = lines[skipped:][:MORE_LINES]
        facts.delimiter = _other_delimiter(first, below, len(header.names), file_format)
        facts.other_format = _other_format(first, below, len(header.names), file_format, facts.delimiter)
    elif file_format.column_names is not None:
        header = Header(file_format.column_names)
        facts.skipped_header = _skipped_header(lines[:skipped], len(header.names), file_format)
    else:
        row = next((row for row in csv_reader(iter(lines[skipped:]), file_format, strict=False) if row), [])
        header = Header([f"f{number}" for number in range(len(row))])
    if not file_format.has_header and len(header.names) == 1:
        facts.delimiter = delimiter_of_records(lines[skipped:][:MORE_LINES], file_format.separator)
    facts.names = header.names
    header.lines = min(skipped, len(lines))
    header.rest = "".join(f"{line}\n" for line in lines[skipped:])
    return header


def _skipped_header(above: list[str], width: int, file_format: CsvFormat) -> list[str]:
    """Return the names in the last line above the records, if it has one for most of the columns."""
    row: list[str] = next(csv_reader(iter(above[-1:]), file_format, strict=False), [])
    names = [name.strip().removeprefix("\ufeff") for name in _trimmed(row)]
    return names if 1 < len(names) <= width < 2 * len(names) and all(names) else []


def surely_other(facts: FileFacts) -> bool:
    """Return whether the file certainly has another delimiter or format: it is not a column of texts."""
    if facts.delimiter and is_certain(facts.delimiter):
        return True
    return facts.other_format not in {None, FIXED_WIDTH, QUOTED_LINES, *WEAK_FORMATS}


def _first_block(blocks: Iterator[str], lines: int) -> str | None:
    """Return a block that has the lines of the header and some records, if the file has them."""
    block = next(blocks, None)
    if block is None:
        return None
    while block.count("\n") <= lines + SAMPLE_LINES:
        more = next(blocks, None)
        if more is None:
            break
        block += more
    return block


def _trimmed(row: list[str]) -> list[str]:
    names = list(row)
    while names and not names[-1].strip():
        names.pop()
    return names


def _other_delimiter(header: str, below: list[str], width: int, file_format: CsvFormat) -> str | None:
    """Return the delimiter that is as often in the header as in each of the first records, and often enough."""
    unusual = likely_delimiter(header, below) if width == 1 else None
    if unusual and len(unusual) > 1:
        return unusual
    records = [record for record in below[:SAMPLE_LINES] if record]
    for delimiter in DELIMITERS.replace(file_format.separator, ""):
        found = header.count(delimiter)
        if found >= max(width, 1) and all(record.count(delimiter) >= found for record in records):
            return delimiter
    blanks = header.count(" ")
    same = blanks > 1 and records and all(record.count(" ") == blanks for record in records)
    return " " if unusual is None and width == 1 and same and all(map(is_name, header.split(" "))) else unusual


def _other_format(
    header: str, below: list[str], width: int, file_format: CsvFormat, delimiter: str | None
) -> str | None:
    """Return what the text is instead of CSV. The `delimiter` that the file seems to have counts more than a guess."""
    text, records = header.lstrip("\ufeff \t").casefold(), below[:SAMPLE_LINES]
    if width == 1 and FRAME.fullmatch(header.strip()) and _is_table(header.strip(), below):
        return "a table with lines around its cells"
    if known := next((name for start, name in OTHER_FORMATS.items() if text.startswith(start)), None):
        return known
    lines, quote, count = [header, *filter(None, records)], file_format.quote_char, header.count(file_format.separator)
    alike = all(line[0] == quote == line[-1] and line.count(file_format.separator) == count for line in lines if line)
    if width == 1 and count and len(lines) > 1 and alike and f"{file_format.separator} " not in header:
        return QUOTED_LINES
    if width != 1 or (delimiter and is_certain(delimiter)):
        return None
    found = likely_format(header.removeprefix("\ufeff"), below)
    if found and found not in WEAK_FORMATS:
        return found
    if GAP.search(header.strip()) and records and all(GAP.search(record.strip()) for record in records):
        return FIXED_WIDTH
    return found if delimiter is None else None


def _is_table(frame: str, below: list[str]) -> bool:
    """Return whether lines like the frame stand below it, or cells. A column may have the name ---."""
    has_lines = len(frame) > 3 and any(FRAME.fullmatch(line.strip()) for line in below)
    return "+" in frame or has_lines or any(line.count("|") > 1 for line in below)

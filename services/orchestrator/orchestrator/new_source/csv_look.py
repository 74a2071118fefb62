"""Looks at CSV files: encoding, delimiter, quotes, header, then every value.

A sample suggests the format. The reader of the landing checks, which reads the whole file as the connector does, then
confirms the format.
"""

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import combinations, islice
from pathlib import Path
from typing import Any

from orchestrator.checks.columns import name_findings
from orchestrator.new_source.files import opened
from orchestrator.new_source.found import Found, Uniques, likely_key
from orchestrator.new_source.header_look import look_at_header
from orchestrator.new_source.text_types import TextColumn
from orchestrator.reading.csv_file import csv_rows, scan_csv
from orchestrator.reading.csv_header import surely_other
from orchestrator.reading.facts import FaultKind, FileFacts
from orchestrator.reading.formats import CsvFormat, StreamFiles
from source_texts.errors import SourceError
from source_texts.tables import Column, Key

SAMPLE_BYTES = 256 * 1024
SAMPLE_RECORDS = 200
DELIMITERS = ",;\t|"
DELIMITER_LINE = re.compile(r'\ufeff?"?sep=([,;\t|])"?', re.IGNORECASE)
"""Excel reads a first line like this."""
NO_QUOTE = "\x01"
"""A quote_char for files that have no quotes. The connector needs one; no text has this character."""
USUAL_ENCODING = "utf-8-sig"
"""UTF-8 with or without a byte order mark."""
GUESSED_ENCODINGS = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "shift_jis", "gb18030", "big5", "euc_kr"]
HARMLESS: set[FaultKind] = {"text after quote", "lines in quotes", "no values", "total row"}
"""Faults that the landing checks only warn of."""


def look_at_csv(paths: Sequence[Path], table: str, header: bool | None) -> Found:
    """Return what the files have. `header`: whether the first line has names; None: as it looks.

    Raises SourceError when a file is not well formed, or when the files differ in their format.
    """
    options, notes, names_line = _options(paths[0], header)
    file_format = CsvFormat.model_validate({"filetype": "csv", "encoding": USUAL_ENCODING, **options})
    if names_line:
        _require_same_names(paths, names_line, file_format.encoding or USUAL_ENCODING)
    names: dict[str, None] = {}
    records = 0
    for path in paths:
        facts = _facts(path, file_format)
        notes += [f"{path.name}, line {fault.line}: {fault.text}" for fault in facts.faults if fault.kind in HARMLESS]
        if facts.delimiter or facts.other_format:
            seems = facts.other_format or f"a text with the delimiter {facts.delimiter!r}"
            notes.append(f"{path.name} is read as one column of texts, although it looks like {seems}")
        if names and facts.names != list(names):
            notes.append(f"{path.name} has other columns than {paths[0].name}: {', '.join(facts.names)}")
        names |= dict.fromkeys(facts.names)
        records += facts.records
    found = Found("csv", options, [], [], records, notes=notes)
    found.columns, found.keys = _values(paths, file_format, list(names), table)
    return found


def _values(
    paths: Iterable[Path], file_format: CsvFormat, names: list[str], table: str
) -> tuple[list[Column], list[Key]]:
    columns = {name: TextColumn(name) for name in names}
    singles = Uniques([(name,) for position, name in enumerate(names) if likely_key(name, position, table)[0] < 9])
    pairs = Uniques(combinations(_parts_of_keys(names, table), 2))
    for path in paths:
        with opened(path) as raw:
            for line, record in csv_rows(raw, file_format):
                if text := record.pop("", ""):
                    raise SourceError(
                        f"{path.name}, line {line}: {text[:60]!r} stands in a column without a name. Name the column "
                        "in the header, then run again."
                    )
                for name, text in record.items():
                    if text and text not in file_format.null_values:
                        columns[name].add(text)
                singles.add(record)
                pairs.add(record)
    found = [column.column() for column in columns.values()]
    inexact = {column.name for column in found if "int64" not in str(column.cast) and "string" not in str(column.cast)}
    keys = sorted(singles.keys, key=lambda key: likely_key(key[0], names.index(key[0]), table)) or pairs.keys
    return found, [key for key in keys if len(key) > 1 or not inexact & set(key)]


def _parts_of_keys(names: Sequence[str], table: str) -> list[str]:
    """Return columns that may form a key together: those with a key's name or a date's, at most four."""
    likely = [name for at, name in enumerate(names) if likely_key(name, at, table)[0] < 9 or "date" in name.lower()]
    return likely[:4]


def _facts(path: Path, file_format: CsvFormat) -> FileFacts:
    """Return the facts about a file. Raises SourceError when its records or columns cannot be loaded as they are."""
    with opened(path) as raw:
        facts = scan_csv(raw, file_format)
    certain = surely_other(facts)
    if facts.other_format and certain:
        encoding = "" if file_format.encoding == USUAL_ENCODING else f" in {file_format.encoding}"
        raise SourceError(
            f"{path.name}: the text is {facts.other_format}{encoding}, not CSV. Convert it to CSV, or to JSON lines in "
            "UTF-8."
        )
    for fault in facts.faults:
        if fault.kind not in HARMLESS:
            raise SourceError(f"{path.name}, line {fault.line}: {fault.text}. Repair the file, then run again.")
    if facts.delimiter and certain:
        shown = {"\t": "tab"}.get(facts.delimiter, facts.delimiter)
        raise SourceError(f"{path.name}: the delimiter is not certain: {file_format.separator} or {shown}.")
    where = f"{path.name}, line {facts.header_line}"
    for position, name in enumerate(facts.names, 1):
        if not name.strip():
            raise SourceError(f"{where}: column {position} has no name. Name it in the file, then run again.")
    for finding in name_findings(path.name, facts, StreamFiles([], file_format)):
        if finding.blocking:
            raise SourceError(str(finding))
    if not facts.names or not facts.records:
        raise SourceError(f"{path.name}: the file has no records, so its columns have no types. Give it some records.")
    return facts


def _require_same_names(paths: Sequence[Path], line: int, encoding: str) -> None:
    """Raise SourceError if a line of the files differs: its names are given to the columns by their position."""
    found = {path: _line(path, line, encoding) for path in paths}
    for path, text in found.items():
        if text != found[paths[0]]:
            raise SourceError(
                f"{path.name}, line {line}: other columns than in {paths[0].name}. The stream has to name the columns "
                "itself, so the files need the same columns in the same order. Load the files as several sources."
            )


def _line(path: Path, number: int, encoding: str) -> str:
    with opened(path) as raw, io.TextIOWrapper(raw, encoding, errors="replace") as text:
        return next(islice(text, number - 1, None), "").rstrip("\n")


def _options(path: Path, header: bool | None) -> tuple[dict[str, Any], list[str], int]:
    """Return the format's options that differ from the usual ones, and notes about what was guessed.

    The number is that of the line from which the options have the names; 0: none.
    """
    encoding, notes = _encoding(path)
    with opened(path) as raw:
        sample = codecs.getincrementaldecoder(encoding)("replace").decode(raw.read(SAMPLE_BYTES))
    lines = sample.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if len(sample) >= SAMPLE_BYTES // 4:
        lines = lines[:-1]  # the last line may be cut
    named = DELIMITER_LINE.fullmatch(lines[0])
    above = 1 if named else 0
    lines = lines[above:]
    delimiter, quote, escape = _dialect(lines, named[1] if named else DELIMITERS)
    if quote == '"' and _has_no_quotes(lines, delimiter):
        quote = NO_QUOTE
        notes.append(
            f'{path.name}: " is read as a part of the texts, as programs write it that put no value into quotes: the '
            "stream's quote_char is a control character"
        )
    options: dict[str, Any] = {} if encoding == USUAL_ENCODING else {"encoding": encoding}
    options |= {"delimiter": {"\t": r"\t"}.get(delimiter, delimiter)} if delimiter != "," else {}
    options |= {"quote_char": quote} if quote != '"' else {}
    options |= {"escape_char": "\\", "double_quote": False} if escape else {}
    rows = _rows(lines, delimiter, quote, escape)
    width = _usual_width([row for _, row in rows])
    first = next((at for at, (_, row) in enumerate(rows) if len(row) >= width), 0)
    start = above
    above += rows[first][0] if rows else 0
    look = look_at_header([row for _, row in rows[first:]], rows[first - 1][1] if first else [], header, delimiter)
    names_at = first if look.names_are == "the first record" else first - 1
    if look.names_are == "the first record":
        above = start + (rows[first + 1][0] if first + 1 < len(rows) else len(lines))
    if above:
        options["skip_rows_before_header"] = above
        notes.append(f"{path.name}: lines above the {'records' if look.given else 'header'} that are skipped: {above}")
    if look.given:
        options["header_definition"] = {"header_definition_type": "User Provided", "column_names": look.given}
    notes += [f"{path.name}: {note}" for note in look.notes]
    return options, notes, start + rows[names_at][0] + 1 if look.names_are else 0


def _encoding(path: Path) -> tuple[str, list[str]]:
    """Return Python's name of the encoding. Every byte of the file is looked at."""
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    with opened(path) as raw:
        first = raw.read(SAMPLE_BYTES)
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16", []
        if first[:200].count(0) * 3 > len(first[:200]):
            return ("utf-16-le" if first[1:2] == b"\0" else "utf-16-be"), []
        chunk = first
        while True:
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError:
                break
            if not chunk:
                return USUAL_ENCODING, []
            chunk = raw.read(SAMPLE_BYTES)
    encoding = _guess(chunk)
    return encoding, [
        f"{path.name}: the text is not UTF-8. It is read as {encoding}, which is a guess: look at the accented letters "
        "of the examples. Another encoding: change it in connections.yaml afterwards"
    ]


def _guess(chunk: bytes) -> str:
    """Return the most probable encoding. Short texts in western letters are often taken for cp1250."""
    import charset_normalizer

    best = charset_normalizer.from_bytes(chunk, cp_isolation=GUESSED_ENCODINGS).best()
    name = best.encoding if best else "latin-1"
    try:
        chunk.decode("cp1252")
    except UnicodeDecodeError:
        return name
    return "cp1252" if name in ("cp1250", "cp1254", "latin-1") else name


def _dialect(lines: Sequence[str], delimiters: str) -> tuple[str, str, bool]:
    """Return delimiter, quote and whether a backslash escapes: those with which most records have one width."""
    best: tuple[float, tuple[str, str, bool]] = (0.0, (delimiters[0], '"', False))
    text = "\n".join(lines)
    quotes = ['"', "'"] if "'" in text else ['"']
    for delimiter in delimiters:
        for quote in quotes:
            escape = f"\\{quote}" in text
            rows = [row for _, row in _rows(lines, delimiter, quote, escape)]
            width = _usual_width(rows)
            if width < 2:
                continue
            quoted = sum(field.startswith(quote) for line in lines[:SAMPLE_RECORDS] for field in line.split(delimiter))
            same = sum(len(row) == width for row in rows) / len(rows)
            score = same * 100 + min(width, 50) / 10 + (1 if quoted else 0) - (quote == "'" and not quoted) * 2
            if score > best[0]:
                best = score, (delimiter, quote, escape)
    return best[1]


def _has_no_quotes(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether the quotes of a text with tabs are parts of its values: read as quotes, they are not closed right.

    IMDb, GeoNames and Wikimedia write such files.
    """
    if delimiter != "\t" or len({line.count(delimiter) for line in lines if line}) != 1:
        return False
    try:
        for _ in csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "expected after" in str(error)
    return False


def _rows(lines: Sequence[str], delimiter: str, quote: str, escape: bool) -> list[tuple[int, list[str]]]:
    """Return the first records, each with the number of lines before it."""
    reader = csv.reader(
        iter([f"{line}\n" for line in lines]),
        delimiter=delimiter,
        quotechar=quote,
        escapechar="\\" if escape else None,
        doublequote=not escape,
    )
    rows, before = [], 0
    try:
        for row in reader:
            if row:
                rows.append((before, row))
            before = reader.line_num
            if len(rows) >= SAMPLE_RECORDS:
                break
    except csv.Error:
        pass  # a value that is too long: the reader of the whole file tells where
    return rows


def _usual_width(rows: Sequence[Sequence[str]]) -> int:
    widths = Counter(len(row) for row in rows)
    return max(widths, key=lambda width: (widths[width], width)) if widths else 0

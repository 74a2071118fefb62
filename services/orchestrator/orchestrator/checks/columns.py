"""The check that each column of the files is a column of the table, with its values."""

import functools
import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from urllib.parse import unquote

from connections_file import Stream, SyncMode
from orchestrator.checks import declared
from orchestrator.checks.findings import RESET, Finding, again
from orchestrator.checks.table import TableFacts
from orchestrator.reading.csv_header import surely_other
from orchestrator.reading.csv_lines import BYTE_ORDER_MARK
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import CsvFormat, JsonlFormat, ParquetFormat, StreamFiles
from orchestrator.reading.names import bears, columns_of_key
from platform_kit.names import column_name

NAME = "columns_arrived"
DESCRIPTION = """Each column of the files is a column of the table, with its values.

An error: a name with blanks, a byte order mark or another invisible character; two columns with one name; one column
that holds the delimiter of the others; a file without a header, or of another format; a declared column that a file
does not have; a column that is NULL in every row although a file has values. A warning: a column of a file that the
table does not have; a column of the table that no file has any more, or that newer files leave out (not for JSON
lines); one column whose texts look like several columns, like YAML, settings or paragraphs; a column that is declared
with a narrower type than the table has.
"""
VALUE = re.compile(r"[+-]?\d+(?:[.,]\d+)?|\d{4}-\d\d-\d\d.*|\d\d?[/.]\d\d?[/.]\d{2,4}")
"""Names that are numbers or dates."""
HIVE_NULL = "__HIVE_DEFAULT_PARTITION__"
LATER: Mapping[SyncMode, str] = {
    "full_refresh_overwrite": "run again",
    "full_refresh_append": "run again: the rows of each sync from then on have the column, older rows have NULL",
    "incremental_append": f"run again: files that change from then on have the column. For all files: {RESET}",
    "incremental_deduped_history": f"run again: files that change from then on have the column. For all files: {RESET}",
}
"""When the values of a column arrive that the table does not have yet."""
AIRBYTE = {"_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "_airbyte_generation_id"}
"""The columns that Airbyte adds to each table."""


def find(
    stream: Stream, files: StreamFiles, facts: Mapping[str, FileFacts], table: TableFacts, explained: set[str]
) -> list[Finding]:
    """Return the findings. Another check reports the columns of `explained`, whose values did not fit."""
    if files.schemaless:
        return []
    found: list[Finding] = []
    missing: dict[str, list[str]] = {}
    readable = {file: fact for file, fact in facts.items() if fact.names}
    arrived = functools.cache(lambda name: any(bears(known, name) for known in table.columns))  # once for all files
    for file, fact in readable.items():
        if isinstance(files.format, CsvFormat) and (other := _another_format(file, fact, files.format)):
            found.append(other)
            if other.blocking:
                continue
        names = list(name_findings(file, fact, files, table.columns))
        wrong = {finding.column for finding in names}
        found += names
        if isinstance(files.format, ParquetFormat):
            found += _folders(file, fact)
        for name in dict.fromkeys(fact.names):
            if (stream.selected_fields and name not in stream.selected_fields) or name in wrong:
                continue
            if not arrived(name):
                missing.setdefault(name, []).append(file)
            elif name in fact.first_values and not any(bears(other, name) for other in explained):
                found.append(
                    Finding(
                        "the file has values, but the column is NULL in every row of the table",
                        "Compare the name in the header with the column of the connection (make plan), then "
                        f"{again(stream)}.",
                        file,
                        fact.first_values[name],
                        name,
                    )
                )
    found += _same_column(files, readable)
    found += _other_order(readable)
    found += declared.find(stream, files, readable)
    found += declared.wider(stream, files, table)
    if len(readable) == len(facts) and not any(finding.blocking for finding in found):
        found += declared.gone(stream, files, readable, table)
    found += [_missing(stream, files, name, names, facts[names[0]]) for name, names in missing.items()]
    return found


def _another_format(file: str, fact: FileFacts, format_: CsvFormat) -> Finding | None:
    if fact.other_format:
        certain = surely_other(fact)
        return Finding(
            f"the file {'is' if certain else 'looks like'} {fact.other_format}, not CSV",
            "Replace the file; or set the stream's globs or filetype in connections.yaml, then make apply."
            if certain
            else "If it is, convert the file to CSV. If it has one column of texts, nothing is wrong.",
            file,
            fact.header_line,
            blocking=certain,
        )
    if fact.delimiter:
        return _delimiter(file, fact, format_, fact.delimiter)
    if (quote := _common_quote(fact.names)) and format_.has_header:
        return Finding(
            f"each name stands between two {quote}, which become a part of the names and values",
            f"Set quote_char: {json.dumps(quote)} in the stream's format in connections.yaml, then make apply.",
            file,
            fact.header_line,
            fact.names[0],
        )
    if format_.has_header and VALUE.fullmatch(fact.names[0].strip()) and not _are_numbered(fact.names):
        return Finding(
            "the name of the first column looks like a value, so the file seems to have no header: its first record is "
            "not in the table",
            "Set header_definition with the column_names in the stream's format in connections.yaml, then make apply.",
            file,
            fact.header_line,
            fact.names[0],
        )
    return None


def _common_quote(names: Sequence[str]) -> str | None:
    """Return the quote that each name begins and ends with."""
    quotes = {name[0] if len(name) > 2 and name[0] == name[-1] else "" for name in names}
    found = quotes.pop() if len(quotes) == 1 else ""
    return found if found and found in "'`\"" else None


def _folders(file: str, fact: FileFacts) -> Iterator[Finding]:
    """Yield what the folders of a Parquet file, such as year=2024, do to its columns. So does its own name."""
    for name, value in columns_of_key(file).items():
        if name in fact.names:
            yield Finding(
                f"{name}={value} in the key gives the column its value, in place of the values of the file",
                "Rename this part of the key or the column, if the values of the file are not the same.",
                file,
                column=name,
                blocking=False,
            )
        if part := next((part for part in unquote(file).split("/") if part.startswith(f"{name}={value}=")), ""):
            yield Finding(
                f"the connector takes {value!r} for the column from {part!r}: it leaves out what follows a second =",
                "Rename this part of the key.",
                file,
                column=name,
                blocking=False,
            )
        if value == HIVE_NULL:
            yield Finding(
                f"the folder's value {value} is loaded as a text; programs that write such folders mean NULL",
                "Replace the text by NULL in the staging model.",
                file,
                column=name,
                blocking=False,
            )


def _are_numbered(names: Sequence[str]) -> bool:
    """Return whether a program has numbered the columns, from 0 or 1."""
    return len(names) > 1 and any(list(names) == [str(start + at) for at in range(len(names))] for start in (0, 1))


def _delimiter(file: str, fact: FileFacts, format_: CsvFormat, delimiter: str) -> Finding:
    certain = surely_other(fact) and format_.has_header
    shown = _in_yaml(delimiter)
    what = "the header and the records look" if format_.has_header else "the records look"
    remedy = (
        f"Set delimiter: {shown} in the stream's format in connections.yaml, then make apply."
        if len(delimiter) == 1
        else "The connector reads delimiters of one character only: write the file with another one, then run again."
    )
    return Finding(
        f"the delimiter is {format_.delimiter!r}, but {what} as if it were {shown}",
        remedy + ("" if certain else " If the file has one column of texts, nothing is wrong."),
        file,
        fact.header_line,
        fact.names[0] if fact.names else "",
        blocking=certain,
    )


def _in_yaml(delimiter: str) -> str:
    """Return the delimiter as connections.yaml has it."""
    if delimiter == "\t":
        return r"'\t'"
    return repr(delimiter) if delimiter.isprintable() else json.dumps(delimiter)


def name_findings(
    file: str, fact: FileFacts, files: StreamFiles, loaded: Collection[str] | None = None
) -> Iterator[Finding]:
    """Yield what is wrong with the names of the columns of a file.

    `loaded` are the columns of the table: if they are known, JSON objects may spell one column in several ways.
    """
    first: dict[str, str] = {}
    for name in fact.names:
        plain = name.removeprefix(BYTE_ORDER_MARK)
        if plain != name:
            yield Finding(
                "a byte order mark stands before the name, so the column gets another name",
                "Set encoding: utf-8-sig in the stream's format in connections.yaml, then make apply.",
                file,
                fact.header_line,
                plain,
            )
        elif any(unicodedata.category(each) in {"Cf", "Cc"} and each not in "\n\r\t" for each in name):
            yield Finding(
                "the name has an invisible character",
                "Remove it from the header of the file.",
                file,
                fact.header_line,
                name,
            )
        elif name != name.strip() and name not in files.declared and isinstance(files.format, CsvFormat):
            yield Finding(
                "blanks stand around the name: Airbyte takes the column without them and does not find its values",
                "Remove the blanks from the header; or set skip_rows_before_header: 1 and header_definition with "
                "the column_names in the stream's format in connections.yaml, then make apply.",
                file,
                fact.header_line,
                name,
            )
        elif name.startswith("_ab_source_file_"):
            yield Finding(
                "Airbyte loads the name and the time of the file into a column of this name, in place of the values",
                "Rename the column in the file.",
                file,
                fact.header_line,
                name,
            )
        column = column_name(plain.strip()).lower()
        if column in AIRBYTE:
            yield Finding(
                "Airbyte loads a value of its own into a column of this name, in place of the values of the file",
                "Rename the column in the file.",
                file,
                fact.header_line,
                name,
            )
        if column in first:
            same = first[column] == name
            # Names that stand in different objects are loaded into one column, others into two.
            if isinstance(files.format, JsonlFormat) and loaded is not None and f"{column}_1" not in loaded:
                continue
            yield Finding(
                "two columns have this name; only the last one is loaded"
                if same
                else f"this name and {first[column]!r} are the same for BigQuery",
                "Rename one of them in the file.",
                file,
                fact.header_line,
                name,
                blocking=same,
            )
        first[column] = name


def _same_column(files: StreamFiles, facts: Mapping[str, FileFacts]) -> Iterator[Finding]:
    """Yield a warning for a name that only other files have than those with another name of the same column.

    Airbyte loads them into two columns, of which one gets a suffix. Names that differ by case only: see `spellings`.
    """
    first: dict[str, tuple[str, str]] = {}
    for file, fact in facts.items() if not files.declared else ():
        for name in fact.names:
            known, other = first.setdefault(column_name(name).lower(), (file, name))
            if other.lower() == name.lower() or other in fact.names or name in facts[known].names:
                continue
            yield Finding(
                f"this name and {other!r} of {known} are the same for BigQuery, so Airbyte loads them into two columns",
                "Use one name in all files; or read both columns in the staging model.",
                file,
                fact.header_line,
                name,
                blocking=False,
            )


def _other_order(facts: Mapping[str, FileFacts]) -> Iterator[Finding]:
    """Yield a finding for a file whose skipped header differs: the names of the format are given by position.

    The same names in another order are an error. Other names may be a title.
    """
    skipped = {file: fact.skipped_header for file, fact in facts.items() if fact.skipped_header}
    first = next(iter(skipped), "")
    for file, names in skipped.items():
        if names != skipped[first]:
            is_order = sorted(names) == sorted(skipped[first])
            yield Finding(
                f"the skipped header has {'another order' if is_order else 'other names'} than that of {first}: "
                f"{', '.join(names)}. column_names gives the names by position",
                "Write the file with the columns of the others, or load it as another stream."
                + ("" if is_order else " If the line is no header, or the columns are the same, nothing is wrong."),
                file,
                blocking=is_order,
            )


def _missing(stream: Stream, files: StreamFiles, name: str, names: list[str], fact: FileFacts) -> Finding:
    others = f" (and {len(names) - 1} other files)" if len(names) > 1 else ""
    declare = (
        f"Declare the column in columns of connections.yaml, then make apply and {LATER[stream.sync_mode]}."
        if files.declared
        else f"make apply o=--refresh-schema, and {LATER[stream.sync_mode]}. It looks at the start of the ten newest "
        "files: if the column is not there, declare all columns of the stream (columns of connections.yaml)."
    )
    return Finding(
        f"the table does not have the column, so its values were not loaded{others}",
        f"{declare} If it is not needed, nothing is wrong.",
        names[0],
        fact.header_line,
        name,
        blocking=False,
    )

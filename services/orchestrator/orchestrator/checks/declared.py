"""Columns that the files do not have, or that have another type in the table: a part of `columns_arrived`."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping

from connections_file import Stream
from orchestrator.checks.findings import DROP, Finding
from orchestrator.checks.table import TableFacts
from orchestrator.reading.csv_header import surely_other
from orchestrator.reading.facts import FileFacts
from orchestrator.reading.formats import JsonlFormat, ParquetFormat, StreamFiles
from orchestrator.reading.names import bears, columns_of_key
from platform_kit.names import COLUMN_LENGTH, column_name

REMEDY = "Correct the name in the file or in columns of connections.yaml, then make apply and run again."
ANOTHER = "If {0!r} is not this column under a new name but another one, declare it too."
NOWHERE = "If the column is gone, remove it from columns."
WIDER: Mapping[str, frozenset[str]] = {
    "boolean": frozenset({"INTEGER", "NUMERIC", "STRING", "JSON"}),
    "integer": frozenset({"NUMERIC", "STRING", "JSON"}),
    "number": frozenset({"STRING", "JSON"}),
    "float": frozenset({"STRING", "JSON"}),
    "object": frozenset({"STRING"}),
    "array": frozenset({"STRING"}),
}
"""For each declared type, the types of a table's column that had another type before."""


def find(stream: Stream, files: StreamFiles, facts: Mapping[str, FileFacts]) -> Iterator[Finding]:
    """Yield an error for each declared column that is NULL in the rows of a file because the file has another name.

    A column that only some files lack, and that they have under no other name, is no error: see `left_out`.
    JSON lines may leave out a field, so they are not compared.
    """
    if isinstance(files.format, JsonlFormat) or not facts:
        return
    in_keys = isinstance(files.format, ParquetFormat)
    names_of = {file: {*fact.names, *(columns_of_key(file) if in_keys else ())} for file, fact in facts.items()}
    wanted = [name for name in files.declared if not stream.selected_fields or name in stream.selected_fields]
    # The names beside each column in the files that have it: none of them is the column's new name.
    beside: dict[str, set[str]] = {name: set() for name in wanted}
    for own in names_of.values():
        lower = {name.lower() for name in own}
        for name in (name for name in beside if name.lower() in lower):
            beside[name].update(own)
    declared = {name.lower() for name in files.declared}
    nowhere = {name for name, names in beside.items() if not names}
    for file, fact in facts.items():
        if surely_other(fact):
            continue
        lower = {name.lower() for name in names_of[file]}  # a name in another case is the same column: spellings.py
        others = {name for name in names_of[file] if name.lower() not in declared}
        for name in (name for name in wanted if name.lower() not in lower):
            new = sorted(others - beside[name])
            if new or name in nowhere:
                has = f"; it has {', '.join(map(repr, new[:3]))}" if new else ""
                if alike := [other for other in new if _normal(other) == _normal(name)]:
                    has += f" (other characters that look the same: {alike[0]!a} and {name!a})"
                text = f"the file does not have this declared column, so its values are NULL{has}"
                other = f" {ANOTHER.format(new[0])}" if new else f" {NOWHERE}" if name in nowhere else ""
                yield Finding(text, REMEDY + other, file, fact.header_line, name)


def _normal(name: str) -> str:
    """Return a name in one form: é may be one character, or e and an accent."""
    return unicodedata.normalize("NFKC", name).casefold()


def gone(stream: Stream, files: StreamFiles, facts: Mapping[str, FileFacts], table: TableFacts) -> Iterator[Finding]:
    """Yield a warning for each column of the table that no file has any more. New rows have NULL in it.

    A declared column that no file has is an error already, see `find`. JSON lines may leave out a field.
    """
    if not facts or isinstance(files.format, JsonlFormat):
        return
    in_files = {name for file, fact in facts.items() for name in (*fact.names, *columns_of_key(file))}
    alike = Counter(column_name(name).lower() for name in in_files)
    names = in_files | {*files.declared}
    drop = "" if stream.sync_mode == "full_refresh_overwrite" else ", drop the column from the table"
    for column, (shown, _) in table.columns.items():
        own = column.startswith(("_airbyte_", "_ab_source_file_"))
        if not own and not any(bears(column, name) for name in names) and not _is_second(column, alike):
            yield Finding(
                "no file has this column of the table any more, so it is NULL in new rows",
                "If the column has another name in the files now, use the new name in the dbt models. If it is gone: "
                f"make apply o=--refresh-schema{drop}, and run again.",
                column=shown,
                blocking=False,
            )


def _is_second(column: str, alike: Mapping[str, int]) -> bool:
    """Return whether the column has a suffix because several names are the same for BigQuery: `id_1` of `id` and `ID`.

    `alike` is the number of names of the files for each column name. A long name is cut in front of its suffix.
    """
    suffixed = re.fullmatch(r"(.+)_(\d+)", column)
    if suffixed is None:
        return False
    length = COLUMN_LENGTH - len(suffixed[2]) - 1
    return any(int(suffixed[2]) < count for name, count in alike.items() if name[:length] == suffixed[1])


def wider(stream: Stream, files: StreamFiles, table: TableFacts) -> Iterator[Finding]:
    """Yield a warning for each column that is declared with a narrower type than the table has.

    A sync never makes a column narrower by itself.
    """
    drop = "" if stream.sync_mode == "full_refresh_overwrite" else f", {DROP}"
    for name, type_ in files.declared.items():
        kinds = {kind for column, (_, kind) in table.columns.items() if bears(column, name)}
        if kinds & WIDER.get(type_.strip().casefold(), frozenset()):
            yield Finding(
                f"the column is declared as {type_}, and is {' and '.join(sorted(kinds))} in the table: it had a type "
                "that holds more values, which a sync keeps",
                f"To give the column the declared type: make apply o=--refresh-schema{drop}, and run again.",
                column=name,
                blocking=False,
            )

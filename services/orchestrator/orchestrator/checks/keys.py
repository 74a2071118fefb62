"""The check that the primary key is whole: its columns are in the table, never NULL, and unique."""

from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from connections_file import Stream
from orchestrator.checks import alike_keys
from orchestrator.checks.findings import DROP, Finding
from orchestrator.checks.table import URL, TableFacts, key_columns
from orchestrator.reading.facts import Row, Rows
from orchestrator.reading.names import key_texts
from orchestrator.warehouse import Warehouse
from platform_kit.names import column_name

NAME = "key_is_whole"
DESCRIPTION = """The columns of the primary key are in the table, they are never NULL, and each key is in one row.

A warning: keys with blanks around them, because `A1` and `A1 ` are two keys; two keys that look the same, because one
of them has an invisible character; an empty text as the key; two keys that are one number, as `7` and `007`: the column
may have become a text after the first rows were loaded.
After an append a key may be in several rows, so this is not checked then.
"""


def columns(stream: Stream) -> list[str]:
    """Return the key's table columns in lower case."""
    return [column_name(name).lower() for name in key_columns(stream)]


def find(stream: Stream, table: TableFacts, warehouse: Warehouse, rows: Rows, part: str = "line") -> list[Finding]:
    """Return the findings; the warehouse is asked for examples only if something is wrong.

    `rows` returns the records of a file, in which the lines of the examples are looked for. `part` is what a place in
    the file is called.
    """
    absent = [name for name in key_columns(stream) if column_name(name).lower() not in table.columns]
    if absent:
        return [
            Finding(
                "the primary key's column is not in the table",
                "Correct primary_key in connections.yaml, or the header of the file; then make apply.",
                column=name,
            )
            for name in absent
        ]
    found, names = [], ", ".join(table.key)
    if table.key_nulls:
        null = " or ".join(f"`{name}` is null" for name in table.key)
        [example] = _ask(warehouse, table, f"count(*) as n{_url(table)}", f"where {null}")
        file = example.get("_airbyte_url") or ""
        line, records = _without_key(rows(file) if file else (), table.key)
        several = len(table.key) > 1
        what = "no value in a column of the key" if several else "no key"
        text = f"{table.key_nulls} of {table.rows} rows have {what}"
        if stream.sync_mode == "incremental_deduped_history":
            many = f"{records} records of this file have none; " if records > 1 else ""
            equal = "and whose other columns of the key are equal " if several else ""
            text += f". {many}Airbyte takes records whose key is NULL {equal}for one record, and keeps only the newest"
        fill = "Fill the key in the file, then run again"
        if stream.sync_mode != "full_refresh_overwrite":
            fill = f"Fill the key in the file. Later rows do not replace rows without a key: {DROP}, and run again"
        found.append(
            Finding(
                text,
                f"{fill}.",
                file,
                line,
                names,
            )
        )
    if table.key_blanks:
        found.append(
            Finding(
                f"{table.key_blanks} of {table.rows} rows have blanks around the key, or invisible characters: with "
                "and without them, it is not the same key",
                "Remove the blanks in the file, if they are not meant.",
                column=names,
                blocking=False,
            )
        )
    found += alike_keys.find(table, warehouse, rows)
    if table.key_empty:
        found.append(
            Finding(
                f"the key of {table.key_empty} of {table.rows} rows is an empty text: records with it are one record",
                "Fill the key in the file, if it is missing.",
                column=names,
                blocking=False,
            )
        )
    if table.key_zeros and not stream.sync_mode.endswith("append"):
        [pairs] = warehouse.query(_one_number(table))
        if pairs["n"]:
            what = "1 number is a key" if pairs["n"] == 1 else f"{pairs['n']} numbers are keys"
            found.append(
                Finding(
                    f"{what} in several texts, for example {pairs['first']!r} and {pairs['last']!r}: each text is "
                    "another key",
                    "If the texts mean one record, write them in one way in the files. If the column has become a text "
                    f"after the first rows were loaded, {DROP}, and run again.",
                    column=names,
                    blocking=False,
                )
            )
    if table.key_duplicates and not stream.sync_mode.endswith("append"):
        parts = ", ".join(f"`{name}` as _airbyte_key_{at}" for at, name in enumerate(table.key))
        groups = ", ".join(f"`{name}`" for name in table.key)
        not_null = " and ".join(f"`{name}` is not null" for name in table.key)
        for row in _ask(
            warehouse,
            table,
            f"{parts}, count(*) as _airbyte_rows{_url(table)}",
            f"where {not_null} group by {groups} having count(*) > 1 order by _airbyte_rows desc limit 3",
        ):
            file, key = row.get("_airbyte_url") or "", [row[f"_airbyte_key_{at}"] for at in range(len(table.key))]
            first, second = _with_key(rows(file) if file else (), table.key, key)
            again = f", in this file again in {part} {second}" if second else ""
            remedy = "Remove the repeated records from the file, or correct primary_key in connections.yaml."
            if stream.sync_mode == "incremental_deduped_history":
                remedy = (
                    "A deduplicated sync makes one row of the records with one key, so these rows were loaded in "
                    f"another mode or with another primary_key before: {DROP}, and run again."
                )
            found.append(
                Finding(
                    f"{row['_airbyte_rows']} rows have the key {', '.join(map(str, key))}{again}",
                    remedy,
                    file,
                    first,
                    names,
                )
            )
    return found


def _one_number(table: TableFacts) -> str:
    """Return the query for keys that differ only in the zeros and plus signs before their numbers."""
    texts = {name for name in table.key if table.columns[name.lower()][1] == "STRING"}
    parts = ", ".join(
        rf"regexp_replace(`{name}`, r'^[+]?(-?)0*([0-9]+)$', r'\1\2')" if name in texts else f"`{name}`"
        for name in table.key
    )
    text = f"concat({", ', ', ".join(f'cast(`{name}` as string)' for name in table.key)})"
    one, other = "_airbyte_one", "_airbyte_other"  # the key may have a column `one`
    groups = f"select min({text}) as {one}, max({text}) as {other} from {table.scope} group by {parts}"  # noqa: S608 - see Warehouse.query
    numbers = f"count(*) as n, min({one}) as first, min_by({other}, {one}) as last"
    return f"select {numbers} from ({groups}) where {one} != {other}"  # noqa: S608


def _without_key(rows: Iterable[Row], columns: Sequence[str]) -> tuple[int, int]:
    """Return the line of the first record without a key, 0 if there is none, and the number of such records."""
    first = count = 0
    for line, texts in key_texts(rows, columns):
        if not all(text.strip() for text in texts):
            first, count = first or line, count + 1
    return first, count


def _with_key(rows: Iterable[Row], columns: Sequence[str], key: Sequence[Any]) -> tuple[int, int]:
    """Return the lines of the first two records with this key; 0 for a line that is not found."""
    lines = (line for line, texts in key_texts(rows, columns) if all(map(_is_same, texts, key)))
    return next(lines, 0), next(lines, 0)


def _is_same(text: str, value: Any) -> bool:
    text = text.strip()
    if text == str(value):
        return True
    try:
        return Decimal(text) == Decimal(str(value))
    except InvalidOperation:
        return False


def _url(table: TableFacts) -> str:
    return f", min({URL}) as _airbyte_url" if URL in table.columns else ""


def _ask(warehouse: Warehouse, table: TableFacts, what: str, which: str) -> list[dict[str, Any]]:
    return warehouse.query(f"select {what} from {table.scope} {which}")  # noqa: S608 - see Warehouse.query

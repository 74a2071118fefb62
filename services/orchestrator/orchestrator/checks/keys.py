"""The check that the primary key is whole: its columns are in the table, never NULL, and unique."""

from typing import Any

from connections_file import Stream
from orchestrator.checks.findings import Finding
from orchestrator.checks.table import URL, TableFacts, key_columns
from orchestrator.warehouse import Warehouse
from platform_kit.names import identifier

NAME = "key_is_whole"
DESCRIPTION = """The columns of the primary key are in the table, they are never NULL, and each key is in one row.

After an append a key may be in several rows, so this is not checked then.
"""


def columns(stream: Stream) -> list[str]:
    """Return the key's table columns in lower case."""
    return [identifier(name).lower() for name in key_columns(stream)]


def find(stream: Stream, table: TableFacts, warehouse: Warehouse) -> list[Finding]:
    """Return the findings; the warehouse is asked for examples only if something is wrong."""
    absent = [name for name in key_columns(stream) if identifier(name).lower() not in table.columns]
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
        found.append(
            Finding(
                f"{table.key_nulls} of {table.rows} rows have no key",
                "Fill the key in the file, then run again; rows without a key cannot be replaced by later ones.",
                example.get("url") or "",
                column=names,
            )
        )
    if table.key_duplicates and not stream.sync_mode.endswith("append"):
        parts = ", ".join(f"`{name}`" for name in table.key)
        not_null = " and ".join(f"`{name}` is not null" for name in table.key)
        found += [
            Finding(
                f"{row['n']} rows have the key {', '.join(str(row[name]) for name in table.key)}",
                "Remove the repeated records from the file, or correct primary_key in connections.yaml.",
                row.get("url") or "",
                column=names,
            )
            for row in _ask(
                warehouse,
                table,
                f"{parts}, count(*) as n{_url(table)}",
                f"where {not_null} group by {parts} having count(*) > 1 order by n desc limit 3",
            )
        ]
    return found


def _url(table: TableFacts) -> str:
    return f", min({URL}) as url" if URL in table.columns else ""


def _ask(warehouse: Warehouse, table: TableFacts, what: str, which: str) -> list[dict[str, Any]]:
    return warehouse.query(f"select {what} from {table.scope} {which}")  # noqa: S608 - see Warehouse.query

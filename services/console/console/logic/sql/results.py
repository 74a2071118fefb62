"""The rows of a finished query or of a table, read from the server page by page: never all in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from console.logic.sql.values import WHOLE, Cell, cell
from platform_kit.bigquery_results import NUMBERS, readable

if TYPE_CHECKING:
    from google.cloud import bigquery

PAGE_ROWS, LEAST_ROWS = 100, 10
PAGE_CELLS = 10_000
"""Cells of one page in the browser: a table of 2,000 columns is shown ten rows at a time."""
PAGE_BYTES = 4_000_000
"""Bytes of one page, by the average row: BigQuery bounds a page by itself, at 10 MB; the emulator does not."""
DOWNLOAD_ROWS = 10_000
STORED = ("TABLE", "SNAPSHOT")
"""The types of tables whose rows BigQuery counts and lists. Of others it reports 0 rows; only a query reads them."""


@dataclass(frozen=True)
class Source:
    """Rows on the server: a table, or the table that BigQuery keeps a query's result in."""

    table: bigquery.TableReference
    schema: tuple[bigquery.SchemaField, ...]
    rows: int
    bytes: int

    @property
    def readable(self) -> bigquery.Table:
        """The table with a schema that leaves values as text where that is exact.

        The client then names no columns in its requests: the names of 2,000 columns make an address of 30 kB.
        """
        from google.cloud import bigquery

        return bigquery.Table(self.table, readable(self.schema))

    @property
    def page_rows(self) -> int:
        """The number of rows of a page in the browser."""
        fitting = max(LEAST_ROWS, min(PAGE_ROWS, PAGE_CELLS // max(1, len(self.schema))))
        return max(1, min(fitting, self._affordable))

    @property
    def download_rows(self) -> int:
        """The number of rows that a download has in memory."""
        return max(1, min(DOWNLOAD_ROWS, self._affordable, 20 * PAGE_CELLS // max(1, len(self.schema))))

    @property
    def _affordable(self) -> int:
        return PAGE_BYTES // max(1, self.bytes // self.rows) if self.rows else DOWNLOAD_ROWS


@dataclass(frozen=True)
class Column:
    """A column of the grid."""

    name: str
    type: str
    is_number: bool


@dataclass(frozen=True)
class Page:
    """Rows as they are shown. `first` is the number of the first one, from 0."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    first: int
    total: int


def source(client: bigquery.Client, table: Any) -> Source:
    """Return where the rows of a table are. Sends one request, which is free of cost.

    Raises ValueError for a view or an external table, which have no rows of their own.
    """
    found = client.get_table(table)
    if found.table_type not in STORED:
        raise ValueError(f"{found.table_id} is not a table with rows of its own: query it, and download the result")
    return of_table(found)


def of_table(table: bigquery.Table) -> Source:
    """Return where the rows of a table are; the table's resource was fetched already."""
    return Source(table.reference, tuple(table.schema), int(table.num_rows or 0), int(table.num_bytes or 0))


def page(client: bigquery.Client, rows: Source, first: int, limit: int) -> Page:
    """Return the page that begins at a row; rows from `limit` on are not shown."""
    total = min(rows.rows, limit)
    count = max(0, min(rows.page_rows, total - first))
    shown: list[tuple[Cell, ...]] = []
    if count and rows.schema:
        for row in client.list_rows(rows.readable, start_index=first, max_results=count):
            shown.append(tuple(cell(value, field) for value, field in zip(row.values(), rows.schema, strict=True)))
    columns = tuple(Column(field.name, type_of(field), _is_number(field)) for field in rows.schema)
    return Page(columns, tuple(shown), first, total)


def value(client: bigquery.Client, rows: Source, row: int, column: int) -> Cell:
    """Return one value, whole: up to WHOLE characters."""
    field = rows.schema[column]
    iterator = client.list_rows(rows.table, selected_fields=readable([field]), start_index=row, max_results=1)
    [found] = iterator
    return cell(found[0], field, WHOLE)


def pages(client: bigquery.Client, rows: Source, limit: int) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the values page by page, by the server's page token; rows from `limit` on are left out."""
    size = rows.download_rows
    iterator = client.list_rows(rows.readable, page_size=size, max_results=min(limit, rows.rows) or None)
    for found in iterator.pages:
        yield [tuple(row.values()) for row in found]


def type_of(field: bigquery.SchemaField) -> str:
    """Return a column's type as SQL names it: `ARRAY<STRUCT<a INT64>>`."""
    if field.field_type in ("RECORD", "STRUCT"):
        name = f"STRUCT<{', '.join(f'{each.name} {type_of(each)}' for each in field.fields)}>"
    else:
        name = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}.get(field.field_type, field.field_type)
        if field.precision:
            name += f"({field.precision}{f', {field.scale}' if field.scale else ''})"
        elif field.max_length:
            name += f"({field.max_length})"
    return f"ARRAY<{name}>" if field.mode == "REPEATED" else name


def _is_number(field: bigquery.SchemaField) -> bool:
    return field.mode != "REPEATED" and field.field_type in NUMBERS

"""One table: its columns, how it is stored, its size, and the SQL of a view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from console.logic.sizes import count, size
from console.logic.sql import results
from console.logic.sql.results import Source, type_of
from console.logic.tables.catalog import KINDS

if TYPE_CHECKING:
    from google.cloud import bigquery

MODES = {"REQUIRED": "required", "REPEATED": "repeated"}


@dataclass(frozen=True)
class Column:
    """A column, or a field of one: `depth` is 0 for a column, 1 for its fields."""

    name: str
    type: str
    mode: str
    description: str
    depth: int = 0


@dataclass(frozen=True)
class Facts:
    """What BigQuery knows about a table without a query."""

    dataset: str
    name: str
    kind: str
    description: str
    columns: tuple[Column, ...]
    rows: int | None
    """None for a view and an external table: only a query can count them."""
    bytes: int | None
    created: datetime | None
    changed: datetime | None
    partitioning: str
    clustering: tuple[str, ...]
    expires: datetime | None
    labels: tuple[tuple[str, str], ...]
    view_sql: str
    source: Source

    @property
    def path(self) -> str:
        """`dataset.table`."""
        return f"{self.dataset}.{self.name}"

    @property
    def extent(self) -> str:
        """Rows and bytes in words; empty for a view."""
        if self.rows is None:
            return ""
        return f"{count(self.rows, 'row')}, {size(self.bytes or 0)}"


def read(client: bigquery.Client, dataset: str, name: str) -> Facts:
    """Return the facts of a table; one request, free of cost. Raises google.cloud's NotFound."""
    table = client.get_table(f"{client.project}.{dataset}.{name}")
    has_count = table.table_type in results.STORED
    return Facts(
        dataset,
        name,
        KINDS.get(table.table_type, "table"),
        table.description or "",
        tuple(_columns(table.schema)),
        int(table.num_rows or 0) if has_count else None,
        int(table.num_bytes or 0) if has_count else None,
        table.created,
        table.modified,
        _partitioning(table),
        tuple(table.clustering_fields or ()),
        table.expires,
        tuple(sorted((table.labels or {}).items())),
        table.view_query or table.mview_query or "",
        results.of_table(table),
    )


def _columns(fields: list[bigquery.SchemaField], depth: int = 0) -> Iterator[Column]:
    for field in fields:
        yield Column(field.name, type_of(field), MODES.get(field.mode, "nullable"), field.description or "", depth)
        yield from _columns([*field.fields], depth + 1)


def _partitioning(table: bigquery.Table) -> str:
    """Return how a table is partitioned, in words; empty if it is not."""
    if found := table.time_partitioning:
        text = f"by {found.type_.lower()} of {found.field or 'the load time'}"
        days = round(found.expiration_ms / 86_400_000) if found.expiration_ms else 0
        text += f", kept for {count(days, 'day')}" if days else ""
    elif table.range_partitioning:
        limits = table.range_partitioning.range_
        text = f"by {table.range_partitioning.field}, {limits.start} to {limits.end} in steps of {limits.interval}"
    else:
        return ""
    return f"{text}; a query must filter on it" if table.require_partition_filter else text

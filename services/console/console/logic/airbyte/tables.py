"""What BigQuery and Dagster know of the tables of a connection, without reading a row."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from console.clients.calls import ServiceError
from console.clients.dagster import Dagster
from console.clients.warehouse import Warehouse
from console.logic import pipeline
from console.logic.shared import gathered

if TYPE_CHECKING:
    from google.cloud import bigquery


FRESHNESS_SECONDS = 3.0
"""The rows of the page wait no longer for Dagster."""


@dataclass(frozen=True)
class LoadedTable:
    """A landing table."""

    rows: int
    loaded: datetime | None


async def loaded_tables(warehouse: Warehouse, names: Sequence[str]) -> dict[str, LoadedTable | None]:
    """Return each table by its name; None for a table that does not exist yet. Raises ServiceError."""

    def look(client: bigquery.Client, name: str) -> LoadedTable | None:
        from google.cloud.exceptions import NotFound

        try:
            table = client.get_table(name)
        except NotFound:
            return None
        modified = table.modified
        if modified is not None and modified.tzinfo is None:
            modified = modified.replace(tzinfo=UTC)
        return LoadedTable(int(table.num_rows or 0), modified)

    found = await gathered(lambda name: warehouse.call(partial(look, name=name)), names)
    return dict(zip(names, found, strict=True))


async def freshness(dagster: Dagster) -> dict[tuple[str, ...], str]:
    """Return `fresh` or `late` for each loaded table by its asset key; nothing if Dagster does not answer in time."""
    try:
        async with asyncio.timeout(FRESHNESS_SECONDS):
            parts = await pipeline.parts(dagster)
    except (ServiceError, TimeoutError):
        return {}
    return {part.key: "late" if part.is_late else "fresh" for part in parts if part.loaded and not part.is_file}

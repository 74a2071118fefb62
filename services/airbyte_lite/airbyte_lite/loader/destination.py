"""A BigQuery destination outside a sync."""

import os
from collections.abc import Iterable
from typing import Any

from google.cloud import bigquery

from airbyte_lite.loader import names
from airbyte_lite.loader.stream import SyncStream
from airbyte_lite.loader.warehouse import REQUEST_S, Warehouse


class BigQueryDestination:
    """Checks the connection, resets streams, and tells which tables have gone. Methods raise SyncError."""

    def __init__(self, configuration: dict[str, Any], emulator_host: str | None) -> None:
        self._warehouse = Warehouse(configuration, emulator_host)

    def check(self) -> None:
        """Create the dataset if absent, then create and drop a table in it."""
        warehouse = self._warehouse
        warehouse.ensure_dataset()
        name = f"_airbyte_connection_test_{os.urandom(6).hex()}"
        table = bigquery.Table(warehouse.name(name), schema=[bigquery.SchemaField("test", "STRING")])
        with warehouse.errors(f"create a table in {warehouse.project}.{warehouse.dataset}"):
            warehouse.client.create_table(table, retry=warehouse.retry(), timeout=REQUEST_S)
        warehouse.drop(name)

    def missing(self, streams: list[SyncStream]) -> list[SyncStream]:
        """Return which of a connection's streams have no table: drop their saved state, or they stay incomplete.

        All streams of the connection are needed, here and below: which of two with one name gets a hash depends on it.
        """
        tables = names_of(streams)
        existing = set(self._warehouse.tables())
        return [stream for stream in streams if tables[stream.namespace, stream.name] not in existing]

    def drop(self, stream: SyncStream, streams: list[SyncStream], connection_id: str) -> None:
        """Drop the table of one of a connection's streams, and what its killed syncs left beside it (a reset)."""
        table = names_of(streams)[stream.namespace, stream.name]
        sweep(self._warehouse, [table], connection_id)
        self._warehouse.drop(table)


def names_of(streams: Iterable[SyncStream]) -> dict[tuple[str | None, str], str]:
    """Return the table of each of a connection's streams, which must be all of them, by (namespace, name)."""
    return names.tables((stream.namespace, stream.name, stream.table) for stream in streams)


def sweep(warehouse: Warehouse, tables: Iterable[str], connection_id: str) -> list[str]:
    """Drop the staging tables that killed syncs of this connection left beside these tables; return their names."""
    wanted = list(tables)
    left = [
        name for name in warehouse.tables() if any(names.is_staging_of(name, table, connection_id) for table in wanted)
    ]
    for name in left:
        warehouse.drop(name)
    return left

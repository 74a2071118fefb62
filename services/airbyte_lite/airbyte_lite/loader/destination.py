"""Work on a BigQuery destination outside the load: its check, the reset of a stream, and a search for lost tables."""

import os
import threading
from collections.abc import Iterable
from typing import Any

from google.cloud import bigquery

from airbyte_lite.loader import names
from airbyte_lite.loader.stream import SyncStream
from airbyte_lite.loader.warehouse import REQUEST_S, Warehouse


class BigQueryDestination:
    """A BigQuery destination. Methods raise SyncError."""

    def __init__(self, configuration: dict[str, Any], emulator_host: str | None) -> None:
        self._warehouse = Warehouse(configuration, emulator_host)

    def check(self, halt: threading.Event | None = None) -> None:
        """Create the dataset if it does not exist, then create and drop a test table in it.

        When `halt` is set, no request is repeated: the next failure raises SyncCancelled.
        """
        warehouse = self._warehouse
        warehouse.ensure_dataset(halt)
        name = f"_airbyte_connection_test_{os.urandom(6).hex()}"
        table = bigquery.Table(warehouse.name(name), schema=[bigquery.SchemaField("test", "STRING")])
        with warehouse.errors(f"create a table in {warehouse.project}.{warehouse.dataset}"):
            warehouse.client.create_table(table, retry=warehouse.retry(halt), timeout=REQUEST_S)
        warehouse.drop(name)

    def missing(self, streams: list[SyncStream]) -> list[SyncStream]:
        """Return the streams whose tables do not exist. `streams` must be all streams of the connection.

        The saved states of these streams must be dropped: otherwise the next sync loads only the newer rows.
        """
        tables = names_of(streams)
        existing = set(self._warehouse.tables())
        return [stream for stream in streams if tables[stream.namespace, stream.name] not in existing]

    def drop(self, stream: SyncStream, streams: list[SyncStream], connection_id: str) -> None:
        """Drop the table of a stream, and the staging tables that killed syncs left. `streams`: see `missing`."""
        table = names_of(streams)[stream.namespace, stream.name]
        sweep(self._warehouse, [table], connection_id)
        self._warehouse.drop(table)


def names_of(streams: Iterable[SyncStream]) -> dict[tuple[str | None, str], str]:
    """Return the table name of each stream by (namespace, name).

    `streams` must be all streams of the connection: if two of them need the same name, one of them gets a hash.
    """
    return names.tables((stream.namespace, stream.name, stream.table) for stream in streams)


def sweep(warehouse: Warehouse, tables: Iterable[str], connection_id: str) -> list[str]:
    """Drop the staging tables that killed syncs of this connection left for these tables. Return their names."""
    wanted = list(tables)
    left = [
        name for name in warehouse.tables() if any(names.is_staging_of(name, table, connection_id) for table in wanted)
    ]
    for name in left:
        warehouse.drop(name)
    return left

"""Discovers the source's schema before a sync and applies its changes to the connection."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.loader.errors import SourceError, SyncError
from airbyte_lite.state.records import Connection
from airbyte_lite.state.store import Store
from airbyte_lite.sync import catalog, schema_changes
from airbyte_lite.sync.job_source import JobSource
from airbyte_lite.sync.stream_schema import without_schema
from airbyte_lite.sync.task import Task


def refresh(task: Task, store: Store, source: JobSource, connection: Connection) -> Connection:
    """Discover the schema and apply its changes as the connection's settings say; return the connection to sync.

    A stream without a schema (the connection was created before the first file) always takes the new schema.
    Raises SyncError or ConnectorError.
    """
    if connection.schema_updates == "ignore" and not any(map(without_schema, _offers(connection))):
        return connection
    try:
        offered = source.discover()
    except ConnectorError as error:
        if error.failure_type != "config_error":
            raise
        # A file cannot be parsed. The read fails at it too, and its log names the file and the line.
        task.log("WARN", f"The schema could not be discovered: {error.message} The stored one is used.")
        return connection
    # Each change is applied to the stored connection, which a caller may have changed during the discovery.
    try:
        changes = schema_changes.compare(store.connection(connection.id).streams, offered)
        connection = store.change(
            connection, lambda now: replace(now, streams=catalog.with_first_schemas(now.streams, offered))
        )
    except catalog.CatalogError as error:
        raise SourceError(f"{error} Change the connection's streams or the source.", "config_error") from error
    if unknown := [stream["name"] for stream in _offers(connection) if without_schema(stream)]:
        source.confirm_unknown(unknown)
    if connection.schema_updates == "ignore":
        return connection
    for change in changes:
        task.log("INFO", f"Schema: {change}.")
    if changes and connection.schema_updates == "disable_connection":
        store.change(connection, lambda now: replace(now, status="inactive"))
        raise SyncError(
            f"The connection was set to inactive because the source's schema has changed: "
            f"{'; '.join(str(change) for change in changes)}. To accept the new schema, PATCH the connection with its "
            "configurations and the status active.",
            "config_error",
        )
    if any(change.added for change in changes):
        connection = store.change(
            connection,
            lambda now: replace(now, streams=schema_changes.add_columns(now.streams, offered, changes)),
        )
    return connection


def _offers(connection: Connection) -> list[dict[str, Any]]:
    return [stream.stream for stream in connection.streams]

"""What a sync does about the source's schema before it reads."""

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
    """Discover the schema and do with its changes what the connection says; return the connection to sync.

    Streams that had none (the connection was made before the first file) take it over whatever the connection says.
    Raises SyncError or ConnectorError.
    """
    if connection.schema_updates == "ignore" and not any(map(without_schema, _offers(connection))):
        return connection
    try:
        offered = source.discover()
    except ConnectorError as error:
        if error.failure_type != "config_error":
            raise
        # A file that cannot be understood: the read meets it too, and its log names the file and the line.
        task.log("WARN", f"The schema could not be discovered: {error.message} The known one is used.")
        return connection
    # Each change is made to the connection as it is then: a caller may have altered it while the source was asked.
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
            f"The connection was made inactive because the source's schema has changed: "
            f"{'; '.join(str(change) for change in changes)}. PATCH the connection's configurations to take the "
            "new schema over and set its status to active.",
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

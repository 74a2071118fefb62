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
from airbyte_lite.sync.offered import CatalogError
from airbyte_lite.sync.schema_changes import SchemaChange
from airbyte_lite.sync.stream_schema import without_schema
from airbyte_lite.sync.task import Task

PROPAGATED = {"propagate_columns", "propagate_fully"}
"""The settings with which new columns and wider types are taken over. Airbyte changes types with both of them, too."""


REPAIR = (
    "Either put the columns back into the source, or set another primary_key or cursor_field in connections.yaml. Then "
    "run make apply, which sets the connection to active again (or PATCH the connection: its configurations, and the "
    "status active)."
)


def refresh(task: Task, store: Store, source: JobSource, connection: Connection) -> Connection:
    """Discover the schema and apply its changes as the connection's settings say; return the connection to sync.

    A stream without a schema (the connection was created before the first file) always takes the new schema. A lost
    primary key or cursor pauses the connection, whatever its settings. Raises SyncError, ConnectorError or
    SyncCancelled.
    """
    try:
        offered = source.discover()
    except ConnectorError as error:
        task.check()  # a cancellation ends the connector's command
        if error.failure_type != "config_error" and connection.schema_updates != "ignore":
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
    except CatalogError as error:
        raise SourceError(f"{error} Change the connection's streams or the source.", "config_error") from error
    if unknown := [stream["name"] for stream in _offers(connection) if without_schema(stream)]:
        source.confirm_unknown(unknown)
    for change in changes:
        task.log("INFO", f"Schema: {change}.")
    if any(change.lost for change in changes):
        raise _pause(store, connection, "breaking", _breaking(changes))
    matter = [change for change in changes if change.matters]
    if matter and connection.schema_updates == "disable_connection":
        raise _pause(store, connection, "non_breaking", _disabled(matter))
    propagate = connection.schema_updates in PROPAGATED
    left = "" if propagate else "; ".join(map(str, matter))
    if left:
        task.log("WARN", f"The connection keeps its schema ({connection.schema_updates}). {_accepted()}")
    return store.change(
        connection,
        lambda now: replace(
            now,
            streams=schema_changes.take_over(now.streams, offered, changes, propagate=propagate),
            schema_change="non_breaking" if left else "no_change",
            status_reason=left,
        ),
    )


def _pause(
    store: Store, connection: Connection, kind: str, reason: str, when: str = " before anything was written"
) -> SyncError:
    """Set the connection to inactive and return the error of the job."""
    store.change(connection, lambda now: replace(now, status="inactive", schema_change=kind, status_reason=reason))
    return SyncError(f"The connection was set to inactive{when}. {reason}", "config_error")


def pause_without_key(store: Store, connection: Connection, error: SyncError) -> SyncError:
    """Set the connection to inactive, because the rows have no primary key any more; return the error of the job."""
    return _pause(store, connection, "breaking", f"A breaking schema change: {error.message} {REPAIR}", when="")


def _breaking(changes: list[SchemaChange]) -> str:
    lost = [change for change in changes if change.lost]
    return (
        f"A breaking schema change: {'; '.join(map(str, lost))}. Without these columns, the rows of the table cannot "
        f"be found again. {REPAIR}"
    )


def _disabled(changes: list[SchemaChange]) -> str:
    return f"The source's schema has changed: {'; '.join(map(str, changes))}. {_accepted()}"


def _accepted() -> str:
    return (
        "To accept the new schema: make apply o=--refresh-schema (or PATCH the connection: its configurations, and "
        "the status active)."
    )


def _offers(connection: Connection) -> list[dict[str, Any]]:
    return [stream.stream for stream in connection.streams]

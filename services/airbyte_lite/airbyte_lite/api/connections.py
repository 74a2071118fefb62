"""The public API's connections and streams."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from airbyte_lite.api import schemas
from airbyte_lite.api.dependencies import AUTHENTICATED, PUBLIC, IncludeDeleted, Paged, Served, WorkspaceIds
from airbyte_lite.api.fields import Id
from airbyte_lite.api.pools import Route, slow
from airbyte_lite.api.services import Services
from airbyte_lite.api.views import connection_view
from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.jobs import cron
from airbyte_lite.problem import invalid, invalid_fields
from airbyte_lite.state.records import Connection, Stream
from airbyte_lite.sync import catalog
from airbyte_lite.sync.offered import CatalogError, refuse_same_tables
from airbyte_lite.sync.stream_schema import field_paths

router = APIRouter(route_class=Route, prefix=PUBLIC, tags=["Connections"], dependencies=AUTHENTICATED)


def discover(served: Services, source_id: str) -> list[dict[str, Any]]:
    """Run the connector's discover and return the source's streams as AirbyteStream objects. Raises ConnectorError."""
    source = served.store.actor("source", source_id)
    connector = served.definitions.get("source", source.definition_id).connector
    assert connector is not None  # noqa: S101 -- every source definition has a connector
    try:
        return served.commands.discover(connector, source.configuration)
    except ConnectorError as error:
        raise ConnectorError(served.redact(source, error.message), failure_type=error.failure_type) from error


def _discovered(served: Services, source_id: str) -> list[dict[str, Any]]:
    """Run the connector's discover. Raises a 422 Problem with the reason if it fails, as all errors of a source."""
    try:
        return discover(served, source_id)
    except ConnectorError as error:
        raise invalid(f"The schema of the source could not be discovered. {error.message}") from error


def _streams(served: Services, source_id: str, given: schemas.StreamConfigurations | None, prefix: str) -> list[Stream]:
    choices = [
        catalog.StreamChoice(
            name=stream.name,
            namespace=stream.namespace or None,
            sync_mode=stream.sync_mode,
            primary_key=stream.primary_key,
            cursor_field=stream.cursor_field,
            selected_fields=None
            if stream.selected_fields is None
            else [column.field_path[0] for column in stream.selected_fields],
        )
        for stream in (given.streams if given else None) or []
    ]
    try:
        return catalog.configure(_discovered(served, source_id), choices, prefix)
    except CatalogError as error:
        raise invalid(str(error)) from error


def _refuse_same_tables(streams: list[Stream], prefix: str) -> None:
    try:
        refuse_same_tables([stream.stream for stream in streams], prefix)
    except CatalogError as error:
        raise invalid(str(error), {"prefix": str(error)}) from error


def _cron(given: schemas.Schedule) -> str | None:
    """Return the cron expression to store, or None for a manual schedule. Raises a 422 Problem if it is invalid."""
    if given.schedule_type == "manual":
        if given.cron_expression is not None:
            fault = "not allowed with the scheduleType manual; omit it, or set the scheduleType cron"
            raise invalid_fields({"schedule.cronExpression": fault})
        return None
    if given.cron_expression is None:
        raise invalid("schedule.cronExpression is missing. The scheduleType cron requires it, for example 0 0 12 * * ?")
    try:
        return cron.checked(given.cron_expression)
    except cron.CronError as error:
        raise invalid(f"Invalid schedule.cronExpression: {error}.", {"schedule.cronExpression": str(error)}) from error


@router.get("/connections", summary="List connections")
def list_connections(
    served: Served,
    page: Paged,
    workspaces: WorkspaceIds,
    include_deleted: IncludeDeleted = False,
    tags: Annotated[list[str] | None, Query(alias="tagIds")] = None,
) -> dict[str, Any]:
    """Answer a page of connections. No connection has a tag, so with tagIds the page is empty."""
    if any(tags or []):
        return page.respond([], connection_view)
    found = served.store.connections(workspaces, include_deleted, page.limit + 1, page.offset)
    return page.respond(found, connection_view)


@router.post("/connections", summary="Create a connection")
@slow
def create_connection(served: Served, body: schemas.ConnectionCreate) -> dict[str, Any]:
    """Discover the source's schema and check the streams against it. Without streams, every stream is synced."""
    source = served.store.actor("source", body.source_id)
    destination = served.store.actor("destination", body.destination_id)
    if source.workspace_id != destination.workspace_id:
        raise invalid("The source and the destination belong to different workspaces.")
    expression = _cron(body.schedule) if body.schedule else None  # before the discover, which takes seconds
    connection = Connection(
        id=str(uuid.uuid4()),
        workspace_id=source.workspace_id,
        name=body.name or f"{source.name} → {destination.name}",
        source_id=source.id,
        destination_id=destination.id,
        streams=_streams(served, source.id, body.configurations, body.prefix or ""),
        created_at=time.time(),
        prefix=body.prefix or "",
        status=body.status or "active",
        schema_updates=body.non_breaking_schema_updates_behavior or "ignore",
        cron=expression,
    )
    served.store.add(connection)
    return connection_view(connection)


@router.get("/connections/{connection_id}", summary="Get a connection")
def get_connection(served: Served, connection_id: Id) -> dict[str, Any]:
    """Answer the connection. A deleted one has the status deprecated."""
    return connection_view(served.store.connection(connection_id, deleted=True))


@router.patch("/connections/{connection_id}", summary="Change a connection")
@slow
def patch_connection(served: Served, connection_id: Id, body: schemas.ConnectionPatch) -> dict[str, Any]:
    """Change the given fields. If streams are given, the schema is discovered again. A running job is not affected."""
    connection = served.store.connection(connection_id)
    body.refuse_others(connection_view(connection))
    expression = _cron(body.schedule) if body.schedule else None
    streams: list[Stream] | None = None
    if body.configurations is not None and body.configurations.streams:
        prefix = connection.prefix if body.prefix is None else body.prefix
        streams = _streams(served, connection.source_id, body.configurations, prefix)

    def alter(now: Connection) -> Connection:
        if streams is None and body.prefix is not None:
            _refuse_same_tables(now.streams, body.prefix)
        # New streams have the source's schema, and an active connection is compared with it again by its next sync.
        seen = streams is not None or (body.status == "active" and now.status != "active")
        return replace(
            now,
            name=body.name or now.name,
            streams=now.streams if streams is None else catalog.in_known_order(streams, now.streams),
            schema_change="no_change" if seen else now.schema_change,
            status_reason="" if seen else now.status_reason,
            prefix=now.prefix if body.prefix is None else body.prefix,
            status=body.status or now.status,
            schema_updates=body.non_breaking_schema_updates_behavior or now.schema_updates,
            cron=expression if body.schedule else now.cron,
        )

    return connection_view(served.store.change(connection, alter))


@router.delete("/connections/{connection_id}", status_code=204, summary="Delete a connection")
@slow
def delete_connection(served: Served, connection_id: Id) -> Response:
    """Delete the connection and cancel its running job. The tables stay."""
    served.delete(served.store.stored("connection", connection_id))
    return Response(status_code=204)


@router.get("/streams", tags=["Streams"], summary="List the streams of a source")
@slow
def get_streams(
    served: Served,
    source_id: Annotated[Id, Query(alias="sourceId")],
    destination_id: Annotated[Id | None, Query(alias="destinationId")] = None,
    ignore_cache: Annotated[bool, Query(alias="ignoreCache", description="There is no cache")] = False,  # noqa: ARG001
) -> list[dict[str, Any]]:
    """Discover the source's streams, with their sync modes, primary keys, cursors and columns."""
    if destination_id is not None:
        served.store.actor("destination", destination_id)
    return [
        {
            "streamName": stream["name"],
            **({"streamnamespace": stream["namespace"]} if stream.get("namespace") else {}),
            "syncModes": catalog.combined_modes(stream),
            "defaultCursorField": stream.get("default_cursor_field") or [],
            "sourceDefinedCursorField": bool(stream.get("source_defined_cursor")),
            "sourceDefinedPrimaryKey": stream.get("source_defined_primary_key") or [],
            "propertyFields": field_paths(stream.get("json_schema") or {}),
        }
        for stream in _discovered(served, source_id)
    ]

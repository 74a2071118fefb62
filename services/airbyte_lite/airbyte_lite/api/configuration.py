"""The endpoints of Airbyte's configuration API that Dagster, bootstrap and users with curl need."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter

from airbyte_lite.api import configuration_schemas as schemas
from airbyte_lite.api import workspaces
from airbyte_lite.api.configuration_views import definition_read, stream_read
from airbyte_lite.api.connections import discover
from airbyte_lite.api.dependencies import AUTHENTICATED, CONFIGURATION, Served
from airbyte_lite.api.instance import EMAIL, NONE, ORGANIZATION, USER, base_url
from airbyte_lite.api.pools import Route, slow
from airbyte_lite.api.services import Services
from airbyte_lite.connectors.definitions import Definition
from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.loader.destination import BigQueryDestination
from airbyte_lite.loader.errors import SyncCancelled, SyncError
from airbyte_lite.problem import invalid
from airbyte_lite.state.records import Actor, Workspace
from airbyte_lite.sync import catalog

open_router = APIRouter(route_class=Route, prefix=CONFIGURATION, tags=["Health and tokens"])
router = APIRouter(route_class=Route, prefix=CONFIGURATION, tags=["Configuration API"], dependencies=AUTHENTICATED)


open_router.post("/applications/token", summary="The same as in the public API")(workspaces.token)


@open_router.get("/health", summary="Check that the server works")
async def health(served: Served) -> dict[str, Any]:
    """Answer {"available": true} if the database can be read."""
    with served.database.read() as connection:
        connection.execute("select 1 from meta")
    return {"available": True}


@open_router.get("/instance_configuration", summary="Get the edition and the kind of authentication")
def instance_configuration(served: Served) -> dict[str, Any]:
    """Answer the edition, the version and the kind of authentication of this server. As in Airbyte, to everybody."""
    oldest = served.store.workspaces([], False, 1, 0)
    return {
        "edition": "community",
        "version": "airbyte-lite",
        "licenseStatus": "invalid",  # Airbyte's word for an instance without a license
        "airbyteUrl": base_url(served.settings),
        "initialSetupComplete": True,
        "auth": {"mode": "simple" if served.settings.authenticated else "none"},
        "defaultUserId": USER,
        "defaultOrganizationId": ORGANIZATION,
        "defaultOrganizationEmail": EMAIL,
        "defaultWorkspaceId": oldest[0].id if oldest else NONE,
        "trackingStrategy": "logging",
    }


@router.post("/workspaces/create_if_not_exist", summary="Create a workspace with a given id if it does not exist")
@slow
def create_workspace(served: Served, body: schemas.WorkspaceWithId) -> dict[str, Any]:
    """Answer the workspace with this id; create it if it does not exist."""
    try:
        identifier = str(uuid.UUID(body.id)) if body.id else str(uuid.uuid4())
    except ValueError as error:
        raise invalid("id must be a UUID.", {"id": "must be a UUID"}) from error
    workspace = served.store.add_workspace_once(Workspace(identifier, body.name, time.time()))
    return {
        "workspaceId": workspace.id,
        "customerId": workspace.id,
        "name": workspace.name,
        "slug": workspace.name,
        "initialSetupComplete": True,
        "organizationId": ORGANIZATION,
    }


@router.post("/source_definitions/list", summary="List source connectors")
def list_source_definitions(served: Served) -> dict[str, Any]:
    """Answer the installed source connectors."""
    return {"sourceDefinitions": [definition_read(found) for found in served.definitions.list("source")]}


@router.post("/destination_definitions/list", summary="List destination connectors")
def list_destination_definitions(served: Served) -> dict[str, Any]:
    """Answer the only destination connector, BigQuery."""
    return {"destinationDefinitions": [definition_read(found) for found in served.definitions.list("destination")]}


def _specification(served: Services, definition: Definition, workspace_id: str | None) -> dict[str, Any]:
    if workspace_id is not None:
        served.store.workspace(workspace_id)
    specification = served.definitions.specification(definition)
    return {
        f"{definition.kind}DefinitionId": definition.id,
        "documentationUrl": specification.get("documentationUrl") or definition.documentation_url,
        "connectionSpecification": specification["connectionSpecification"],
        "jobInfo": _done("get_spec", True),
    }


@router.post("/source_definition_specifications/get", summary="Get the specification of a source connector")
@slow
def source_specification(served: Served, body: schemas.SourceDefinitionId) -> dict[str, Any]:
    """Answer the JSON schema of the connector's configuration, as the connector's spec command returns it."""
    definition = served.definitions.get("source", body.source_definition_id)
    return _specification(served, definition, body.workspace_id)


@router.post("/destination_definition_specifications/get", summary="Get the specification of a destination connector")
@slow
def destination_specification(served: Served, body: schemas.DestinationDefinitionId) -> dict[str, Any]:
    """Answer the JSON schema of the connector's configuration."""
    definition = served.definitions.get("destination", body.destination_definition_id)
    modes = served.definitions.specification(definition)["supported_destination_sync_modes"]
    return {**_specification(served, definition, body.workspace_id), "supportedDestinationSyncModes": modes}


def _done(kind: str, succeeded: bool, reason: str | None = None) -> dict[str, Any]:
    """Return the jobInfo of a call that has already ended."""
    now = int(time.time())
    failure = {"failureReason": {"externalMessage": reason, "timestamp": now * 1000}} if reason else {}
    return {
        "id": str(uuid.uuid4()),
        "configType": kind,
        "createdAt": now,
        "endedAt": now,
        "succeeded": succeeded,
        "logs": {"logLines": []},
        **failure,
    }


def check_answer(kind: str, attempt: Callable[[], str | None]) -> dict[str, Any]:
    """Run a check and return a CheckConnectionRead. `attempt` returns the reason of a failure, or None."""
    reason = attempt()
    if reason is None:
        return {"status": "succeeded", "jobInfo": _done(kind, True)}
    return {"status": "failed", "message": reason, "jobInfo": _done(kind, False, reason)}


@router.post("/sources/check_connection", summary="Check a source")
@slow
def check_source(served: Served, body: schemas.SourceId) -> dict[str, Any]:
    """Run the connector's check with the source's configuration; answer succeeded, or failed with the reason."""
    source = served.store.actor("source", body.source_id)

    def attempt() -> str | None:
        connector = served.definitions.get("source", source.definition_id).connector
        assert connector is not None  # noqa: S101 -- every source definition has a connector
        try:
            result = served.commands.check(connector, source.configuration)
        except ConnectorError as error:
            return served.redact(source, error.message)
        return None if result.succeeded else served.redact(source, result.message)

    return check_answer("check_connection_source", attempt)


@router.post("/destinations/check_connection", summary="Check a destination")
@slow
def check_destination(served: Served, body: schemas.DestinationId) -> dict[str, Any]:
    """Create and drop a test table in the dataset; answer succeeded, or failed with the reason."""
    destination: Actor = served.store.actor("destination", body.destination_id)

    def attempt() -> str | None:
        halt = threading.Event()
        try:
            with served.commands.destination_slot() as caller:
                caller.when_gone(halt.set)
                BigQueryDestination(destination.configuration, served.settings.emulator_host).check(halt)
        except SyncError as error:
            return served.redact(destination, error.message)
        except SyncCancelled:
            return "The client closed its connection before the check ended."
        return None

    return check_answer("check_connection_destination", attempt)


@router.post("/sources/discover_schema", summary="Discover the streams of a source")
@slow
def discover_schema(served: Served, body: schemas.SourceDiscovery) -> dict[str, Any]:
    """Answer the catalog: every stream, selected, in its default sync mode. A failure is answered as jobInfo."""
    found = discovery_answer(lambda: discover(served, body.source_id))
    return found if "catalog" not in found else {**found, "catalogId": body.source_id}


def discovery_answer(discovered: Callable[[], list[dict[str, Any]]]) -> dict[str, Any]:
    """Discover and return a SourceDiscoverSchemaRead. `discovered` returns the streams or raises ConnectorError."""
    try:
        streams = catalog.proposed(discovered())
    except ConnectorError as error:
        return {"jobInfo": _done("discover_schema", False, error.message)}
    return {
        "catalog": {"streams": [stream_read(stream) for stream in streams]},
        "jobInfo": _done("discover_schema", True),
    }

"""The connections of Airbyte's configuration API, with their states and events."""

from __future__ import annotations

import uuid
from typing import Any

from fastapi import APIRouter

from airbyte_lite.api import configuration_schemas as schemas
from airbyte_lite.api.configuration_views import actor_read, connection_read, job_info, state_read, version_read
from airbyte_lite.api.dependencies import AUTHENTICATED, CONFIGURATION, Served
from airbyte_lite.api.jobs import seconds, start_job
from airbyte_lite.api.pools import Route, slow, specified
from airbyte_lite.problem import invalid
from airbyte_lite.state.records import Job, JobFilter

router = APIRouter(route_class=Route, prefix=CONFIGURATION, tags=["Configuration API"], dependencies=AUTHENTICATED)


@router.post("/connections/get", summary="Get a connection with its catalog")
def get_connection(served: Served, body: schemas.ConnectionId) -> dict[str, Any]:
    """Answer the connection with the JSON schema of each stream. A deleted one has the status deprecated."""
    return connection_read(served.store.connection(body.connection_id, deleted=True))


@router.post("/connections/list", summary="List the connections of a workspace")
def list_connections(served: Served, body: schemas.WorkspaceId) -> dict[str, Any]:
    """Answer every connection of the workspace with its catalog."""
    served.store.workspace(body.workspace_id)
    found = served.store.connections([body.workspace_id], body.include_tombstone, -1, 0)
    return {"connections": [connection_read(connection) for connection in found]}


@router.post("/connections/sync", summary="Start a sync")
@slow
def sync_connection(served: Served, body: schemas.ConnectionId) -> dict[str, Any]:
    """Start a sync and answer its job."""
    return job_info(start_job(served, body.connection_id, "sync"), [])


@router.post("/connections/clear/stream", summary="Remove the tables and states of some streams")
@slow
def clear_streams(served: Served, body: schemas.ConnectionStreams) -> dict[str, Any]:
    """Start a job that removes the tables and the states of the given streams, and answer it."""
    connection = served.store.connection(body.connection_id)
    known = {(stream.name, stream.stream.get("namespace")) for stream in connection.streams}
    for given in body.streams:
        if not any(name == given.stream_name and given.stream_namespace in (None, other) for name, other in known):
            has = ", ".join(stream.name for stream in connection.streams)
            raise invalid(f"The connection {connection.name} has no stream {given.stream_name}. It has: {has}.")
    names = [given.stream_name for given in body.streams]
    return job_info(start_job(served, connection.id, "reset", names), [])


@router.post("/web_backend/connections/get", summary="Get a connection with its source, destination and last job")
@specified
def get_web_backend_connection(served: Served, body: schemas.ConnectionId) -> dict[str, Any]:
    """Answer the connection with its source and destination (secrets are masked) and its last sync."""
    connection = served.store.connection(body.connection_id, deleted=True)
    source = served.store.actor("source", connection.source_id, deleted=True)
    destination = served.store.actor("destination", connection.destination_id, deleted=True)
    view = connection_read(connection)
    view["createdAt"] = view.pop("created_at")
    last = served.job_store.find(JobFilter(connection_id=connection.id, types=["sync"], descending=True), 1, 0)
    if last:
        view["latestSyncJobCreatedAt"] = int(last[0].created_at)
        view["latestSyncJobStatus"] = last[0].status
    return {
        **view,
        "source": actor_read(source, served.definitions),
        "destination": actor_read(destination, served.definitions),
        "isSyncing": bool(last) and not last[0].ended,
        "schemaChange": "no_change",
        "notifySchemaChanges": False,
        "notifySchemaChangesByEmail": False,
        "sourceActorDefinitionVersion": version_read(served.definitions.get("source", source.definition_id)),
        "destinationActorDefinitionVersion": version_read(
            served.definitions.get("destination", destination.definition_id)
        ),
        "tags": [],
    }


@router.post("/state/get", summary="Get the state of a connection")
def get_state(served: Served, body: schemas.ConnectionId) -> dict[str, Any]:
    """Answer the saved states of the connection's streams; the stateType not_set if there are none."""
    connection = served.store.connection(body.connection_id, deleted=True)
    names = [stream.name for stream in connection.streams]
    return state_read(connection.id, served.store.states(connection.id, names))


@router.post("/connections/events/list", summary="List the events of a connection")
def list_events(served: Served, body: schemas.ConnectionEvents) -> dict[str, Any]:
    """Answer the starts and ends of the connection's jobs, newest first. Other events are not recorded."""
    connection = served.store.connection(body.connection_id, deleted=True)
    jobs = served.job_store.find(JobFilter(connection_id=connection.id, descending=True), -1, 0)
    events = sorted((event for job in jobs for event in _events(job)), key=lambda event: -event["createdAt"])
    start, end = seconds(body.created_at_start), seconds(body.created_at_end)
    found = [
        event
        for event in events
        if (not body.event_types or event["eventType"] in body.event_types)
        and (start is None or event["createdAt"] >= start)
        and (end is None or event["createdAt"] <= end)
    ]
    first = body.pagination.row_offset
    return {"events": found[first : first + body.pagination.page_size]}


def _events(job: Job) -> list[dict[str, Any]]:
    kind = "CLEAR" if job.type == "reset" else "SYNC"
    config_type = "RESET_CONNECTION" if job.type == "reset" else "SYNC"
    events = []
    if job.ended:
        events.append(
            _event(
                job,
                f"{kind}_{job.status.upper()}",
                int(job.updated_at),
                {
                    "jobId": job.id,
                    "startTimeEpochSeconds": int(job.created_at),
                    "endTimeEpochSeconds": int(job.updated_at),
                    "bytesLoaded": job.bytes,
                    "recordsLoaded": job.records,
                    "attemptsCount": int(job.attempted),
                    "jobType": config_type,
                    "statusType": job.status.upper(),
                },
            )
        )
    started = {"jobId": job.id, "startTimeEpochSeconds": int(job.created_at), "jobType": config_type}
    events.append(_event(job, f"{kind}_STARTED", int(job.created_at), started))
    return events


def _event(job: Job, event_type: str, created: int, summary: dict[str, Any]) -> dict[str, Any]:
    # Airbyte's document defines createdAt and requires created_at, so both are answered.
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{job.connection_id}/{job.id}/{event_type}")),
        "connectionId": job.connection_id,
        "eventType": event_type,
        "summary": summary,
        "createdAt": created,
        "created_at": created,
    }

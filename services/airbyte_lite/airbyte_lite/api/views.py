"""Records as the public API shows them."""

from __future__ import annotations

import datetime
from typing import Any

from airbyte_lite.connectors.definitions import Definition, Definitions
from airbyte_lite.state.records import Actor, Connection, Job, Stream, Workspace

REMOVED = "custom"  # the type that Airbyte gives to connectors that are not in its registry


def workspace_view(workspace: Workspace) -> dict[str, Any]:
    """Return a WorkspaceResponse."""
    return {"workspaceId": workspace.id, "name": workspace.name, "dataResidency": "auto", "notifications": {}}


def actor_view(actor: Actor, definitions: Definitions) -> dict[str, Any]:
    """Return a SourceResponse or DestinationResponse, secrets masked."""
    definition = definitions.find(actor.kind, actor.definition_id)
    masked = definitions.masked(actor.kind, actor.definition_id, actor.configuration)
    type_ = definition.type if definition else REMOVED
    return {
        f"{actor.kind}Id": actor.id,
        "name": actor.name,
        f"{actor.kind}Type": type_,
        "definitionId": actor.definition_id,
        "workspaceId": actor.workspace_id,
        # The official SDK tells the configurations apart by the type that is inside them.
        "configuration": {**masked, f"{actor.kind}Type": type_},
        "createdAt": int(actor.created_at),
        # Not in Airbyte: secrets are masked, so this is all that shows that somebody changed one.
        "updatedAt": precise_instant(actor.updated_at or actor.created_at),
    }


def stream_view(stream: Stream) -> dict[str, Any]:
    """Return a StreamConfiguration."""
    view: dict[str, Any] = {
        "name": stream.name,
        "syncMode": stream.sync_mode,
        "primaryKey": stream.primary_key,
        "cursorField": stream.cursor_field,
        "mappers": [],
    }
    if stream.selected_fields is not None:
        view["selectedFields"] = [{"fieldPath": [name]} for name in stream.selected_fields]
    return view


def connection_view(connection: Connection) -> dict[str, Any]:
    """Return a ConnectionResponse."""
    return {
        "connectionId": connection.id,
        "name": connection.name,
        "sourceId": connection.source_id,
        "destinationId": connection.destination_id,
        "workspaceId": connection.workspace_id,
        "status": "deprecated" if connection.deleted else connection.status,
        "schedule": {"scheduleType": "cron", "cronExpression": f"{connection.cron} UTC"}
        if connection.cron
        else {"scheduleType": "manual"},
        "dataResidency": "auto",
        "configurations": {"streams": [stream_view(stream) for stream in connection.streams]},
        "nonBreakingSchemaUpdatesBehavior": connection.schema_updates,
        "namespaceDefinition": "destination",
        "prefix": connection.prefix,
        "createdAt": int(connection.created_at),
        "tags": [],
    }


def definition_view(definition: Definition) -> dict[str, Any]:
    """Return a DefinitionResponse."""
    return {
        "id": definition.id,
        "name": definition.title,
        "dockerRepository": f"airbyte/{definition.name}",
        "dockerImageTag": definition.version,
        "documentationUrl": definition.documentation_url,
    }


def job_view(job: Job) -> dict[str, Any]:
    """Return a JobResponse; what is not known yet is left out."""
    view: dict[str, Any] = {
        "jobId": job.id,
        "status": job.status,
        "jobType": job.type,
        "connectionId": job.connection_id,
        "startTime": instant(job.created_at),
    }
    if job.ended:
        view["lastUpdatedAt"] = instant(job.updated_at)
    if job.status != "pending":
        view["duration"] = duration(job.updated_at - (job.started_at or job.updated_at))
        view["bytesSynced"] = job.bytes
        view["rowsSynced"] = job.records
        view["bytesBilled"] = job.bytes_billed  # not in Airbyte, which does not know what its queries cost
    return view


def instant(seconds: float) -> str:
    """Return a time in ISO 8601, in UTC, to the second: 2026-11-05T12:00:00Z."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def precise_instant(seconds: float) -> str:
    """Return a time in ISO 8601, in UTC, to the microsecond: two changes in one second differ."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="microseconds")


def duration(seconds: float) -> str:
    """Return a duration in ISO 8601, as Java prints it: PT1M2.5S."""
    minutes, rest = divmod(max(0.0, seconds), 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = [f"{hours}H"] if hours else []
    parts += [f"{minutes}M"] if minutes else []
    shown = f"{rest:.3f}".rstrip("0").rstrip(".")
    if shown != "0" or not parts:
        parts.append(f"{shown}S")
    return "PT" + "".join(parts)

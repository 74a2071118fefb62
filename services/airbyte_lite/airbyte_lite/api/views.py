"""Converts records to the responses of the public API."""

from __future__ import annotations

import datetime
from typing import Any

from airbyte_lite.connectors.definitions import Definition, Definitions
from airbyte_lite.state.records import Actor, Connection, Job, Stream, Workspace

REMOVED = "custom"  # Airbyte's type for connectors that are not in its registry


def workspace_view(workspace: Workspace) -> dict[str, Any]:
    """Return a WorkspaceResponse."""
    return {"workspaceId": workspace.id, "name": workspace.name, "dataResidency": "auto", "notifications": {}}


def actor_view(actor: Actor, definitions: Definitions) -> dict[str, Any]:
    """Return a SourceResponse or DestinationResponse with masked secrets."""
    definition = definitions.find(actor.kind, actor.definition_id)
    masked = definitions.masked(actor.kind, actor.definition_id, actor.configuration)
    type_ = definition.type if definition else REMOVED
    return {
        f"{actor.kind}Id": actor.id,
        "name": actor.name,
        f"{actor.kind}Type": type_,
        "definitionId": actor.definition_id,
        "workspaceId": actor.workspace_id,
        # The official SDK chooses the model of the configuration by the type in the configuration.
        "configuration": {**masked, f"{actor.kind}Type": type_},
        "createdAt": int(actor.created_at),
        # Not in Airbyte. Secrets are masked, so only this field shows that a secret was changed.
        "updatedAt": precise_instant(actor.updated_at or actor.created_at),
    }


def stream_view(stream: Stream) -> dict[str, Any]:
    """Return a StreamConfiguration."""
    view: dict[str, Any] = {
        "name": stream.name,
        **({"namespace": stream.namespace} if stream.namespace else {}),
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
        **({"statusReason": connection.status_reason} if connection.status_reason else {}),
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
    """Return a JobResponse. Values that are not known yet are left out."""
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
        view["bytesBilled"] = job.bytes_billed  # not in Airbyte's API
    return view


def instant(seconds: float) -> str:
    """Return a time (seconds since 1970) in ISO 8601, in UTC, to the second: 2026-11-05T12:00:00Z."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def precise_instant(seconds: float) -> str:
    """Return a time (seconds since 1970) in ISO 8601, in UTC, to the microsecond.

    Microseconds, so that two changes within one second get different times.
    """
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="microseconds")


def duration(seconds: float) -> str:
    """Return a duration (seconds) in ISO 8601, in the format of Java's Duration: PT1M2.5S."""
    minutes, rest = divmod(max(0.0, seconds), 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = [f"{hours}H"] if hours else []
    parts += [f"{minutes}M"] if minutes else []
    shown = f"{rest:.3f}".rstrip("0").rstrip(".")
    if shown != "0" or not parts:
        parts.append(f"{shown}S")
    return "PT" + "".join(parts)

"""Converts records to the responses of the configuration API."""

from __future__ import annotations

from typing import Any

from airbyte_lite.state.records import Connection, Job, Stream
from airbyte_lite.sync.catalog import SYNC_MODES
from airbyte_lite.sync.stream_schema import selected_schema

NON_BREAKING = {"disable_connection": "disable"}


def stream_read(stream: Stream) -> dict[str, Any]:
    """Return an AirbyteStreamAndConfiguration."""
    source_mode, destination_mode = SYNC_MODES[stream.sync_mode]
    offered = stream.stream
    return {
        "stream": {
            "name": stream.name,
            "namespace": offered.get("namespace"),
            "jsonSchema": selected_schema(stream),
            "supportedSyncModes": offered.get("supported_sync_modes") or ["full_refresh"],
            "sourceDefinedCursor": bool(offered.get("source_defined_cursor")),
            "defaultCursorField": offered.get("default_cursor_field") or [],
            "sourceDefinedPrimaryKey": offered.get("source_defined_primary_key") or [],
        },
        "config": {
            "syncMode": source_mode,
            "destinationSyncMode": destination_mode,
            "cursorField": stream.cursor_field,
            "primaryKey": stream.primary_key,
            "aliasName": stream.name,
            "selected": True,
            "fieldSelectionEnabled": stream.selected_fields is not None,
            "selectedFields": [{"fieldPath": [name]} for name in stream.selected_fields or []],
        },
    }


def connection_read(connection: Connection) -> dict[str, Any]:
    """Return a ConnectionRead."""
    return {
        "connectionId": connection.id,
        "name": connection.name,
        "sourceId": connection.source_id,
        "destinationId": connection.destination_id,
        "workspaceId": connection.workspace_id,
        "status": connection.status,
        "prefix": connection.prefix,
        "namespaceDefinition": "destination",
        **_schedule(connection.cron),
        "nonBreakingChangesPreference": NON_BREAKING.get(connection.schema_updates, connection.schema_updates),
        "syncCatalog": {"streams": [stream_read(stream) for stream in connection.streams]},
        "breakingChange": connection.schema_change == "breaking",
        "schemaChange": connection.schema_change,  # in Airbyte only in the answers of web_backend
        "statusReason": connection.status_reason or None,
        "createdAt": int(connection.created_at),
    }


def _schedule(cron: str | None) -> dict[str, Any]:
    if cron is None:
        return {"scheduleType": "manual"}
    return {"scheduleType": "cron", "scheduleData": {"cron": {"cronExpression": cron, "cronTimeZone": "UTC"}}}


def job_read(job: Job, log_lines: list[str]) -> dict[str, Any]:
    """Return a JobInfoRead: the job and its only attempt, with the reason if the job failed."""
    created, updated = int(job.created_at), int(job.updated_at)
    attempt: dict[str, Any] = {
        "id": 0,
        "status": job.status if job.status in ("running", "succeeded") else "failed",
        "createdAt": int(job.started_at or job.created_at),
        "updatedAt": updated,
        "bytesSynced": job.bytes,
        "recordsSynced": job.records,
        "totalStats": {
            "recordsEmitted": job.records,
            "bytesEmitted": job.bytes,
            "recordsCommitted": job.records if job.status == "succeeded" else 0,
            "bytesCommitted": job.bytes if job.status == "succeeded" else 0,
        },
    }
    if job.ended:
        attempt["endedAt"] = updated
    if job.failure is not None:
        failure = {
            "failureType": job.failure_type or "system_error",
            "externalMessage": job.failure,
            "timestamp": updated * 1000,
        }
        attempt["failureSummary"] = {"failures": [failure], "partialSuccess": False}
    started = job.started_at is not None
    return {
        "job": {
            "id": job.id,
            "configType": "reset_connection" if job.type == "reset" else "sync",
            "configId": job.connection_id,
            "status": job.status,
            "createdAt": created,
            "updatedAt": updated,
        },
        "attempts": [{"attempt": attempt, "logs": {"logLines": log_lines}}] if started else [],
    }

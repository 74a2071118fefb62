"""Converts records to the responses of the configuration API."""

from __future__ import annotations

from typing import Any

from airbyte_lite.api.views import REMOVED, definition_view
from airbyte_lite.connectors.definitions import Definition, Definitions
from airbyte_lite.state.records import Actor, Connection, Job, Stream
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
            **({"namespace": offered["namespace"]} if offered.get("namespace") else {}),
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
        "status": "deprecated" if connection.deleted else connection.status,
        "prefix": connection.prefix,
        "namespaceDefinition": "destination",
        **_schedule(connection.cron),
        "nonBreakingChangesPreference": NON_BREAKING.get(connection.schema_updates, connection.schema_updates),
        "syncCatalog": {"streams": [stream_read(stream) for stream in connection.streams]},
        "breakingChange": connection.schema_change == "breaking",
        "schemaChange": connection.schema_change,  # in Airbyte only in the answers of web_backend
        **({"statusReason": connection.status_reason} if connection.status_reason else {}),
        "created_at": int(connection.created_at),
        "tags": [],
    }


def _schedule(cron: str | None) -> dict[str, Any]:
    if cron is None:
        return {"scheduleType": "manual"}
    return {"scheduleType": "cron", "scheduleData": {"cron": {"cronExpression": cron, "cronTimeZone": "UTC"}}}


def job_read(job: Job) -> dict[str, Any]:
    """Return a JobRead."""
    return {
        "id": job.id,
        "configType": "reset_connection" if job.type == "reset" else "sync",
        "configId": job.connection_id,
        "status": job.status,
        "createdAt": int(job.created_at),
        "updatedAt": int(job.updated_at),
        **({} if job.started_at is None else {"startedAt": int(job.started_at)}),
    }


def job_info(job: Job, log_lines: list[str]) -> dict[str, Any]:
    """Return a JobInfoRead: the job and its only attempt, if it has one."""
    return {"job": job_read(job), "attempts": [attempt_info(job, log_lines)] if job.attempted else []}


def attempt_info(job: Job, log_lines: list[str]) -> dict[str, Any]:
    """Return an AttemptInfoRead: the job's only attempt, with the reason if it failed."""
    updated = int(job.updated_at)
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
    return {"attempt": attempt, "logType": "formatted", "logs": {"logLines": log_lines}}


def definition_read(definition: Definition) -> dict[str, Any]:
    """Return a SourceDefinitionRead or DestinationDefinitionRead."""
    view = definition_view(definition)
    return {f"{definition.kind}DefinitionId": view.pop("id"), **view, "supportLevel": "certified"}


def version_read(definition: Definition) -> dict[str, Any]:
    """Return an ActorDefinitionVersionRead."""
    return {
        "dockerRepository": f"airbyte/{definition.name}",
        "dockerImageTag": definition.version,
        "supportsRefreshes": False,
        "isVersionOverrideApplied": False,
        "supportState": "supported",
        "supportsFileTransfer": False,
        "supportsDataActivation": False,
    }


def actor_read(actor: Actor, definitions: Definitions) -> dict[str, Any]:
    """Return a SourceRead or DestinationRead with masked secrets."""
    definition = definitions.find(actor.kind, actor.definition_id)
    return {
        f"{actor.kind}DefinitionId": actor.definition_id,
        f"{actor.kind}Id": actor.id,
        "workspaceId": actor.workspace_id,
        "connectionConfiguration": definitions.masked(actor.kind, actor.definition_id, actor.configuration),
        "name": actor.name,
        f"{actor.kind}Name": definition.title if definition else REMOVED,
        "createdAt": int(actor.created_at),
    }


def state_read(connection_id: str, states: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a ConnectionState."""
    whole = next((state for state in states if state.get("type") == "GLOBAL"), None)
    if whole is not None:
        parts = [_stream_state(part) for part in whole["global"].get("stream_states") or []]
        shared = whole["global"].get("shared_state")
        found = {"streamStates": parts} | ({} if shared is None else {"shared_state": shared})
        return {"stateType": "global", "connectionId": connection_id, "globalState": found}
    if not states:
        return {"stateType": "not_set", "connectionId": connection_id}
    legacy = next((state for state in states if state.get("type") != "STREAM"), None)
    if legacy is not None:
        return {"stateType": "legacy", "connectionId": connection_id, "state": legacy.get("data") or {}}
    return {
        "stateType": "stream",
        "connectionId": connection_id,
        "streamState": [_stream_state(state["stream"]) for state in states],
    }


def _stream_state(part: dict[str, Any]) -> dict[str, Any]:
    given = part["stream_descriptor"]
    descriptor = {key: given[key] for key in ("name", "namespace") if given.get(key)}
    return {"streamDescriptor": descriptor, "streamState": part.get("stream_state") or {}}

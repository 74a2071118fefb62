"""Facts of Airbyte's API 2.0.0: the fields of the answers of every endpoint that airbyte-lite serves, with their types.

A field is required unless its name ends with "?". A name that ends with "+" is a field of ours that Airbyte lacks. A
list [X] has items of the kind X. `dict` is an object whose fields are not looked at.
"""

from typing import Any

Fact = Any

PUBLIC = "/api/public/v1"
CONFIGURATION = "/api/v1"


def page(item: Fact) -> Fact:
    """Return the fields of a page of the public API."""
    return {"data": [item], "previous?": str, "next?": str}


WORKSPACE = {"workspaceId": str, "name": str, "dataResidency": str, "notifications": dict}
DEFINITION = {"id": str, "name": str, "dockerRepository": str, "dockerImageTag": str, "documentationUrl?": str}
STREAM = {
    **{"name": str, "namespace?": str, "syncMode?": str, "primaryKey?": [[str]], "cursorField?": [str]},
    **{"mappers?": [dict], "selectedFields?": [{"fieldPath": [str]}]},
}
CONNECTION = {
    **{"connectionId": str, "name": str, "sourceId": str, "destinationId": str, "workspaceId": str, "status": str},
    **{"schedule": {"scheduleType": str, "cronExpression?": str}, "configurations": {"streams?": [STREAM]}},
    **{"nonBreakingSchemaUpdatesBehavior?": str, "namespaceDefinition?": str, "prefix?": str, "createdAt": int},
    **{"tags": [dict], "statusReason?": str, "dataResidency+": str},
}
JOB = {
    **{"jobId": int, "status": str, "jobType": str, "startTime": str, "connectionId": str, "lastUpdatedAt?": str},
    **{"duration?": str, "bytesSynced?": int, "rowsSynced?": int, "bytesBilled+": int},
}
PROPERTIES = {
    **{"streamName?": str, "streamnamespace?": str, "syncModes?": [str], "defaultCursorField?": [str]},
    **{"sourceDefinedCursorField?": bool, "sourceDefinedPrimaryKey?": [[str]], "propertyFields?": [[str]]},
}
FAILURE = {"timestamp": int, "failureType?": str, "externalMessage?": str}
COMMAND = {
    **{"id": str, "configType": str, "createdAt": int, "endedAt": int, "succeeded": bool},
    **{"logs?": dict, "failureReason?": FAILURE},
}
CHECK = {"status?": str, "message?": str, "jobInfo": COMMAND}
CATALOG = {
    "streams": [
        {
            "stream?": {
                **{"name": str, "namespace?": str, "jsonSchema?": dict, "supportedSyncModes?": [str]},
                **{"sourceDefinedCursor?": bool, "defaultCursorField?": [str], "sourceDefinedPrimaryKey?": [[str]]},
            },
            "config?": {
                **{"syncMode": str, "destinationSyncMode": str, "cursorField?": [str], "primaryKey?": [[str]]},
                **{"aliasName?": str, "selected?": bool, "fieldSelectionEnabled?": bool, "selectedFields?": [dict]},
            },
        }
    ]
}
JOB_READ = {
    **{"id": int, "configType": str, "configId": str, "createdAt": int, "updatedAt": int, "status": str},
    **{"startedAt?": int},
}
ATTEMPT = {
    **{"id": int, "status": str, "createdAt": int, "updatedAt": int, "endedAt?": int, "bytesSynced?": int},
    **{"recordsSynced?": int, "totalStats?": dict},
    "failureSummary?": {"failures": [FAILURE], "partialSuccess?": bool},
}
ATTEMPT_INFO = {"attempt": ATTEMPT, "logType?": str, "logs?": {"logLines?": [str]}}
JOB_INFO = {"job": JOB_READ, "attempts": [ATTEMPT_INFO]}
CONNECTION_READ = {
    **{"connectionId": str, "name": str, "sourceId": str, "destinationId": str, "workspaceId?": str, "status": str},
    **{"syncCatalog": CATALOG, "namespaceDefinition?": str, "prefix?": str, "scheduleType?": str},
    "scheduleData?": {"cron?": {"cronExpression": str, "cronTimeZone": str}},
    **{"nonBreakingChangesPreference?": str, "breakingChange": bool, "tags?": [dict]},
    **{"schemaChange+": str, "statusReason+": str},
}
VERSION = {
    **{"dockerRepository": str, "dockerImageTag": str, "supportsRefreshes": bool, "isVersionOverrideApplied": bool},
    **{"supportState": str, "supportsFileTransfer": bool, "supportsDataActivation": bool},
}
WEB_BACKEND = {
    **{name: kind for name, kind in CONNECTION_READ.items() if name != "schemaChange+"},
    **{"isSyncing": bool, "schemaChange": str, "notifySchemaChanges": bool, "notifySchemaChangesByEmail": bool},
    **{"nonBreakingChangesPreference": str, "tags": [dict], "createdAt?": int},
    **{"latestSyncJobCreatedAt?": int, "latestSyncJobStatus?": str},
    **{"sourceActorDefinitionVersion": VERSION, "destinationActorDefinitionVersion": VERSION},
}
STREAM_STATE = {"streamDescriptor": {"name": str, "namespace?": str}, "streamState?": dict}
STATE = {
    **{"stateType": str, "connectionId": str, "state?": dict, "streamState?": [STREAM_STATE]},
    "globalState?": {"streamStates": [STREAM_STATE], "shared_state?": dict},
}
EVENT = {
    **{"id": str, "connectionId": str, "eventType": str, "summary": dict, "created_at": int, "createdAt?": int},
}
INSTANCE = {
    **{"airbyteUrl": str, "auth": {"mode": str}, "edition": str, "version": str, "licenseStatus": str},
    **{"defaultUserId": str, "defaultWorkspaceId": str, "defaultOrganizationId": str},
    **{"defaultOrganizationEmail": str, "initialSetupComplete": bool, "trackingStrategy": str},
}
WORKSPACE_READ = {
    **{"workspaceId": str, "customerId": str, "name": str, "slug": str, "initialSetupComplete": bool},
    **{"organizationId": str},
}
ORGANIZATION = {"organizationId": str, "organizationName": str, "email": str}
TOKEN = {"access_token": str, "token_type": str, "expires_in": int}


def actor(kind: str) -> Fact:
    """Return the fields of a source or destination of the public API."""
    return {
        **{f"{kind}Id": str, "name": str, f"{kind}Type": str, "definitionId": str, "workspaceId": str},
        **{"configuration": dict, "createdAt": int, "updatedAt+": str},
    }


def actor_read(kind: str) -> Fact:
    """Return the fields of a source or destination of the configuration API."""
    return {
        **{f"{kind}DefinitionId": str, f"{kind}Id": str, "workspaceId": str, "connectionConfiguration": dict},
        **{"name": str, f"{kind}Name": str, "createdAt": int},
    }


def definition_read(kind: str) -> Fact:
    """Return the fields of a connector's definition in the configuration API."""
    return {
        **{f"{kind}DefinitionId": str, "name": str, "dockerRepository": str, "dockerImageTag": str},
        **{"documentationUrl": str, "supportLevel?": str},
    }


def specification(kind: str) -> Fact:
    """Return the fields of a connector's specification."""
    return {
        **{f"{kind}DefinitionId": str, "documentationUrl?": str, "connectionSpecification?": dict, "jobInfo": COMMAND},
        **({"supportedDestinationSyncModes?": [str]} if kind == "destination" else {}),
    }


DEBUG_JOB = JOB_READ | {
    "createdAt+": int,
    "updatedAt+": int,
    "startedAt+": int,
    "airbyteVersion": str,
    "sourceDefinition": definition_read("source"),
    "destinationDefinition": definition_read("destination"),
}
NOTHING = None  # 204, without a body
TEXT = str  # no JSON

ANSWERS: dict[tuple[str, str], Fact] = {
    ("GET", f"{PUBLIC}/health"): TEXT,
    ("POST", f"{PUBLIC}/applications/token"): TOKEN,
    ("GET", f"{PUBLIC}/workspaces"): page(WORKSPACE),
    ("POST", f"{PUBLIC}/workspaces"): WORKSPACE,
    ("GET", f"{PUBLIC}/workspaces/{{workspace_id}}"): WORKSPACE,
    ("PATCH", f"{PUBLIC}/workspaces/{{workspace_id}}"): WORKSPACE,
    ("DELETE", f"{PUBLIC}/workspaces/{{workspace_id}}"): NOTHING,
    ("GET", f"{PUBLIC}/connections"): page(CONNECTION),
    ("POST", f"{PUBLIC}/connections"): CONNECTION,
    ("GET", f"{PUBLIC}/connections/{{connection_id}}"): CONNECTION,
    ("PATCH", f"{PUBLIC}/connections/{{connection_id}}"): CONNECTION,
    ("DELETE", f"{PUBLIC}/connections/{{connection_id}}"): NOTHING,
    ("GET", f"{PUBLIC}/streams"): [PROPERTIES],
    ("POST", f"{PUBLIC}/jobs"): JOB,
    ("GET", f"{PUBLIC}/jobs"): page(JOB),
    ("GET", f"{PUBLIC}/jobs/{{job_id}}"): JOB,
    ("DELETE", f"{PUBLIC}/jobs/{{job_id}}"): JOB,
    ("GET", f"{PUBLIC}/organizations"): {"data": [ORGANIZATION]},
    ("GET", f"{PUBLIC}/tags"): {"data": [dict]},
    ("GET", f"{CONFIGURATION}/health"): {"available": bool},
    ("POST", f"{CONFIGURATION}/applications/token"): TOKEN,
    ("GET", f"{CONFIGURATION}/instance_configuration"): INSTANCE,
    ("POST", f"{CONFIGURATION}/workspaces/create_if_not_exist"): WORKSPACE_READ,
    ("POST", f"{CONFIGURATION}/sources/check_connection"): CHECK,
    ("POST", f"{CONFIGURATION}/destinations/check_connection"): CHECK,
    ("POST", f"{CONFIGURATION}/scheduler/sources/check_connection"): CHECK,
    ("POST", f"{CONFIGURATION}/scheduler/sources/discover_schema"): {
        **{"catalog?": CATALOG, "catalogId?": str, "jobInfo": COMMAND},
    },
    ("POST", f"{CONFIGURATION}/sources/discover_schema"): {
        **{"catalog?": CATALOG, "catalogId?": str, "jobInfo": COMMAND},
    },
    ("POST", f"{CONFIGURATION}/connections/get"): CONNECTION_READ | {"created_at": int},
    ("POST", f"{CONFIGURATION}/connections/list"): {"connections": [CONNECTION_READ | {"created_at": int}]},
    ("POST", f"{CONFIGURATION}/connections/sync"): JOB_INFO,
    ("POST", f"{CONFIGURATION}/connections/clear/stream"): JOB_INFO,
    ("POST", f"{CONFIGURATION}/web_backend/connections/get"): WEB_BACKEND
    | {"source": actor_read("source"), "destination": actor_read("destination")},
    ("POST", f"{CONFIGURATION}/state/get"): STATE,
    ("POST", f"{CONFIGURATION}/connections/events/list"): {"events": [EVENT]},
    ("POST", f"{CONFIGURATION}/jobs/get"): JOB_INFO,
    ("POST", f"{CONFIGURATION}/jobs/cancel"): JOB_INFO,
    ("POST", f"{CONFIGURATION}/jobs/list"): {
        **{"jobs": [{"job?": JOB_READ, "attempts?": [ATTEMPT]}], "totalJobCount": int},
    },
    ("POST", f"{CONFIGURATION}/jobs/get_debug_info"): {
        **{"job": DEBUG_JOB, "attempts": [ATTEMPT_INFO], "workflowState?": {"running": bool}},
    },
    ("POST", f"{CONFIGURATION}/attempt/get_for_job"): ATTEMPT_INFO,
}
for kind in ("source", "destination"):
    ANSWERS |= {
        ("GET", f"{PUBLIC}/{kind}s"): page(actor(kind)),
        ("POST", f"{PUBLIC}/{kind}s"): actor(kind),
        ("GET", f"{PUBLIC}/{kind}s/{{actor_id}}"): actor(kind),
        ("PATCH", f"{PUBLIC}/{kind}s/{{actor_id}}"): actor(kind),
        ("PUT", f"{PUBLIC}/{kind}s/{{actor_id}}"): actor(kind),
        ("DELETE", f"{PUBLIC}/{kind}s/{{actor_id}}"): NOTHING,
        ("GET", f"{PUBLIC}/workspaces/{{workspace_id}}/definitions/{kind}s"): page(DEFINITION),
        ("GET", f"{PUBLIC}/workspaces/{{workspace_id}}/definitions/{kind}s/{{definition_id}}"): DEFINITION,
        ("POST", f"{CONFIGURATION}/{kind}_definitions/list"): {f"{kind}Definitions": [definition_read(kind)]},
        ("POST", f"{CONFIGURATION}/{kind}_definition_specifications/get"): specification(kind),
    }


def faults(value: Any, fact: Fact, path: str = "answer") -> list[str]:
    """Return in which points a value is not what the fact says."""
    if isinstance(fact, list):
        if not isinstance(value, list):
            return [f"{path} is no list"]
        return [fault for index, item in enumerate(value) for fault in faults(item, fact[0], f"{path}[{index}]")]
    if not isinstance(fact, dict):
        return [] if type(value) is fact else [f"{path} is {type(value).__name__}, not {fact.__name__}"]
    if not isinstance(value, dict):
        return [f"{path} is no object"]
    kinds = {name.rstrip("?+"): kind for name, kind in fact.items()}
    required = {name for name in fact if name[-1] not in "?+"}
    return [
        *(f"{path}.{name} is missing" for name in sorted(required - set(value))),
        *(f"{path}.{name} is unknown" for name in sorted(set(value) - set(kinds))),
        *(fault for name in set(value) & set(kinds) for fault in faults(value[name], kinds[name], f"{path}.{name}")),
    ]

"""The bodies of the configuration API's requests, with Airbyte's field names."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from airbyte_lite.api.bodies import Body
from airbyte_lite.api.fields import Id, Many, Moment, Number
from airbyte_lite.api.schemas import WorkspaceCreate


class WorkspaceWithId(WorkspaceCreate):
    """A new workspace, optionally with an id."""

    id: str | None = None


class SourceId(Body):
    """The id of a source."""

    source_id: Id


class SourceDiscovery(SourceId):
    """The source to discover. The schema is discovered at each call: there is no cache."""

    disable_cache: bool = Field(False, alias="disable_cache")
    priority: Literal["default"] | None = None


class SourceCore(Body):
    """The configuration of a source that is not saved."""

    source_definition_id: Id
    connection_configuration: dict[str, Any]
    workspace_id: Id | None = None


class DestinationId(Body):
    """The id of a destination."""

    destination_id: Id


class ConnectionId(Body):
    """The id of a connection."""

    connection_id: Id


class StreamName(Body):
    """A stream of a connection."""

    stream_name: str
    stream_namespace: str | None = None


class ConnectionStreams(ConnectionId):
    """Streams of a connection."""

    streams: Many[StreamName] = Field(min_length=1)


class JobId(Body):
    """The id of a job."""

    id: Number


class Pagination(Body):
    """The page of a list."""

    page_size: Number = Field(20, ge=1, le=2**31)
    row_offset: Number = Field(0, ge=0, le=2**31)


FIRST_PAGE = Pagination.model_validate({})


ConfigType = Literal[
    "check_connection_source",
    "check_connection_destination",
    "discover_schema",
    "get_spec",
    "sync",
    "reset_connection",
    "refresh",
    "clear",
]
JobStatus = Literal["pending", "queued", "running", "incomplete", "failed", "succeeded", "cancelled"]


class JobList(Body):
    """The conditions of a list of jobs."""

    config_types: Many[ConfigType] = Field(min_length=1)
    config_id: Id | None = None
    including_job_id: Number | None = None
    pagination: Pagination = FIRST_PAGE
    statuses: Many[JobStatus] | None = None
    created_at_start: Moment | None = None
    created_at_end: Moment | None = None
    updated_at_start: Moment | None = None
    updated_at_end: Moment | None = None
    order_by_field: Literal["createdAt", "updatedAt"] | None = None
    order_by_method: Literal["ASC", "DESC"] | None = None


class AttemptOfJob(Body):
    """An attempt of a job."""

    job_id: Number
    attempt_number: Number


class WorkspaceId(Body):
    """The id of a workspace."""

    workspace_id: Id
    include_tombstone: bool = False


EventType = Literal[
    "SYNC_STARTED",
    "SYNC_SUCCEEDED",
    "SYNC_INCOMPLETE",
    "SYNC_FAILED",
    "SYNC_CANCELLED",
    "REFRESH_STARTED",
    "REFRESH_SUCCEEDED",
    "REFRESH_INCOMPLETE",
    "REFRESH_FAILED",
    "REFRESH_CANCELLED",
    "CLEAR_STARTED",
    "CLEAR_SUCCEEDED",
    "CLEAR_INCOMPLETE",
    "CLEAR_FAILED",
    "CLEAR_CANCELLED",
    "CONNECTION_SETTINGS_UPDATE",
    "CONNECTION_ENABLED",
    "CONNECTION_DISABLED",
    "SCHEMA_UPDATE",
    "SCHEMA_CONFIG_UPDATE",
    "CONNECTOR_UPDATE",
    "UNKNOWN",
]


class ConnectionEvents(ConnectionId):
    """The conditions of a list of events of a connection."""

    event_types: Many[EventType] | None = None
    pagination: Pagination = FIRST_PAGE
    created_at_start: Moment | None = None
    created_at_end: Moment | None = None


class SourceDefinitionId(Body):
    """The id of a source definition."""

    source_definition_id: Id
    workspace_id: Id | None = None


class DestinationDefinitionId(Body):
    """The id of a destination definition."""

    destination_definition_id: Id
    workspace_id: Id | None = None

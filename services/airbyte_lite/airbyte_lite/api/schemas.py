"""The bodies of requests, with Airbyte's field names."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic.alias_generators import to_camel


class Body(BaseModel):
    """A JSON body with camelCase names. Unknown names are ignored: Airbyte has more fields than this server uses."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, str_min_length=1)


def _refuse(value: object, info: ValidationInfo) -> None:
    """Refuse a value that would have no effect. What means "nothing" (null, false, empty) is accepted."""
    if value not in (None, False, "", [], {}):
        raise ValueError(f"{to_camel(info.field_name or '')} is not implemented by this server; omit it")


NotImplementedField = Annotated[Any, BeforeValidator(_refuse)]
Residency = Literal["auto"]  # other places for the data are not implemented


class WorkspaceBody(Body):
    """A new or changed workspace."""

    name: str


class WorkspacePatch(Body):
    """Changes of a workspace. Omitted fields and null keep their values."""

    name: str | None = None
    notifications: NotImplementedField = None
    region_id: NotImplementedField = None


class WorkspaceWithId(Body):
    """A new workspace of the configuration API, optionally with an id."""

    name: str
    id: str | None = None


class ActorCreate(Body):
    """A new source or destination."""

    name: str
    workspace_id: str
    configuration: dict[str, Any]
    definition_id: str | None = None
    secret_id: NotImplementedField = None
    resource_allocation: NotImplementedField = None


class ActorPatch(Body):
    """Changes of a source or destination. Omitted fields keep their values."""

    name: str | None = None
    configuration: dict[str, Any] | None = None


class ActorPut(Body):
    """The new name and configuration of a source or destination."""

    name: str
    configuration: dict[str, Any]


class SelectedField(Body):
    """A column to sync."""

    field_path: list[str] = Field(min_length=1, max_length=1, description="Top-level columns only")


class StreamConfiguration(Body):
    """The configuration of one stream."""

    name: str
    sync_mode: str | None = None
    primary_key: list[list[str]] | None = None
    cursor_field: list[str] | None = None
    selected_fields: list[SelectedField] | None = None
    mappers: NotImplementedField = None
    destination_object_name: NotImplementedField = None
    include_files: NotImplementedField = None


class StreamConfigurations(Body):
    """The streams of a connection."""

    streams: list[StreamConfiguration] | None = None


class Schedule(Body):
    """The schedule of a connection: manual, or a cron expression."""

    schedule_type: Literal["manual", "cron"]
    cron_expression: str | None = Field(None, description="Quartz, in UTC, at most once a minute: 0 0 12 * * ?")


class ConnectionPatch(Body):
    """Changes of a connection. Omitted fields keep their values."""

    name: str | None = None
    configurations: StreamConfigurations | None = None
    prefix: Annotated[str, Field(min_length=0)] | None = None
    status: Literal["active", "inactive"] | None = None
    schedule: Schedule | None = None
    namespace_definition: Literal["destination"] | None = Field(
        None, description="Tables are created in the destination's dataset; other values are not implemented"
    )
    non_breaking_schema_updates_behavior: (
        Literal["ignore", "disable_connection", "propagate_columns", "propagate_fully"] | None
    ) = None
    namespace_format: NotImplementedField = None
    data_residency: Residency | None = None
    tags: NotImplementedField = None


class ConnectionCreate(ConnectionPatch):
    """A new connection."""

    source_id: str
    destination_id: str


class JobCreate(Body):
    """A job to start."""

    connection_id: str
    job_type: Literal["sync", "reset", "clear", "refresh"]


class SourceId(Body):
    """The id of a source, for the configuration API."""

    source_id: str


class DestinationId(Body):
    """The id of a destination, for the configuration API."""

    destination_id: str


class ConnectionId(Body):
    """The id of a connection, for the configuration API."""

    connection_id: str


class JobId(Body):
    """The id of a job, for the configuration API."""

    id: int


class Pagination(Body):
    """The page of a list of the configuration API."""

    page_size: int = Field(20, ge=1, le=2**31)
    row_offset: int = Field(0, ge=0, le=2**31)


class JobList(Body):
    """The conditions of a list of jobs of the configuration API."""

    config_types: list[str] = Field(min_length=1)
    config_id: str | None = None
    including_job_id: int | None = None
    pagination: Pagination = Field(default_factory=lambda: Pagination.model_validate({}))
    statuses: list[str] | None = None
    created_at_start: datetime.datetime | None = None
    created_at_end: datetime.datetime | None = None
    updated_at_start: datetime.datetime | None = None
    updated_at_end: datetime.datetime | None = None
    order_by_field: Literal["createdAt", "updatedAt"] | None = None
    order_by_method: Literal["ASC", "DESC"] | None = None


class AttemptOfJob(Body):
    """An attempt of a job, for the configuration API."""

    job_id: int
    attempt_number: int


class WorkspaceId(Body):
    """The id of a workspace, for the configuration API."""

    workspace_id: str
    include_tombstone: bool = False


class WebBackendConnectionId(ConnectionId):
    """The id of a connection, for the configuration API."""

    with_refreshed_catalog: NotImplementedField = None


class ConnectionEvents(ConnectionId):
    """The conditions of a list of events of a connection."""

    event_types: list[str] | None = None
    pagination: Pagination = Field(default_factory=lambda: Pagination.model_validate({}))
    created_at_start: datetime.datetime | None = None
    created_at_end: datetime.datetime | None = None


class SourceDefinitionId(Body):
    """The id of a source definition, for the configuration API."""

    source_definition_id: str


class DestinationDefinitionId(Body):
    """The id of a destination definition, for the configuration API."""

    destination_definition_id: str

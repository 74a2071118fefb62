"""The bodies of requests, with Airbyte's field names."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from airbyte_lite.api.instance import ORGANIZATION
from airbyte_lite.problem import invalid_fields

NOT_IMPLEMENTED = "this server does not implement it; omit it (the page /docs lists the fields of this request)"


def _means_nothing(value: object) -> bool:
    """Return whether a field with this value has no effect: null, false, empty, or an object of such values."""
    if isinstance(value, dict):
        return all(map(_means_nothing, value.values()))
    return value in (None, False, "", [])


class Body(BaseModel):
    """A JSON body with camelCase names. Null means that a field is omitted.

    A field that is not declared would have no effect. It is refused, unless its value means nothing: generated clients
    send such values for every field of Airbyte's.
    """

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", str_min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _without_nothing(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        known = {field.alias or name for name, field in cls.model_fields.items()}
        return {
            name: value
            for name, value in given.items()
            if (value is not None if name in known else not _means_nothing(value))
        }


class Change(Body):
    """A change of an object. Clients may send the whole object back, as a GET has shown it."""

    model_config = ConfigDict(extra="allow")

    def refuse_others(self, shown: dict[str, Any]) -> None:
        """Raise a 422 Problem for fields that this request cannot change, unless they are as the object has them."""
        others = {name for name, value in (self.model_extra or {}).items() if shown.get(name, ...) != value}
        if faults := {f"body.{name}": NOT_IMPLEMENTED for name in sorted(others)}:
            raise invalid_fields(faults)


Residency = Literal["auto"]  # other places for the data are not implemented


def _only_organization(value: str) -> str:
    if value != ORGANIZATION:
        raise ValueError(f"this server has only the organization {ORGANIZATION}")
    return value


Organization = Annotated[str, AfterValidator(_only_organization)]


class WorkspaceCreate(Body):
    """A new workspace."""

    name: str
    organization_id: Organization | None = None


class WorkspacePatch(Change):
    """Changes of a workspace. Omitted fields keep their values."""

    name: str | None = None


class WorkspaceWithId(WorkspaceCreate):
    """A new workspace of the configuration API, optionally with an id."""

    id: str | None = None


class ActorCreate(Body):
    """A new source or destination."""

    name: str
    workspace_id: str
    configuration: dict[str, Any]
    definition_id: str | None = None


class ActorPatch(Change):
    """Changes of a source or destination. Omitted fields keep their values."""

    name: str | None = None
    configuration: dict[str, Any] | None = None


class ActorPut(Change):
    """The new name and configuration of a source or destination."""

    name: str
    configuration: dict[str, Any]


class SelectedField(Body):
    """A column to sync."""

    field_path: list[str] = Field(min_length=1, max_length=1, description="Top-level columns only")


class StreamConfiguration(Body):
    """The configuration of one stream."""

    name: str
    namespace: str | None = Field(None, description="Required if the source has several streams with this name")
    sync_mode: str | None = None
    primary_key: list[list[str]] | None = None
    cursor_field: list[str] | None = None
    selected_fields: list[SelectedField] | None = None


class StreamConfigurations(Body):
    """The streams of a connection."""

    streams: list[StreamConfiguration] | None = None


class Schedule(Body):
    """The schedule of a connection: manual, or a cron expression."""

    schedule_type: Literal["manual", "cron"]
    cron_expression: str | None = Field(None, description="Quartz, in UTC, at most once a minute: 0 0 12 * * ?")


class ConnectionSettings(BaseModel):
    """What a connection can be created with and what can be changed."""

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
    data_residency: Residency | None = None


class ConnectionPatch(Change, ConnectionSettings):
    """Changes of a connection. Omitted fields keep their values."""


class ConnectionCreate(Body, ConnectionSettings):
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


class SourceDiscovery(SourceId):
    """The source to discover. The schema is discovered at each call: there is no cache."""

    disable_cache: bool = Field(False, alias="disable_cache")
    priority: Literal["default"] | None = None


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
    """The conditions of a list of jobs of the configuration API."""

    config_types: list[ConfigType] = Field(min_length=1)
    config_id: str | None = None
    including_job_id: int | None = None
    pagination: Pagination = FIRST_PAGE
    statuses: list[JobStatus] | None = None
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

    event_types: list[EventType] | None = None
    pagination: Pagination = FIRST_PAGE
    created_at_start: datetime.datetime | None = None
    created_at_end: datetime.datetime | None = None


class SourceDefinitionId(Body):
    """The id of a source definition, for the configuration API."""

    source_definition_id: str
    workspace_id: str | None = None


class DestinationDefinitionId(Body):
    """The id of a destination definition, for the configuration API."""

    destination_definition_id: str
    workspace_id: str | None = None

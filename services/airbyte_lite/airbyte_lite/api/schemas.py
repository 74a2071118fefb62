"""The bodies of requests, with Airbyte's field names."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel


class Body(BaseModel):
    """A JSON body with camelCase names. Unknown names are ignored: Airbyte has more fields than this server uses."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, str_min_length=1)


class WorkspaceBody(Body):
    """A new or changed workspace."""

    name: str


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
    mappers: list[Any] | None = Field(None, max_length=0, description="Not implemented: must be empty")


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
    prefix: str | None = Field(None, min_length=0)
    status: Literal["active", "inactive"] | None = None
    schedule: Schedule | None = None
    namespace_definition: Literal["destination"] | None = Field(
        None, description="Tables are created in the destination's dataset; other values are not implemented"
    )
    non_breaking_schema_updates_behavior: (
        Literal["ignore", "disable_connection", "propagate_columns", "propagate_fully"] | None
    ) = None

    @field_validator("prefix", mode="before")
    @classmethod
    def _empty_prefix(cls, value: object) -> object:
        # `Body` refuses empty strings, but an empty prefix is valid and the most common one.
        return None if value == "" else value


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


class SourceDefinitionId(Body):
    """The id of a source definition, for the configuration API."""

    source_definition_id: str


class DestinationDefinitionId(Body):
    """The id of a destination definition, for the configuration API."""

    destination_definition_id: str

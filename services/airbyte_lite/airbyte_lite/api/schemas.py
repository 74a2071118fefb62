"""Bodies of requests, in Airbyte's names."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel


class Body(BaseModel):
    """A JSON body with camelCase names; names that Airbyte knows and this server does not use are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, str_min_length=1)


def _storable(configuration: dict[str, Any]) -> dict[str, Any]:
    """Refuse what Python reads as JSON and cannot write again: half of a surrogate pair, NaN, Infinity."""
    try:
        json.dumps(configuration, ensure_ascii=False, allow_nan=False).encode()
    except ValueError as error:  # not its message, which repeats the value
        raise ValueError("must be JSON: text in Unicode, numbers that are finite") from error
    return configuration


Configuration = Annotated[dict[str, Any], AfterValidator(_storable)]


class WorkspaceBody(Body):
    """A new or changed workspace."""

    name: str


class WorkspaceWithId(Body):
    """A workspace of the configuration API, which may bring its own id."""

    name: str
    id: str | None = None


class ActorCreate(Body):
    """A new source or destination."""

    name: str
    workspace_id: str
    configuration: Configuration
    definition_id: str | None = None


class ActorPatch(Body):
    """Changes of a source or destination: what is left out stays."""

    name: str | None = None
    configuration: Configuration | None = None


class ActorPut(Body):
    """A source or destination as it shall be."""

    name: str
    configuration: Configuration


class SelectedField(Body):
    """A column that is synced."""

    field_path: list[str] = Field(min_length=1, max_length=1, description="Top-level columns only")


class StreamConfiguration(Body):
    """How one stream is synced."""

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
    """When a connection runs: on demand, or at the times of a cron expression."""

    schedule_type: Literal["manual", "cron"]
    cron_expression: str | None = Field(None, description="Quartz, in UTC, at most once a minute: 0 0 12 * * ?")


class ConnectionPatch(Body):
    """Changes of a connection: what is left out stays."""

    name: str | None = None
    configurations: StreamConfigurations | None = None
    prefix: str | None = Field(None, min_length=0)
    status: Literal["active", "inactive"] | None = None
    schedule: Schedule | None = None
    namespace_definition: Literal["destination"] | None = Field(
        None, description="Tables go to the destination's dataset; others are not implemented"
    )
    non_breaking_schema_updates_behavior: (
        Literal["ignore", "disable_connection", "propagate_columns", "propagate_fully"] | None
    ) = None

    @field_validator("prefix", mode="before")
    @classmethod
    def _empty_prefix(cls, value: object) -> object:
        # The shortest string of a body is one character, but an empty prefix is the usual one.
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
    """The configuration API's way to name a source."""

    source_id: str


class DestinationId(Body):
    """The configuration API's way to name a destination."""

    destination_id: str


class ConnectionId(Body):
    """The configuration API's way to name a connection."""

    connection_id: str


class JobId(Body):
    """The configuration API's way to name a job."""

    id: int


class SourceDefinitionId(Body):
    """The configuration API's way to name a source definition."""

    source_definition_id: str


class DestinationDefinitionId(Body):
    """The configuration API's way to name a destination definition."""

    destination_definition_id: str

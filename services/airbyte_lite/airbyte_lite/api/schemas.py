"""The bodies of the public API's requests, with Airbyte's field names."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from airbyte_lite.api.bodies import Body, Change
from airbyte_lite.api.fields import MOST_CHARACTERS, Id, Many, Name, Namespace, Prefix, StreamName
from airbyte_lite.api.instance import ORGANIZATION

Residency = Literal["auto"]  # other places for the data are not implemented


def _only_organization(value: str) -> str:
    if value != ORGANIZATION:
        raise ValueError(f"this server has only the organization {ORGANIZATION}")
    return value


Organization = Annotated[Id, AfterValidator(_only_organization)]


class WorkspaceCreate(Body):
    """A new workspace."""

    name: Name
    organization_id: Organization | None = None
    data_residency: Residency | None = None


class WorkspacePatch(Change):
    """Changes of a workspace. Omitted fields keep their values."""

    name: Name | None = None


class ActorCreate(Body):
    """A new source or destination."""

    name: Name
    workspace_id: Id
    configuration: dict[str, Any]
    definition_id: Id | None = None


class ActorPatch(Change):
    """Changes of a source or destination. Omitted fields keep their values."""

    name: Name | None = None
    configuration: dict[str, Any] | None = None


class ActorPut(Change):
    """The new name and configuration of a source or destination."""

    name: Name
    configuration: dict[str, Any]


class SelectedField(Body):
    """A column to sync."""

    field_path: Many[str] = Field(min_length=1, max_length=1, description="Top-level columns only")


class StreamConfiguration(Body):
    """The configuration of one stream."""

    name: StreamName
    namespace: Namespace | None = Field(None, description="Required if the source has several streams with this name")
    sync_mode: str | None = None
    primary_key: Many[Annotated[Many[str], Field(min_length=1)]] | None = None
    cursor_field: Many[str] | None = None
    selected_fields: Many[SelectedField] | None = None


class StreamConfigurations(Body):
    """The streams of a connection."""

    streams: Many[StreamConfiguration] | None = None


class Schedule(Body):
    """The schedule of a connection: manual, or a cron expression."""

    schedule_type: Literal["manual", "cron"]
    cron_expression: str | None = Field(
        None, max_length=MOST_CHARACTERS, description="Quartz, in UTC, at most once a minute: 0 0 12 * * ?"
    )


class ConnectionSettings(BaseModel):
    """What a connection can be created with and what can be changed."""

    name: Name | None = None
    configurations: StreamConfigurations | None = None
    prefix: Prefix | None = None
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

    source_id: Id
    destination_id: Id


class JobCreate(Body):
    """A job to start."""

    connection_id: Id
    job_type: Literal["sync", "reset", "clear", "refresh"]

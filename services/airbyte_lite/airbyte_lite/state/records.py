"""The records that the server stores as JSON documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from airbyte_lite.connectors.definitions import ActorKind

Time = Annotated[float, Field(ge=0, lt=253402300800)]  # seconds since 1970, up to the year 9999
TERMINAL = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Workspace:
    """A workspace. All times in records are seconds since 1970."""

    id: str
    name: str
    created_at: Time
    deleted: bool = False


@dataclass(frozen=True)
class Actor:
    """A source or a destination: a connector with its configuration. The configuration contains the secrets."""

    id: str
    kind: ActorKind
    workspace_id: str
    name: str
    definition_id: str
    configuration: dict[str, Any]
    created_at: Time
    updated_at: Time | None = None  # the last change by a caller; None in records of earlier releases
    deleted: bool = False


@dataclass(frozen=True)
class Stream:
    """A stream of a connection: the AirbyteStream that the source offered, and how it is synced."""

    stream: dict[str, Any]
    sync_mode: str  # the public API's terms: full_refresh_overwrite, incremental_deduped_history, …
    primary_key: list[list[str]]
    cursor_field: list[str]
    selected_fields: list[str] | None = None  # None: every column

    @property
    def name(self) -> str:
        """The stream's name, unique in its connection."""
        return str(self.stream["name"])

    @property
    def namespace(self) -> str:
        """The stream's namespace in the source, for example a database's schema; empty if it has none."""
        return str(self.stream.get("namespace") or "")

    @property
    def incremental(self) -> bool:
        """Whether a sync continues from a saved state."""
        return self.sync_mode.startswith("incremental_")


@dataclass(frozen=True)
class Connection:
    """A connection from a source to a destination."""

    id: str
    workspace_id: str
    name: str
    source_id: str
    destination_id: str
    streams: list[Stream]
    created_at: Time
    prefix: str = ""
    status: str = "active"
    schema_updates: str = "ignore"  # nonBreakingSchemaUpdatesBehavior
    cron: str | None = None  # in UTC; None: synced on request only
    schema_change: str = "no_change"  # between the source and the streams: no_change | non_breaking | breaking
    status_reason: str = ""  # why it was set to inactive, or what the schema change is
    deleted: bool = False


@dataclass
class Job:
    """One run of a connection."""

    id: int
    connection_id: str
    workspace_id: str
    type: str  # sync | reset
    status: str  # pending | running | succeeded | failed | cancelled
    created_at: float
    updated_at: float
    started_at: float | None = None
    records: int = 0
    bytes: int = 0
    bytes_billed: int = 0  # by BigQuery
    failure: str | None = None
    failure_type: str | None = None
    streams: str | None = None  # a JSON list of the names of the streams that are reset; None: all

    @property
    def ended(self) -> bool:
        """Whether the job has ended."""
        return self.status in TERMINAL

    @property
    def attempted(self) -> bool:
        """Whether the job has an attempt: it was started, or it failed before that. The attempt has the reason."""
        return self.started_at is not None or self.failure is not None


@dataclass
class JobFilter:
    """Conditions for a list of jobs. Times are seconds since 1970; None means any."""

    connection_id: str | None = None
    workspace_ids: list[str] = field(default_factory=list)
    types: list[str] | None = None
    statuses: list[str] | None = None
    created_from: float | None = None
    created_to: float | None = None
    updated_from: float | None = None
    updated_to: float | None = None
    order_by: Literal["created_at", "updated_at"] = "created_at"
    descending: bool = False

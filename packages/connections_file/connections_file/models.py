"""The models of the connections file: workspace, sources, destinations, connections and their streams.

The configurations of sources and destinations are expanded only when `expanded()` asks for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, StringConstraints
from pydantic_core import PydanticCustomError

from connections_file.expansion import ExpansionError, UnsetVariableError, expand
from connections_file.inline_sources import Lifted
from connections_file.yaml_lines import Document, Location

KINDS = ("sources", "destinations", "connections")
EXTENSION = "x-"
"""Begins the top-level keys that are the user's own, as in Compose: a place for YAML anchors, never looked into."""

type Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

SyncMode = Literal["full_refresh_overwrite", "full_refresh_append", "incremental_append", "incremental_deduped_history"]
"""Airbyte's own terms (public API, ConnectionSyncModeEnum)."""

SchemaUpdates = Literal["ignore", "disable_connection", "propagate_columns", "propagate_fully"]
"""Airbyte's own terms (public API, NonBreakingSchemaUpdatesBehaviorEnum)."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Workspace(_Model):
    """The Airbyte workspace that everything is made in."""

    id: UUID
    """Any UUID, fixed so that nobody has to look it up; on Airbyte Cloud that of a workspace there."""
    name: Name


class _Declared(_Model):
    _document: Document = PrivateAttr()
    _location: Location = PrivateAttr()
    _environment: Mapping[str, str] = PrivateAttr()

    @property
    def location(self) -> Location:
        """The declaration's path in the file; an inline source's is in its connection."""
        return self._location

    @property
    def where(self) -> str:
        """The file and line of the declaration: `connections.yaml:12`."""
        return self._document.where(self._location)


class _Connector(_Declared):
    name: Name
    """Unique among the file's sources or destinations; connections refer to it."""
    connector: Name
    """The connector's image in Airbyte, without `airbyte/`: source-s3, destination-bigquery."""
    configuration: dict[str, Any]
    """As the connector's specification has it; secrets as references to the environment: ${NAME}."""

    def expanded(self) -> dict[str, Any]:
        """Return the configuration as Airbyte takes it; raise ConnectionsFileError for a variable that is not set."""
        try:
            result: dict[str, Any] = expand(self.configuration, self._environment)
        except ExpansionError as error:
            location = (*self._location, "configuration", *error.path)
            hint = ""
            if isinstance(error, UnsetVariableError):
                hint = " Set it in connections.env, or export it (not for Docker Compose)."
            raise self._document.error((location, f"{error}.{hint}")) from error
        return result


class Source(_Connector):
    """A connector that reads, with its configuration."""


class Destination(_Connector):
    """A connector that writes, with its configuration."""


class Stream(_Model):
    """A stream of a connection, and the landing table that it becomes (same name)."""

    name: Name
    sync_mode: SyncMode
    primary_key: list[list[Name]] = []
    """Paths of the key's columns: [[id]]."""
    cursor_field: list[Name] = []
    """Path of the column that incremental reads go by: [updated_at]. Absent: the source's own choice."""
    selected_fields: list[Name] = []
    """The columns to load. Absent: all of them."""
    namespace: Name | None = None
    """The source's schema, where it has several."""
    dbt_source: Annotated[str, StringConstraints(pattern=r"^\w+\.\w+$")]
    """The dbt source that reads the table, `source.table`; also the asset key."""
    files: list[Name] = []
    """The S3 keys that the stream is loaded from."""

    @property
    def asset_key(self) -> list[str]:
        """The landing table's asset key, `[source, table]`: dbt's own key for that source."""
        return self.dbt_source.split(".")


def _source_name(value: object) -> object:
    if not isinstance(value, str):
        raise PydanticCustomError(
            "source", "Input should be the name of a source, or the source itself (connector and configuration)"
        )
    return value


class Connection(_Declared):
    """What moves from one source to one destination."""

    name: Name
    """Unique; Dagster looks the connection up by it."""
    source: Annotated[Name, BeforeValidator(_source_name)]
    """The name of a source, or the source itself."""
    destination: Name
    streams: Annotated[list[Stream], Field(min_length=1)]
    prefix: str = ""
    """Before each table's name."""
    status: Literal["active", "inactive"] = "active"
    schedule: Name = "manual"
    """manual (Dagster decides), or a cron expression of Airbyte: 0 0 12 * * ?"""
    namespace_definition: Literal["destination", "source", "custom_format"] = "destination"
    """Which dataset the tables go to: the destination's, one called like the source's schema, or namespace_format."""
    namespace_format: Name | None = None
    """The dataset with namespace_definition custom_format. Airbyte's own variable is written $${SOURCE_NAMESPACE}."""
    non_breaking_schema_updates_behavior: SchemaUpdates = "propagate_columns"
    """What Airbyte does when the source has new columns or streams."""


class ConnectionsFile(_Model):
    """The whole file."""

    model_config = ConfigDict(
        json_schema_extra={"patternProperties": {f"^{EXTENSION}": {"description": "A place for YAML anchors."}}}
    )

    workspace: Workspace
    sources: list[Source] = []
    """The sources that are not inside their connection: those that several use."""
    destinations: list[Destination]
    connections: list[Connection]

    def expand(self) -> None:
        """Raise ConnectionsFileError if a configuration refers to a variable that is not set."""
        for item in (*self.sources, *self.destinations):
            item.expanded()

    def bind(self, document: Document, lifted: Lifted, environment: Mapping[str, str]) -> Self:
        """Tell each declaration where it stands in the file, and which environment its references read."""
        for kind in KINDS:
            for index, item in enumerate(getattr(self, kind)):
                item._document, item._environment = document, environment
                item._location = lifted.place((kind, index))
        return self

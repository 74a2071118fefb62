"""The models of the connections file: workspace, sources, destinations, connections and their streams.

The configurations of sources and destinations are expanded only when `expanded()` asks for them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Iterator, Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, StringConstraints
from pydantic_core import PydanticCustomError

from connections_file.columns import EXAMPLE, column_mistakes, guesses_types, stream_options, with_input_schemas
from connections_file.expansion import ExpansionError, UnsetVariableError, expand, references
from connections_file.glob_syntax import glob_mistakes
from connections_file.inline_sources import Lifted
from connections_file.yaml_lines import Document, Location
from platform_kit.names import identifier

KINDS = ("sources", "destinations", "connections")
EXTENSION = "x-"
"""The prefix of top-level keys that hold only YAML anchors, as in Compose. These keys are ignored."""

type Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

SyncMode = Literal["full_refresh_overwrite", "full_refresh_append", "incremental_append", "incremental_deduped_history"]
"""Airbyte's own terms (public API, ConnectionSyncModeEnum)."""

SchemaUpdates = Literal["ignore", "disable_connection", "propagate_columns", "propagate_fully"]
"""Airbyte's own terms (public API, NonBreakingSchemaUpdatesBehaviorEnum)."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Workspace(_Model):
    """The Airbyte workspace of all objects in this file."""

    id: UUID
    """A UUID of your choice. On Airbyte Cloud: the id of an existing workspace."""
    name: Name


class _Declared(_Model):
    _document: Document = PrivateAttr()
    _location: Location = PrivateAttr()
    _environment: Mapping[str, str] = PrivateAttr()

    @property
    def location(self) -> Location:
        """The declaration's path in the file. The path of an inline source is inside its connection."""
        return self._location

    @property
    def where(self) -> str:
        """The file and line of the declaration: `connections.yaml:12`."""
        return self.place()

    def place(self, *path: str | int) -> str:
        """Return the file and line of a value inside the declaration."""
        return self._document.where((*self._location, *path))

    def is_set(self, variable: str) -> bool:
        """Return whether a variable has a value in the environment of this declaration's references."""
        return bool(self._environment.get(variable))

    def known(self, value: Any) -> Any:
        """Return a value with references replaced; as it is, if a variable is not set."""
        try:
            return expand(value, self._environment)
        except ExpansionError:
            return value


class _Connector(_Declared):
    name: Name
    """Unique among the file's sources or destinations; connections refer to it."""
    connector: Name
    """The connector's image in Airbyte, without `airbyte/`: source-s3, destination-bigquery."""
    configuration: dict[str, Any]
    """The fields of the connector's specification. Write secrets as references to the environment: ${NAME}."""

    def expanded(self, elsewhere: Container[str] | None = None) -> dict[str, Any]:
        """Return the configuration for the connector, with references and maps of columns replaced.

        With `elsewhere`, a text becomes UNKNOWN if its value is known elsewhere only, see `expansion.expand`.
        Raises ConnectionsFileError if a variable is not set, or if a column's type is invalid after the replacement.
        """
        here = (*self._location, "configuration")
        try:
            result: dict[str, Any] = expand(self.configuration, self._environment, elsewhere=elsewhere)
        except ExpansionError as error:
            hint = ""
            if isinstance(error, UnsetVariableError):
                hint = " Set it in connections.env; without Docker, you can also export it."
            raise self._document.error(((*here, *error.path), f"{error}.{hint}")) from error
        found = (*column_mistakes(self.connector, result), *glob_mistakes(self.connector, result))
        if mistakes := [((*here, *path), text) for path, text in found]:
            raise self._document.error(*mistakes)
        return with_input_schemas(self.connector, result)


class Source(_Connector):
    """A connector that reads, with its configuration."""


class Destination(_Connector):
    """A connector that writes, with its configuration."""


CheckName = Literal[
    "row_count_matches_file",
    "columns_arrived",
    "values_were_cast",
    "file_is_well_formed",
    "key_is_whole",
    "source_is_fresh",
    "profile_is_usual",
]
"""The checks of a landing table in Dagster."""


def _number(value: object) -> object:
    if isinstance(value, bool):  # pydantic would read true as 1, which allows everything
        raise PydanticCustomError("bool", "Input should be a number, not true or false")
    return value


class Checks(_Model):
    """The checks of a stream's landing table in Dagster. Default: all checks, and no value that did not fit."""

    skip: list[CheckName] = []
    """The checks that the table does not get."""
    uncast_values_allowed: Annotated[float, Field(ge=0, le=1), BeforeValidator(_number)] = 0
    """The share of rows, from 0 to 1, that may have a value that did not fit its column and is NULL."""


Deletions = Literal["keep", "mark"]
"""What happens to a row whose record is gone from its file."""


class Stream(_Model):
    """A stream of a connection. It is loaded into a landing table of the same name."""

    name: Name
    sync_mode: SyncMode
    primary_key: list[list[Name]] = []
    """The paths of the primary key's columns, for example [[id]]."""
    cursor_field: list[Name] = []
    """The path of the cursor column of incremental syncs, for example [updated_at]. Default: the source's cursor."""
    selected_fields: list[Name] = []
    """The columns to load. Default: all columns."""
    namespace: Name | None = None
    """The schema of the stream, if the source has several schemas."""
    dbt_source: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+\.[A-Za-z0-9_]+$")]
    """The dbt source that reads the table, as `source.table`. It is also the asset key: ASCII letters, digits and _."""
    files: list[Name] = []
    """The S3 keys of the files that the stream loads."""
    deletions: Deletions = "keep"
    """keep: a row stays when its record is gone from its file. mark: dbt's staging model sets is_deleted for it."""
    checks: Checks = Checks()
    """The checks of the landing table."""

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
    """A connection loads streams from one source into one destination."""

    name: Name
    """A unique name. Dagster finds the connection by this name."""
    source: Annotated[Name, BeforeValidator(_source_name)]
    """The name of a source, or the source itself."""
    destination: Name
    streams: Annotated[list[Stream], Field(min_length=1)]
    group: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+$")] = "landing"
    """The group of the landing tables in Dagster's asset graph: ASCII letters, digits and _."""
    owners: list[Annotated[str, StringConstraints(pattern=r"^(team:.+|[^@\s]+@[^@\s]+\.[^@\s]+)$")]] = []
    """Who answers for the landing tables, in Dagster: mail addresses, or teams like team:finance."""
    prefix: str = ""
    """Text in front of each table's name."""
    status: Literal["active", "inactive"] = "active"
    schedule: Name = "manual"
    """manual (Dagster starts the syncs), or a Quartz cron expression in UTC, for example 0 0 12 * * ?"""
    namespace_definition: Literal["destination", "source", "custom_format"] = "destination"
    """The dataset of the tables: the destination's, the one named like the source's schema, or namespace_format."""
    namespace_format: Name | None = None
    """The dataset for namespace_definition: custom_format. Write Airbyte's variable as $${SOURCE_NAMESPACE}."""
    non_breaking_schema_updates_behavior: SchemaUpdates = "propagate_columns"
    """What Airbyte does if the source has new columns or streams."""

    @property
    def step_name(self) -> str:
        """The name of the connection's step in Dagster, which allows ASCII letters, digits and _ only."""
        if self.name.isascii():
            return "sync_" + re.sub(r"[^A-Za-z0-9_]", "_", self.name)
        # Other letters are lost, so that a hash keeps two such names apart.
        return f"sync_{identifier(self.name)}_{hashlib.sha256(self.name.encode()).hexdigest()[:8]}"


class ConnectionsFile(_Model):
    """The connections file."""

    model_config = ConfigDict(
        json_schema_extra={"patternProperties": {f"^{EXTENSION}": {"description": "A place for YAML anchors."}}}
    )

    workspace: Workspace
    sources: list[Source] = []
    """Sources that several connections use. A source with one connection can be declared inside the connection."""
    destinations: list[Destination]
    connections: list[Connection]

    def expand(self) -> None:
        """Raise ConnectionsFileError if a configuration has an invalid reference or a variable that is not set."""
        for item in (*self.sources, *self.destinations):
            item.expanded()

    def variables(self) -> list[str]:
        """Return the names of the set variables that the configurations refer to."""
        return sorted(
            {
                name
                for item in (*self.sources, *self.destinations)
                for name in references(item.configuration)
                if item.is_set(name)
            }
        )

    def notes(self) -> Iterator[str]:
        """Yield what the file allows but what can lose values: streams whose columns' types are guessed."""
        for source in self.sources:
            for position, options in stream_options(source.connector, source.configuration):
                if guesses_types(options):
                    yield (
                        f"{source.place('configuration', 'streams', position)}: the connector guesses the types of "
                        f"stream {options.get('name')!r} (inference_type): 02134 becomes 2134, a column of 0 and 1 can "
                        f"become BOOL, and a number of 20 digits NULL. Declare them, for example {EXAMPLE}"
                    )

    def is_current(self) -> bool:
        """Return whether the file has not been changed since it was read."""
        return self._document.is_current()

    def bind(self, document: Document, lifted: Lifted, environment: Mapping[str, str]) -> Self:
        """Give each declaration its location in the file and the environment of its references."""
        self._document = document
        for kind in KINDS:
            for index, item in enumerate(getattr(self, kind)):
                item._document, item._environment = document, environment
                item._location = lifted.place((kind, index))
        return self

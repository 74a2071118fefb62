"""The connections file: what Airbyte is to hold, and which dbt source and files each stream belongs to.

Bootstrap reconciles Airbyte with it and the orchestrator builds its landing assets from it. Loading it needs no
secret: the configurations of sources and destinations are expanded only when `expanded()` asks for them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, StringConstraints, ValidationError

from bootstrap.expansion import ExpansionError, expand
from bootstrap.yaml_lines import ConnectionsFileError, Document, Location

__all__ = ["Connection", "ConnectionsFile", "ConnectionsFileError", "Destination", "Source", "Stream", "load"]

type Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

SyncMode = Literal["full_refresh_overwrite", "full_refresh_append", "incremental_append", "incremental_deduped_history"]
"""Airbyte's own terms (public API, ConnectionSyncModeEnum)."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Workspace(_Model):
    """The Airbyte workspace that everything is made in; its id is fixed so that nobody has to look it up."""

    id: UUID
    name: Name


class _Connector(_Model):
    name: Name
    connector: Name
    configuration: dict[str, Any]
    _document: Document = PrivateAttr()
    _location: Location = PrivateAttr()
    _environment: Mapping[str, str] = PrivateAttr()

    def expanded(self) -> dict[str, Any]:
        """Return the configuration as Airbyte takes it; raise ConnectionsFileError for a variable that is not set."""
        try:
            result: dict[str, Any] = expand(self.configuration, self._environment)
        except ExpansionError as error:
            raise self._document.error(
                (*self._location, "configuration", *error.path), f"{error}. Set it, for example in .env."
            ) from error
        return result


class Source(_Connector):
    """A connector that reads, as Airbyte names its image: `source-s3`."""


class Destination(_Connector):
    """A connector that writes, as Airbyte names its image: `destination-bigquery`."""


class Stream(_Model):
    """A stream of a connection, and the landing table that it becomes (same name)."""

    name: Name
    sync_mode: SyncMode
    primary_key: list[list[Name]] = []
    dbt_source: Annotated[str, StringConstraints(pattern=r"^\w+\.\w+$")]
    files: list[Name] = []

    @property
    def asset_key(self) -> list[str]:
        """The landing table's asset key, `[source, table]`: dbt's own key for that source."""
        return self.dbt_source.split(".")


class Connection(_Model):
    """What moves from one source to one destination, looked up by its name when it runs."""

    name: Name
    source: Name
    destination: Name
    streams: Annotated[list[Stream], Field(min_length=1)]


class ConnectionsFile(_Model):
    """The whole file."""

    workspace: Workspace
    sources: list[Source]
    destinations: list[Destination]
    connections: list[Connection]

    def _bind(self, document: Document, environment: Mapping[str, str]) -> Self:
        for kind, objects in (("sources", self.sources), ("destinations", self.destinations)):
            for index, item in enumerate(objects):
                item._document, item._location, item._environment = document, (kind, index), environment
        return self


def load(path: str | Path, environment: Mapping[str, str] = os.environ) -> ConnectionsFile:
    """Read and check the file; raise ConnectionsFileError naming file, line and path of the first mistake."""
    document = Document(Path(path))
    try:
        file = ConnectionsFile.model_validate(_expand_outside_configurations(document, environment))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise document.error(first["loc"], f"{first['msg']}.") from error
    for location, message in _contradictions(file):
        raise document.error(location, message)
    return file._bind(document, environment)


def _expand_outside_configurations(document: Document, environment: Mapping[str, str]) -> Any:
    def walk(value: Any, location: Location) -> Any:
        if isinstance(value, dict):
            return {
                key: item if key == "configuration" and len(location) == 2 else walk(item, (*location, key))
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [walk(item, (*location, index)) for index, item in enumerate(value)]
        try:
            return expand(value, environment)
        except ExpansionError as error:
            raise document.error(location, f"{error}.") from error

    return walk(document.data, ())


def _contradictions(file: ConnectionsFile) -> Iterator[tuple[Location, str]]:
    """Yield what pydantic cannot see: repeated names, references to nothing, a merge without a key."""
    for kind in ("sources", "destinations", "connections"):
        names: set[str] = set()
        for index, item in enumerate(getattr(file, kind)):
            if item.name in names:
                yield (kind, index, "name"), f"{item.name!r} is there twice; names must be unique."
            names.add(item.name)
    sources, destinations = {item.name for item in file.sources}, {item.name for item in file.destinations}
    asset_keys: set[str] = set()
    for index, connection in enumerate(file.connections):
        here: Location = ("connections", index)
        if connection.source not in sources:
            yield (*here, "source"), f"no source is called {connection.source!r}; there are {_list(sources)}."
        if connection.destination not in destinations:
            yield (
                (*here, "destination"),
                f"no destination is called {connection.destination!r}; there are {_list(destinations)}.",
            )
        for position, stream in enumerate(connection.streams):
            there = (*here, "streams", position)
            if stream.sync_mode == "incremental_deduped_history" and not stream.primary_key:
                yield there, "incremental_deduped_history needs a primary_key, for example [[id]]."
            if stream.dbt_source in asset_keys:
                yield (*there, "dbt_source"), f"{stream.dbt_source} is loaded by another stream already."
            asset_keys.add(stream.dbt_source)


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)) or "none"

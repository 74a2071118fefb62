"""Which objects in Airbyte connections.yaml declares, and where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import connections_file
from connections_file import Connection, ConnectionsFile, ConnectionsFileError, Destination, Source, Stream
from connections_file.tables import landing_table


@dataclass(frozen=True)
class Declared:
    """The content of connections.yaml; after a mistake in the file nothing is known to be declared."""

    path: Path
    workspace: str = ""
    """The id of the workspace."""
    mistake: str = ""
    """The error of the file, with file and line."""
    sources: dict[str, Source] = field(default_factory=dict)
    destinations: dict[str, Destination] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)

    def where(self, kind: str, name: str) -> str:
        """Return `connections.yaml:12`, the place of the declaration of a source, destination or connection; or ''."""
        kinds: dict[str, Mapping[str, Source | Destination | Connection]] = {
            "source": self.sources,
            "destination": self.destinations,
            "connection": self.connections,
        }
        found = kinds[kind].get(name)
        if found is None:
            return ""
        file, _, line = found.where.rpartition(":")
        return f"{Path(file).name}:{line}"

    def words(self, kind: str, name: str) -> str:
        """Return the sentence about one object."""
        if self.mistake:
            return "connections.yaml has a mistake"
        where = self.where(kind, name)
        return f"declared in {where}" if where else "not in the file"

    def stream(self, connection: str, name: str) -> Stream | None:
        """Return the declaration of a stream."""
        found = self.connections.get(connection)
        return next((one for one in found.streams if one.name == name), None) if found else None

    def table(self, connection: str, name: str) -> str:
        """Return the stream's table, `project.dataset.table`; '' if the file does not say it."""
        found, stream = self.connections.get(connection), self.stream(connection, name)
        destination = self.destinations.get(found.destination) if found else None
        if found is None or stream is None or destination is None:
            return ""
        try:
            return landing_table(stream, found, destination)
        except ConnectionsFileError:
            return ""


def read(path: Path) -> Declared:
    """Read the file. A mistake in it is a value here, not an error: the pages show Airbyte all the same."""
    try:
        file: ConnectionsFile = connections_file.load(path)
    except ConnectionsFileError as error:
        return Declared(path, mistake=str(error))
    return Declared(
        path,
        str(file.workspace.id),
        "",
        {item.name: item for item in file.sources},
        {item.name: item for item in file.destinations},
        {item.name: item for item in file.connections},
    )

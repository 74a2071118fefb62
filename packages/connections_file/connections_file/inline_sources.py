"""Moves sources that are declared inside their connection to `sources`, so that later code handles one form only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connections_file.yaml_lines import Location

REFUSED = "unnamed"
"""Replaces an invalid name. The models report the invalid name itself; this avoids a second error about it."""


@dataclass(frozen=True)
class Lifted:
    """The content of a connections file with all sources in `sources`."""

    content: Any
    places: Mapping[int, Location]
    """The location in the file of each moved source, by its index in `sources`."""

    def place(self, location: Location) -> Location:
        """Return the location in the file of a value of the content."""
        match location:
            case ("sources", int(index), *rest) if index in self.places:
                return (*self.places[index], *rest)
        return location


def lift(content: Any) -> Lifted:
    """Move each source inside a connection to `sources`, and leave its name there: by default the connection's name.

    A malformed value is not moved; the models report it.
    """
    if not isinstance(content, dict) or not isinstance(content.get("connections"), list):
        return Lifted(content, {})
    declared = content.get("sources", [])
    count = len(declared) if isinstance(declared, list) else 0
    places: dict[int, Location] = {}
    sources: list[dict[str, Any]] = []
    connections: list[Any] = []
    for index, connection in enumerate(content["connections"]):
        source = connection.get("source") if isinstance(connection, dict) else None
        if isinstance(source, dict):
            source = {"name": _name(connection), **source}
            connection = {**connection, "source": _name(source)}
            places[count + len(sources)] = ("connections", index, "source")
            sources.append(source)
        connections.append(connection)
    if isinstance(declared, list):
        declared = [*declared, *sources]
    return Lifted({**content, "sources": declared, "connections": connections}, places)


def _name(item: dict[str, Any]) -> str:
    name = item.get("name")
    return name if isinstance(name, str) and name.strip() else REFUSED

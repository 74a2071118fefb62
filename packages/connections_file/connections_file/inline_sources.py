"""Sources that are written inside their connection: moved beside the others, so that all that follows sees one form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connections_file.yaml_lines import Location

REFUSED = "unnamed"
"""Stands in for a name that is refused at its own place: a second message about it would only confuse."""


@dataclass(frozen=True)
class Lifted:
    """A connections file's content, all of its sources in `sources`."""

    content: Any
    places: Mapping[int, Location]
    """Where the sources that were lifted stand in the file, by their index in `sources`."""

    def place(self, location: Location) -> Location:
        """Return where a value of the content stands in the file."""
        match location:
            case ("sources", int(index), *rest) if index in self.places:
                return (*self.places[index], *rest)
        return location


def lift(content: Any) -> Lifted:
    """Move each source that a connection holds to `sources` and leave its name, by default the connection's.

    What is malformed stays as it is, for the models to refuse.
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

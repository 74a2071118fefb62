"""What the models of the connections file cannot see: repeated names, references to nothing, a merge without a key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from connections_file.models import Connection, ConnectionsFile, Destination, Source, Stream
from connections_file.yaml_lines import Location


def contradictions(file: ConnectionsFile) -> Iterator[tuple[Location, str]]:
    """Yield the place and the description of each mistake."""
    for items in (file.sources, file.destinations, file.connections):
        yield from _repeated_names(file, items)
    sources, destinations = {item.name for item in file.sources}, {item.name for item in file.destinations}
    asset_keys: set[str] = set()
    for connection in file.connections:
        here = connection.location
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
            if any(stream.name == other.name for other in connection.streams[:position] if _same_schema(stream, other)):
                yield (*there, "name"), f"{stream.name!r} is there twice in this connection."
            if stream.dbt_source in asset_keys:
                yield (*there, "dbt_source"), f"{stream.dbt_source} is loaded by another stream already."
            asset_keys.add(stream.dbt_source)
        if (connection.namespace_definition == "custom_format") != (connection.namespace_format is not None):
            yield here, "namespace_format and namespace_definition: custom_format need each other."


def _repeated_names(
    file: ConnectionsFile, items: Sequence[Source] | Sequence[Destination] | Sequence[Connection]
) -> Iterator[tuple[Location, str]]:
    first: dict[str, Source | Destination | Connection] = {}
    for item in items:
        other = first.setdefault(item.name, item)
        if other is item:
            continue
        match item.location:
            case ("connections", _, "source"):
                # Two sources that are called like their connections: said of the connections.
                if not (_is_named_after_connection(file, item) and _is_named_after_connection(file, other)):
                    yield (
                        (*item.location, "name"),
                        f"{item.name!r} is another source's name ({other.where}). Give this one a name of its own, "
                        f"or use that one: source: {item.name}.",
                    )
            case _:
                yield (*item.location, "name"), f"{item.name!r} is there twice; names must be unique."


def _is_named_after_connection(file: ConnectionsFile, item: Source | Destination | Connection) -> bool:
    match item.location:
        case ("connections", int(index), "source"):
            return file.connections[index].name == item.name
    return False


def _same_schema(one: Stream, other: Stream) -> bool:
    return one.namespace == other.namespace or None in (one.namespace, other.namespace)


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"

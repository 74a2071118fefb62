"""Finds names that two objects share: a table or asset key of two streams, a step in Dagster of two connections."""

from __future__ import annotations

from collections.abc import Iterator

from connections_file.models import Connection, ConnectionsFile, Destination, Stream
from connections_file.tables import namespace_dataset
from connections_file.yaml_lines import Location
from platform_kit.names import TABLE_LENGTH, identifier


def same_names(file: ConnectionsFile) -> Iterator[tuple[Location, str]]:
    """Yield the place and the description of each name that is taken; the description has the other place."""
    destinations = {destination.name: destination for destination in file.destinations}
    steps: dict[str, Connection] = {}
    keys: dict[tuple[str, ...], str] = {}
    tables: dict[tuple[str, ...], str] = {}
    for connection in file.connections:
        first = steps.setdefault(connection.step_name, connection)
        if first.name != connection.name:
            yield (
                (*connection.location, "name"),
                f"{connection.name!r} and {first.name!r} ({first.place('name')}) have the same name in Dagster, "
                f"{connection.step_name}. Rename one of the two.",
            )
        for position, stream in enumerate(connection.streams):
            path: Location = ("streams", position)
            here = connection.place(*path, "dbt_source")
            if (other := keys.setdefault(tuple(stream.asset_key), here)) != here:
                yield (
                    (*connection.location, *path, "dbt_source"),
                    f"another stream already loads {stream.dbt_source} ({other}). Each table needs its own dbt source.",
                )
            destination = destinations.get(connection.destination)
            if destination is None:
                continue
            table = _table(stream, connection, destination)
            if len(table[-1]) > TABLE_LENGTH:
                yield (
                    (*connection.location, *path, "name"),
                    f"the table's name (prefix and stream) has {len(table[-1])} characters; at most {TABLE_LENGTH} are "
                    "possible. Shorten the stream's name or the prefix.",
                )
            here = f"{connection.place(*path, 'name')}, connection {connection.name!r}, stream {stream.name!r}"
            # The case of a name is ignored: two names that differ by it only are too easily taken for one.
            if (other := tables.setdefault(tuple(part.casefold() for part in table), here)) != here:
                yield (
                    (*connection.location, *path, "name"),
                    f"stream {stream.name!r} of connection {connection.name!r} fills the table {'.'.join(table[1:])}, "
                    f"which another stream fills already ({other}). Each sync would overwrite the other's rows: rename "
                    "one stream, or set another prefix for one connection.",
                )


def _table(stream: Stream, connection: Connection, destination: Destination) -> tuple[str, str, str]:
    """Return project, dataset and name of a stream's table.

    For a destination other than BigQuery, the destination's name is first.
    """
    project, dataset = (
        str(destination.known(destination.configuration.get(field, ""))) for field in ("project_id", "dataset_id")
    )
    if not (project and dataset):
        project = destination.name
    dataset = namespace_dataset(stream, connection) or dataset.rpartition(":")[2]
    return project, dataset, identifier(connection.prefix + stream.name)

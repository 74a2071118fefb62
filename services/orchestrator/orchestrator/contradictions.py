"""Refuses what the connections file and the dbt project say differently, with the place in the connections file."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from connections_file import Connection, ConnectionsFileError, Destination, Stream
from connections_file.tables import landing_table
from orchestrator.files import asset_key

type Place = tuple[str, Connection, Stream]


def refuse_taken_keys(connections: Sequence[Connection], models: Collection[dg.AssetKey]) -> None:
    """Raise ConnectionsFileError if a dbt model or a file has the asset key of a landing table."""
    files = {asset_key(file) for connection in connections for stream in connection.streams for file in stream.files}
    for place, _, stream in _streams(connections):
        key = dg.AssetKey(stream.asset_key)
        if owner := "a dbt model" if key in models else "a file in S3" if key in files else "":
            raise ConnectionsFileError(
                f"{place}: stream {stream.name!r}: {owner} has the name {stream.dbt_source} in Dagster already. Rename "
                "the dbt source of the stream, here and in the dbt project. Dagster then loads both again."
            )


def refuse_other_tables(
    connections: Sequence[Connection], destinations: Mapping[str, Destination], manifest: Mapping[str, Any]
) -> None:
    """Raise ConnectionsFileError if the dbt source of a stream is not the table that the stream loads.

    dbt would build on another table, for example on the one that was loaded before the connection got its prefix.
    Several dbt packages may have a source of this name. The project's own source counts. If the project has none, the
    source of one package must be the table.
    """
    own = manifest["metadata"]["project_name"]
    read: dict[tuple[str, bool], set[str]] = {}
    for node in manifest["sources"].values():
        source = f"{node['source_name']}.{node['name']}", node["package_name"] == own
        read.setdefault(source, set()).add(str(node["relation_name"]).replace("`", ""))
    for place, connection, stream in _streams(connections):
        table = landing_table(stream, connection, destinations[connection.destination])
        found = read.get((stream.dbt_source, True)) or read.get((stream.dbt_source, False), {table})
        if table not in found:
            raise ConnectionsFileError(
                f"{place}: stream {stream.name!r} loads the table {table}, but its dbt source {stream.dbt_source} is "
                f"the table {' or '.join(sorted(found))}, so dbt would not read what is loaded. In the dbt project, "
                f"set identifier (the table {table.rpartition('.')[2]}), schema and database of this source. Or "
                "correct the stream's name, the prefix or the destination in the connections file, then: make apply"
            )


def _streams(connections: Sequence[Connection]) -> Iterator[Place]:
    for connection in connections:
        for position, stream in enumerate(connection.streams):
            yield connection.place("streams", position, "dbt_source"), connection, stream

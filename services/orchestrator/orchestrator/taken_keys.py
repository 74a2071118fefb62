"""Refuses a landing table whose asset key a dbt model or a file has already. Dagster names only the key."""

from collections.abc import Collection, Sequence

import dagster as dg

from connections_file import Connection, ConnectionsFileError
from orchestrator.files import asset_key


def refuse_taken_keys(connections: Sequence[Connection], models: Collection[dg.AssetKey]) -> None:
    """Raise ConnectionsFileError with the place of the stream."""
    files = {asset_key(file) for connection in connections for stream in connection.streams for file in stream.files}
    for connection in connections:
        for position, stream in enumerate(connection.streams):
            key = dg.AssetKey(stream.asset_key)
            if owner := "a dbt model" if key in models else "a file in S3" if key in files else "":
                raise ConnectionsFileError(
                    f"{connection.place('streams', position, 'dbt_source')}: stream {stream.name!r}: {owner} has the "
                    f"name {stream.dbt_source} in Dagster already. Rename the dbt source of the stream, here and in "
                    "the dbt project. Dagster then loads both again."
                )

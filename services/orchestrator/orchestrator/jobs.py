"""The jobs: everything, and the parts that people run alone. They are made from the connections file."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from connections_file import Connection
from orchestrator.connection_job import PREFIX, ConnectionJob
from orchestrator.landing import tag_value

RETRY = {"dagster/retry_strategy": "FROM_ASSET_FAILURE"}
"""A run whose worker was killed is repeated without the assets that it has loaded or built. All of dbt is one step, so
Dagster's own way, from the failed step, would build every model again."""


def jobs(connections: Sequence[Connection], models: dg.AssetsDefinition) -> dict[str, Any]:
    """Return the jobs by their names.

    `all_assets`, `landing`, `models` (staging and trusted), one for each connection with all that depends on its
    tables, and `changed_files`, which the sensor of this name runs in parts.
    """
    tables = {connection.name: _tables(connection) for connection in connections}
    landing = dg.AssetSelection.assets(*(key for keys in tables.values() for key in keys))
    everything = dg.AssetSelection.all()
    found: dict[str, tuple[dg.AssetSelection, str, dict[str, str]]] = {
        "all_assets": (everything, "Load every file, build and check every model.", {}),
        "landing": (landing, "Load every file; build no model.", {}),
        "models": (dg.AssetSelection.assets(models), "Build and check every model from the tables as they are.", {}),
        "changed_files": (
            everything,
            "The sensor of the same name runs parts of this job: the landing tables whose files have changed, and all "
            "assets that depend on them.",
            {},
        ),
    }
    made: dict[str, Any] = {
        name: dg.define_asset_job(name, selection, description=text, tags=tags | RETRY)
        for name, (selection, text, tags) in found.items()
    }
    for connection in connections:
        name = job_name(connection)
        made[name] = ConnectionJob(
            name,
            selection=dg.AssetSelection.assets(*tables[connection.name]).downstream(),
            description=f"Load the connection `{connection.name}`, then build all models that depend on its tables.",
            tags={"connection": tag_value(connection.name)} | RETRY,
        )
    return made


def job_name(connection: Connection) -> str:
    """Return the name of a connection's job: `connection_` and the name of its step without `sync_`."""
    return PREFIX + connection.step_name.removeprefix("sync_")


def _tables(connection: Connection) -> list[dg.AssetKey]:
    return [dg.AssetKey(stream.asset_key) for stream in connection.streams]

"""Which tables are profiled: landing tables, and dbt models that hold rows. Of other views, rows are counted."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from connections_file import Connection, Destination
from connections_file.tables import landing_table
from orchestrator.dbt_integration import DagsterDbtTranslator

NAME = "profile_is_usual"
STORED = {"table", "incremental"}


def profiled_tables(
    connections: Sequence[Connection],
    destinations: Mapping[str, Destination],
    manifest: Mapping[str, Any],
    translator: DagsterDbtTranslator,
) -> dict[dg.AssetKey, str]:
    """Return the tables by asset key, named `project.dataset.table`."""
    return dict(
        [
            *_landing(connections, destinations),
            *_models(manifest, translator),
        ]
    )


def counted_views(manifest: Mapping[str, Any], translator: DagsterDbtTranslator) -> dict[dg.AssetKey, str]:
    """Return the dbt views that are not profiled by asset key, named `project.dataset.view`."""
    return {
        translator.get_asset_key(node): _name(node)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["config"].get("materialized") == "view"
        and "profile" not in node["config"].get("meta", {})  # true: it is profiled, false: nothing of it is read
    }


def _name(node: Mapping[str, Any]) -> str:
    return f"{node['database']}.{node['schema']}.{node['alias']}"


def _landing(
    connections: Sequence[Connection], destinations: Mapping[str, Destination]
) -> Iterator[tuple[dg.AssetKey, str]]:
    for connection in connections:
        for stream in connection.streams:
            if NAME not in stream.checks.skip:
                table = landing_table(stream, connection, destinations[connection.destination])
                yield dg.AssetKey(stream.asset_key), table


def _models(manifest: Mapping[str, Any], translator: DagsterDbtTranslator) -> Iterator[tuple[dg.AssetKey, str]]:
    """Yield the models that hold rows, and other ones with `meta: {profile: true}`: a view's query is billed."""
    for node in manifest["nodes"].values():
        if node["resource_type"] not in ("model", "snapshot", "seed"):
            continue
        config = node["config"]
        default = node["resource_type"] == "model" and config.get("materialized") in STORED
        if config.get("materialized") != "ephemeral" and config.get("meta", {}).get("profile", default):
            yield translator.get_asset_key(node), _name(node)

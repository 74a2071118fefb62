"""Bridges for views."""

from typing import Any

from local_bigquery.catalog import ddl

OPTIONS = "materialized view options"
DEFAULTS = {"enableRefresh": True, "refreshIntervalMs": "1800000"}


def refresh_options() -> None:
    """Keep the refresh options of a materialized view, or BigQuery's defaults: dbt compares them in its second run."""
    upstream_table, upstream_definition = ddl._table, ddl._definition

    def table(tree: Any, *args: Any) -> Any:
        resource = upstream_table(tree, *args)
        tree.meta[OPTIONS] = resource.pop("materializedView", {})
        return resource

    def definition(tree: Any, *args: Any) -> Any:
        resource = upstream_definition(tree, *args)
        if "materializedView" in resource:
            resource["materializedView"] |= DEFAULTS | tree.meta.get(OPTIONS, {})
        return resource

    ddl._table, ddl._definition = table, definition

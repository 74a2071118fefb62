"""Bridges for views."""

from typing import Any

from local_bigquery.catalog import ddl


def refresh_options() -> None:
    """Return BigQuery's default refresh options for a materialized view: dbt compares them in its second run."""
    upstream = ddl._definition

    def definition(*args: Any) -> Any:
        resource = upstream(*args)
        if "materializedView" in resource:
            resource["materializedView"] |= {"enableRefresh": True, "refreshIntervalMs": "1800000"}
        return resource

    ddl._definition = definition

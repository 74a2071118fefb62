"""Adds the number of rows to the materialization of a dbt model, under Dagster's name `dagster/row_count`."""

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg

STORED = {"table", "incremental", "snapshot"}
"""The materializations of dbt that keep rows. Rows of views are counted at the end, by one query (`profiles.step`)."""


def with_row_count(item: Any, node: Mapping[str, Any], count: Callable[[str], int]) -> Any:
    """Return the event of a dbt node. `count` returns the rows of a table, named `project.dataset.table`."""
    if not isinstance(item, dg.Output) or node.get("config", {}).get("materialized") not in STORED:
        return item
    table = f"{node['database']}.{node['schema']}.{node['alias']}"
    try:
        rows = count(table)
    except dg.Failure:  # the model is built; a number that cannot be read does not make the build fail
        return item
    return item.with_metadata({**item.metadata, "dagster/row_count": rows})

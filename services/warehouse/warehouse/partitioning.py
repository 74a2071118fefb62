"""Bridges for partitioned tables."""

from typing import Any

from local_bigquery.catalog import ddl


def integer_ranges() -> None:
    """Store `PARTITION BY RANGE_BUCKET(column, GENERATE_ARRAY(…))` as integer ranges: local-bigquery stores days."""
    upstream = ddl._partitioning

    def partitioning(node: Any) -> Any:
        function = node.this
        if function.name.rpartition(".")[2].lower() != "range_bucket":
            return upstream(node)
        column, bounds = function.expressions
        start, end, *interval = (bound.sql() for bound in bounds.expressions)
        span = {"start": start, "end": end, "interval": interval[0] if interval else "1"}
        return {"rangePartitioning": {"field": column.name, "range": span}}

    ddl._partitioning = partitioning

"""Bridges for wildcard tables."""

from typing import Any

from local_bigquery.sql.rules import tables
from local_bigquery.sql.translate import NODE_RULES
from sqlglot import exp


def every_row() -> None:
    """Read every row of the tables of `dataset.prefix_*`: local-bigquery removes duplicate rows."""
    upstream = tables.wildcard_table

    def wildcard_table(node: exp.Expression, context: Any) -> Any:
        found = upstream(node, context)
        if found is not node:
            for union in found.find_all(exp.Union):
                union.set("distinct", False)
        return found

    NODE_RULES[NODE_RULES.index(upstream)] = wildcard_table

"""Bridges for multi-statement queries (BigQuery's procedural language)."""

from typing import Any

import sqlglot
from local_bigquery.sql import script
from local_bigquery.sql.dialect import BigQueryDialect
from sqlglot import exp


def struct_assignment() -> None:
    """Assign `SET (a, b) = (SELECT AS STRUCT x, y …)` field by field.

    local-bigquery stores the whole struct in the first variable. With dynamic insert_overwrite, dbt uses this statement
    to collect the partitions to replace.
    """
    upstream = script.Interpreter.set

    def set_(self: Any, statement: Any) -> None:
        assignments = sqlglot.parse_one(statement.text, dialect=BigQueryDialect).expressions
        if len(assignments) == 1 and (found := _struct_query(assignments[0])):
            self.into(*found)
        else:
            upstream(self, statement)

    script.Interpreter.set = set_


def _struct_query(assignment: exp.Expression) -> tuple[exp.Select, list[str]] | None:
    """Return the query without AS STRUCT, and the names of the variables; None for any other assignment."""
    target, value = assignment.this.this, assignment.this.expression
    select = value.this if isinstance(value, exp.Subquery | exp.Paren) else None
    if not isinstance(select, exp.Select) or select.args.get("kind") != "STRUCT":
        return None
    if not isinstance(target, exp.Paren | exp.Tuple):
        return None
    variables = target.expressions if isinstance(target, exp.Tuple) else [target.this]
    select = select.copy()
    select.set("kind", None)
    return select, [variable.name for variable in variables]

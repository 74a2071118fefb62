"""Looks up a statement's names in the catalog: columns of tables, variables, functions."""

import contextlib
from collections.abc import Iterable
from typing import Any

import duckdb
from local_bigquery.catalog import routines, tables
from local_bigquery.engine import database
from local_bigquery.engine import types as stored
from local_bigquery.errors import BigQueryError
from local_bigquery.sql import script
from local_bigquery.sql.rules import parameters
from local_bigquery.sql.translate import NODE_RULES
from sqlglot import exp

from warehouse.kept_columns import Column, kept_columns
from warehouse.memory import kept
from warehouse.semantics import types
from warehouse.watched import DEFINITIONS

Columns = dict[str, str]
NOT_KEPT = ('"temp"', '"emulator"')


def same_cursor() -> None:
    """Let the analysis see what a script has created: temporary tables, variables, tables of an open transaction."""
    upstream = script.Interpreter.__init__

    def start(self: Any, cursor: Any, context: Any, *arguments: Any) -> None:
        context.cursor = cursor
        upstream(self, cursor, context, *arguments)

    script.Interpreter.__init__ = start


def columns(name: str, context: Any) -> Columns:
    """Return the types of the columns of DuckDB's table `name`; nothing for a missing table."""
    with contextlib.suppress(BigQueryError, duckdb.Error), _cursor(context) as cursor:
        relation = cursor.sql(f"SELECT * FROM {name} LIMIT 0")  # noqa: S608 quoted names
        return _kinds(zip(relation.columns, relation.types, strict=True))
    return {}


def _kinds(columns: Iterable[Column]) -> Columns:
    return {
        column: stored.bigquery_type(stored.field(column, kind))
        for column, kind in columns
        if column != tables.INGESTION_TIME
    }


def columns_of_table(name: str, context: Any) -> Columns:
    """Return `columns` of a table with its whole quoted name, from memory where another statement asked for them.

    All statements share the memory, so it has no temporary tables and no changes of an open transaction.
    """

    def found() -> Columns:
        with contextlib.suppress(BigQueryError, duckdb.Error):
            if known := _kinds(kept_columns(name)):
                return known
        raise LookupError(name)  # another statement may make the table

    if name.startswith(NOT_KEPT) or getattr(getattr(context, "cursor", None), "in_transaction", True):
        return columns(name, context)
    with contextlib.suppress(LookupError):
        return kept.get(DEFINITIONS, ("types", name), found)
    return {}


def only_column(name: str, context: Any) -> exp.DataType | None:
    """Return the type of the only column of DuckDB's table or query `name`; None for a missing one."""
    found = columns(name, context)
    return types.build(next(iter(found.values()))) if found else None


def variable(name: str, context: Any) -> exp.DataType | None:
    """Return the type of a variable of the script; None for another name."""
    table = context.variables.get(name.lower())
    return only_column(table, context) if table else None


def typed_variables() -> None:
    """Keep the types of variables where local-bigquery puts their values, and leave columns of the same name alone."""
    upstream = parameters.variable

    def value(node: Any, context: Any) -> Any:
        if node.meta.get("column"):
            return node
        found = upstream(node, context)
        if found is not node:
            found.type = node.type
        return found

    NODE_RULES[NODE_RULES.index(upstream)] = value


def returned(path: tuple[str, ...], context: Any) -> exp.DataType | None:
    """Return the type that a function of the user is declared to return; None for another function."""
    declared: dict[str, exp.DataType] = context.__dict__.setdefault("returned", {})
    if len(path) == 1:
        return declared.get(path[0].casefold())
    parts = ".".join(path).split(".")
    routine = routines.load(*([context.project_id, *parts][-3:])) if len(parts) in (2, 3) else None
    if routine is None or routine.returnType is None:
        return None
    return types.build(routines.sql_type(routine.returnType))


def declare(create: exp.Create, context: Any) -> None:
    """Remember what a temporary function returns."""
    returns = create.find(exp.ReturnsProperty)
    if returns is not None and isinstance(returns.this, exp.DataType):
        context.__dict__.setdefault("returned", {})[create.this.this.name.casefold()] = returns.this


@contextlib.contextmanager
def _cursor(context: Any) -> Any:
    if cursor := getattr(context, "cursor", None):
        yield cursor
    else:
        with database.cursor() as other:
            yield other

"""Bridges for INSERT, UPDATE and MERGE."""

from collections.abc import Callable
from typing import Any, cast

import sqlglot
from local_bigquery.catalog import metadata, names, tables
from local_bigquery.engine.database import quote
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import merge, query
from local_bigquery.models import Table, TableFieldSchema
from local_bigquery.sql import translate as translation
from local_bigquery.sql.dialect import BigQueryDialect, DuckDBDialect
from local_bigquery.sql.rules import arrays, json, typing
from local_bigquery.sql.rules import tables as table_rules
from local_bigquery.sql.translate import NODE_RULES, Context
from sqlglot import exp

from warehouse import schemas
from warehouse.checks import checks_nothing, typed_rows, written_column, written_once
from warehouse.create_tables import positional

Fields = dict[str, TableFieldSchema]


def checked_values() -> None:
    """Check the values that INSERT, UPDATE and MERGE write, and replace DEFAULT.

    DuckDB does not know the limits of STRING(3) and NUMERIC(5, 2), NOT NULL in a STRUCT, nor that a NULL array is
    stored as an empty one; it matches the fields of a STRUCT by name, BigQuery by position.
    """
    upstream_run, upstream_merge, upstream_translate = query._run, merge.run, query.translate

    def run(cursor: Any, tree: Any, context: Any, *args: Any) -> Any:
        context.cursor = cursor
        return upstream_run(cursor, tree, context, *args)

    def run_merge(cursor: Any, tree: exp.Merge, context: Any) -> Any:
        context.cursor = cursor
        if not tree.args["using"].alias_or_name:
            tree = tree.copy()
            tree.args["using"].set("alias", exp.TableAlias(this=exp.to_identifier("_source")))
        fields = _fields(tree, context)
        for when in tree.args["whens"].expressions:  # local-bigquery would quote the keyword
            action = when.args["then"]
            named = [each.name.casefold() for each in getattr(action.this, "expressions", [])]
            _replace_defaults(action, named or list(fields), fields)
        return upstream_merge(cursor, tree, context)

    def translate(tree: exp.Expression, context: Any) -> tuple[str, dict[str, Any]]:
        if isinstance(tree, exp.Insert | exp.Update) and (fields := _fields(tree, context)):
            return _checked(tree, context, fields)
        result: tuple[str, dict[str, Any]] = upstream_translate(tree, context)
        return result

    query._run = run
    merge.run = run_merge
    query.translate = merge.translate = translate


def assignments_are_no_comparisons() -> None:
    """Leave `SET a = b` of UPDATE and MERGE to checked_values.

    local-bigquery takes it for a comparison: it compares the types, refuses a NULL, and knows no equality of JSON.
    """
    for upstream in (typing.comparable, json.equality):
        NODE_RULES[NODE_RULES.index(upstream)] = _except_assignments(upstream)


def _except_assignments(rule: Callable[..., Any]) -> Callable[..., Any]:
    def apply(node: exp.Expression, context: Any) -> Any:
        assigned = isinstance(node.parent, exp.Update) and node.arg_key == "expressions"
        return node if assigned else rule(node, context)

    return apply


def assigned_arrays() -> None:
    """Let UPDATE assign an ARRAY: local-bigquery takes `SET a = [1]` for a comparison and refuses it."""
    literals = arrays.invalid_literals

    def invalid_literals(tree: exp.Expression, context: Any) -> exp.Expression:
        if not isinstance(tree, exp.Update):
            return cast(exp.Expression, literals(tree, context))
        parts = [each.expression if isinstance(each, exp.EQ) else each for each in tree.expressions]
        for part in [*parts, tree.args.get("from_"), tree.args.get("where")]:
            if part is not None:
                literals(part, context)
        return tree

    translation.STATEMENT_RULES[translation.STATEMENT_RULES.index(literals)] = invalid_literals


def load_statements() -> None:
    """Refuse LOAD DATA: DuckDB's own LOAD would answer with a syntax error."""
    upstream = query._run

    def run(cursor: Any, tree: Any, *rest: Any) -> Any:
        if isinstance(tree, exp.LoadData) or (isinstance(tree, exp.Command) and tree.name.upper() == "LOAD"):
            raise BigQueryError(
                "invalidQuery", "The emulator does not support LOAD DATA. Load the files with a load job (jobs.insert)."
            )
        return upstream(cursor, tree, *rest)

    query._run = run


def partition_filter_of_merge() -> None:
    """Look for the partition filter of a MERGE in the whole statement, as `require_partition_filter` asks.

    local-bigquery runs a MERGE as several statements and asked for a filter in each of them. Of a table with integer
    ranges it asked for a filter over _PARTITIONTIME, which such a table does not have.
    """
    upstream_run, upstream_check = merge.run, table_rules._check

    def run(cursor: Any, tree: exp.Merge, context: Any) -> Any:
        reference = names.reference(tree.this, context.project_id, context.dataset_id)
        resource = metadata.load(Table, *reference)
        if resource and resource.requirePartitionFilter:
            _require_filter(tree, resource, reference)
        return upstream_run(cursor, tree, context)

    def check(tree: exp.Expression, table: exp.Table, is_target: bool) -> None:
        # The whole statement is searched only if the answer matters: a query may name hundreds of tables.
        if not is_target and not isinstance(tree, exp.Create | exp.Drop) and _filtered(table):
            is_target = any(each.name.startswith("__merge_") for each in tree.find_all(exp.Table))
            is_target = is_target or _filters_ranges(tree, table)
        upstream_check(tree, table, is_target)

    def check_created(tree: exp.Expression, table: exp.Table, is_target: bool) -> None:
        target = names.target(tree)
        if target is not None and target.name.startswith("__merge_") and target is not table and _filtered(table):
            return
        check(tree, table, is_target)

    merge.run = run
    table_rules._check = check_created


def _filtered(table: exp.Table) -> bool:
    resource = metadata.load(Table, table.catalog, table.db, table.name)
    return bool(resource and resource.requirePartitionFilter)


def _filters_ranges(tree: exp.Expression, table: exp.Table) -> bool:
    """Return whether a query filters by the column of a table with integer ranges: local-bigquery asks for a time."""
    resource = metadata.load(Table, table.catalog, table.db, table.name)
    if resource is None or not resource.rangePartitioning:
        return False
    columns = (column for where in tree.find_all(exp.Where) for column in where.find_all(exp.Column))
    if not any(column.name.casefold() == resource.rangePartitioning.field.casefold() for column in columns):
        raise _no_filter((table.catalog, table.db, table.name), resource.rangePartitioning.field)
    return True


def _no_filter(reference: tuple[str, str, str], column: str) -> BigQueryError:
    return BigQueryError(
        "invalidQuery",
        f"Cannot query over table '{'.'.join(reference)}' without a filter over column(s) '{column}' "
        "that can be used for partition elimination",
    )


def _require_filter(tree: exp.Merge, resource: Table, reference: tuple[str, str, str]) -> None:
    partitioning = resource.timePartitioning or resource.rangePartitioning
    column = (partitioning and partitioning.field) or tables.INGESTION_TIME
    wanted = {column.casefold(), "_partitiondate"}
    conditions = [tree.args["on"], *(when.args.get("condition") for when in tree.args["whens"].expressions)]
    used = {each.name.casefold() for node in conditions if node is not None for each in node.find_all(exp.Column)}
    if not wanted & used:
        raise _no_filter(reference, column)


def _fields(tree: exp.Expression, context: Context) -> Fields:
    """Return the columns of the statement's table by name in lower case; none for a temporary table."""
    target = names.target(tree)
    if target is None or (not target.db and target.name.casefold() in context.temporary):
        return {}
    if target.db.casefold() == "_session" or not (target.db or context.dataset_id):
        return {}
    try:
        fields = schemas.stored(*names.reference(target, context.project_id, context.dataset_id))
    except BigQueryError:
        return {}  # upstream says that the table does not exist
    return {field.name.casefold(): field for field in fields}


def _checked(tree: exp.Expression, context: Any, fields: Fields) -> tuple[str, dict[str, Any]]:
    tree = tree.copy()
    columns = _columns(tree, fields)
    _replace_defaults(tree, columns, fields)
    context.used.clear()
    for rule in translation.STATEMENT_RULES:
        tree = rule(tree, context)
    tree = translation._rewrite(tree, context)
    bound = {name: context.values[name] for name in context.used}
    if isinstance(tree, exp.Update):
        _join_assignments(tree)
        _check_assignments(tree, fields)
    elif isinstance(tree, exp.Insert) and not all(checks_nothing(fields[name]) for name in columns):
        source = tree.expression.sql(dialect=DuckDBDialect)
        if with_ := tree.args.get("with_"):
            source = f"{with_.sql(dialect=DuckDBDialect)} {source}"
            tree.set("with_", None)
        return _insert(tree, source, bound, [fields[name] for name in columns], context), bound
    return tree.sql(dialect=DuckDBDialect), bound


def _columns(tree: exp.Expression, fields: Fields) -> list[str]:
    """Return the names of an INSERT's columns in lower case; an empty list when one does not exist."""
    if not isinstance(tree, exp.Insert):
        return []
    named = tree.this.expressions if isinstance(tree.this, exp.Schema) else None
    columns = list(fields) if named is None else [each.name.casefold() for each in named]
    return columns if all(name in fields for name in columns) else []


def _replace_defaults(tree: exp.Expression, columns: list[str], fields: Fields) -> None:
    """Replace the keyword DEFAULT of an INSERT, UPDATE or clause of MERGE by the default of its column."""
    rows = tree.expression
    if isinstance(tree, exp.Update):
        pairs = [(each.this.name.casefold(), each.expression) for each in tree.expressions if isinstance(each, exp.EQ)]
    elif isinstance(rows, exp.Values):
        tuples = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in rows.expressions]
        pairs = [pair for row in tuples for pair in zip(columns, row, strict=False)]
    else:
        pairs = list(zip(columns, rows.expressions, strict=False)) if isinstance(rows, exp.Tuple) else []
    for name, value in pairs:
        if _is_default(value) and name in fields:
            field = fields[name]
            expression = field.defaultValueExpression or ("[]" if field.mode == "REPEATED" else "NULL")
            value.replace(sqlglot.parse_one(expression, dialect=BigQueryDialect))


def _is_default(value: exp.Expression) -> bool:
    if isinstance(value, exp.Column):
        return not value.table and not value.this.args.get("quoted") and value.name.upper() == "DEFAULT"
    return isinstance(value, exp.Var) and value.name.upper() == "DEFAULT"


def _join_assignments(tree: exp.Update) -> None:
    """Make one assignment of those to several fields of one STRUCT, which DuckDB refuses."""
    first: dict[str, exp.Expression] = {}
    for assignment in list(tree.expressions):
        name = assignment.this.name.casefold()
        change = assignment.expression
        if name not in first:
            first[name] = assignment
        elif isinstance(change, exp.Anonymous) and change.name.lower() == "struct_update":
            change.expressions[0].replace(first[name].expression.copy())
            first[name].set("expression", change.copy())
            assignment.pop()


def _check_assignments(tree: exp.Update, fields: Fields) -> None:
    for assignment in tree.expressions:
        field = fields.get(assignment.this.name.casefold()) if isinstance(assignment, exp.EQ) else None
        if field is not None and not checks_nothing(field):
            value = assignment.expression.sql(dialect=DuckDBDialect)
            assignment.set("expression", exp.Var(this=written_once(value, field)))


def _insert(tree: exp.Insert, source: str, bound: Any, fields: list[TableFieldSchema], context: Any) -> str:
    columns = [f"c{index}" for index in range(len(fields))]
    given = context.cursor.sql(source, params=bound).types
    if len(given) != len(fields):
        raise BigQueryError(
            "invalidQuery", f"Inserted row has wrong column count; Has {len(given)}, expected {len(fields)}"
        )
    named = [positional(*each) for each in zip(columns, fields, given, strict=True)]
    checks = ", ".join(written_column(column, field) for column, field in zip(columns, fields, strict=True))
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    return (
        f"INSERT INTO {target.sql(dialect=DuckDBDialect)} ({', '.join(quote(field.name) for field in fields)}) "  # noqa: S608
        f"SELECT {checks} FROM {typed_rows(source, fields, named)}"
    )

"""Bridge for table functions that declare their columns: CREATE TABLE FUNCTION … RETURNS TABLE<…>."""

from typing import Any

from local_bigquery.catalog import names, routines
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import query
from local_bigquery.sql.dialect import BigQueryDialect, table_body
from local_bigquery.sql.translate import Context, parse, translate
from sqlglot import exp

from warehouse import schemas
from warehouse.coercions import check_assignable

TRIAL = "__table_function"


def declared_columns() -> None:
    """Give a table function the columns that it declares; local-bigquery reports a syntax error for RETURNS TABLE.

    The columns of the query are matched by name, in any order. A column that is not declared is left out.
    """
    upstream = query._run

    def run(cursor: Any, tree: exp.Expr, context: Context, *arguments: Any) -> Any:
        returns = _declaration(tree)
        if returns is None or not isinstance(tree, exp.Create):
            return upstream(cursor, tree, context, *arguments)
        columns, body = returns.this.expressions, table_body(tree).copy()
        returns.pop()
        _check(cursor, tree, context, columns)
        tree.set("expression", _with_columns(body, columns))
        dry_run = arguments[2]
        statistics = upstream(cursor, tree, context, *arguments)
        if not dry_run and statistics.ddlOperationPerformed != "SKIP":
            _record(tree, context, body, columns)
        return statistics

    query._run = run


def _declaration(tree: exp.Expr) -> exp.ReturnsProperty | None:
    """Return RETURNS TABLE of a table function; None for another statement."""
    if not isinstance(tree, exp.Create) or not tree.meta.get("table_function") or table_body(tree) is None:
        return None
    returns = tree.find(exp.ReturnsProperty)
    return returns if returns is not None and returns.args.get("is_table") else None


def _check(cursor: Any, tree: exp.Create, context: Context, columns: list[exp.ColumnDef]) -> None:
    """Raise BigQueryError when the query lacks a declared column, or has it with a type that does not fit."""
    produced = _produced(cursor, tree, context)
    for column in columns:
        kind = produced.get(column.name.casefold())
        if kind is None:
            raise BigQueryError(
                "invalidQuery",
                f"Column {column.name} is declared in RETURNS TABLE, but the query of the table function has no such "
                "column",
            )
        check_assignable(schemas.from_definition(column, query._evaluator(cursor)), kind)


def _produced(cursor: Any, tree: exp.Create, context: Context) -> dict[str, Any]:
    """Return the DuckDB types of the query's columns, by their names in lower case.

    DuckDB knows them only for a call. So the function is made under a temporary name, called with NULLs, and dropped.
    """
    trial = tree.copy()
    trial.meta["table_function"] = True
    trial.set("exists", False)
    trial.set("properties", exp.Properties(expressions=[exp.TemporaryProperty()]))
    trial.this.set("this", exp.to_table(TRIAL))
    values = [_null(each.kind).sql(dialect=BigQueryDialect) for each in tree.this.expressions]
    cursor.execute(*translate(trial, context))
    try:
        [call] = parse(f"SELECT * FROM {TRIAL}({', '.join(values)})")  # noqa: S608 our name and NULLs
        sql, bound = translate(call, context)
        relation = cursor.sql(sql, params=bound)
        return {name.casefold(): kind for name, kind in zip(relation.columns, relation.types, strict=True)}
    finally:
        cursor.execute(f"DROP MACRO TABLE temp.{TRIAL}")


def _null(kind: exp.DataType) -> exp.Expression:
    return exp.null() if kind.is_type("variant") else exp.cast(exp.null(), kind.copy())


def _with_columns(body: exp.Query, columns: list[exp.ColumnDef]) -> exp.Query:
    """Return the query with only the declared columns. They are qualified: a parameter can have the same name."""
    items = [
        exp.alias_(exp.cast(exp.column(each.name, "q", quoted=True), each.args["kind"].copy()), each.name)
        for each in columns
    ]
    return exp.select(*items).from_(exp.Subquery(this=body.copy(), alias=exp.TableAlias(this=exp.to_identifier("q"))))


def _record(tree: exp.Create, context: Context, body: exp.Query, columns: list[exp.ColumnDef]) -> None:
    """Store the declaration, and the query as the user wrote it."""
    reference = names.reference(tree.find(exp.Table), context.project_id, context.dataset_id)
    fields = [{"name": each.name, "type": routines.data_type(each.kind)} for each in columns]
    declared = {"returnTableType": {"columns": fields}, "definitionBody": body.sql(dialect=BigQueryDialect)}
    routines.save(*reference, routines.get(*reference).replace(**declared))

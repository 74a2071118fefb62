"""Bridges for CREATE TABLE."""

from typing import Any, TypeGuard

from local_bigquery.catalog import ddl, metadata, names, tabledata, tables
from local_bigquery.engine import database, results, types
from local_bigquery.engine.database import quote
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import query
from local_bigquery.models import JobStatistics2, Table, TableFieldSchema
from local_bigquery.sql.translate import Context, translate
from sqlglot import exp

from warehouse import layouts, schemas
from warehouse.checks import typed_rows, written
from warehouse.coercions import check_assignable
from warehouse.names_by_case import refuse_other_case
from warehouse.semantics.rules.statements import check_column_names
from warehouse.transactions import refuse_in_transaction, transaction


def atomic() -> None:
    """Run CREATE TABLE in one transaction, so that a statement that fails leaves the old table as it was.

    local-bigquery first creates an empty table and then inserts the rows: a failing query of CREATE OR REPLACE TABLE
    t (columns) AS left t empty, and a query that reads t found no rows. It also ignores LIKE, and what the source
    of COPY and CLONE knows besides the rows.
    """
    upstream = query._run

    def run(
        cursor: Any, tree: exp.Expression, context: Context, destination: Any, config: Any, dry: bool, isolated: bool
    ) -> Any:
        if not dry and _succeeds_beside_another(tree):
            refuse_other_case(*_reference(tree, context))
        if dry or not isinstance(tree, exp.Create) or not _permanent_table(tree):
            return upstream(cursor, tree, context, destination, config, dry, isolated)
        statistics = query._ddl(tree, context).replace(statementType=query.statement_type(tree))
        if statistics.ddlOperationPerformed == "SKIP":
            return upstream(cursor, tree, context, destination, config, dry, isolated)
        refuse_in_transaction(cursor, "CREATE TABLE")
        evaluate = query._evaluator(cursor)
        source = _source(tree, context)
        resource = tables.load(*source).only("schema", *tables.LAYOUT, "description", "labels") if source else Table()
        fields = schemas.declared(tree.this, evaluate) or tables.fields(resource)
        reference = _reference(tree, context)
        names.fields(fields)
        with database.writing(*reference):
            _create(cursor, tree, context, reference, fields)
            ddl.apply(tree, context.project_id, context.dataset_id, evaluate)
            if source:
                own = metadata.load(Table, *reference) or Table()
                tables.record(*reference, own.replace(**resource.dump() | own.without("schema").dump()))
        return _with_schema(statistics, cursor, tree, context)

    query._run = run


def ingestion_time() -> None:
    """Give a table that the API creates with ingestion-time partitions its pseudo column _PARTITIONTIME."""
    upstream = tables.create

    def create(project_id: str, dataset_id: str, body: Table, translate_view: Any) -> Table:
        created: Table = upstream(project_id, dataset_id, body, translate_view)
        partitioned = body.timePartitioning and not body.timePartitioning.field
        if partitioned and tables.fields(body) and not body.view:
            table = tables.name(project_id, dataset_id, body.tableReference.tableId)
            database.execute(f"ALTER TABLE {table} ADD COLUMN {schemas.INGESTION_TIME}")
        return created

    tables.create = tabledata.create = create


def write(
    cursor: Any,
    table: str,
    fields: list[TableFieldSchema],
    sql: str,
    bound: Any,
    hidden: bool = False,
    create: str = "CREATE OR REPLACE TABLE",
) -> int:
    """Create `table` with the fields from the rows of a query, matched by position; return the number of rows.

    It is one statement, so the query can read the old table. Call it in a transaction. Raises BigQueryError or
    duckdb.Error. `hidden` adds the column of ingestion-time partitions.
    """
    produced = cursor.sql(sql, params=bound).types
    if len(produced) != len(fields):
        raise BigQueryError(
            "invalidQuery",
            f"The number of columns in the column definition list ({len(fields)}) does not match the number of "
            f"columns produced by the query ({len(produced)})",
        )
    values = []
    for index, (field, kind) in enumerate(zip(fields, produced, strict=True)):
        check_assignable(field, kind)
        values.append(positional(f"c{index}", field, kind))
    checked = ", ".join(f"{written(f'c{i}', field)} AS {quote(field.name)}" for i, field in enumerate(fields))
    moment = f", date_trunc('day', current_timestamp) AS {quote(tables.INGESTION_TIME)}" if hidden else ""
    written_rows = cursor.execute(
        f"{create} {table} AS SELECT {checked}{moment} FROM {typed_rows(sql, fields, values)}",  # noqa: S608 quoted names
        bound,
    ).fetchone()
    for field in fields:
        if field.mode == "REQUIRED":
            cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {quote(field.name)} SET NOT NULL")
        if value := schemas.default(field):
            cursor.execute(f"ALTER TABLE {table} ALTER COLUMN {quote(field.name)} SET DEFAULT {value}")
    return int(written_rows[0])


def positional(value: str, field: TableFieldSchema, kind: Any, depth: int = 0) -> str:
    """Return SQL that gives the fields of a STRUCT value the names of the column's fields, by position.

    DuckDB matches the fields by name: STRUCT(1 AS b, 2 AS a) would arrive in a STRUCT<a, b> the other way round.
    """
    if kind.id in ("list", "array"):
        variable = f"p{depth}"
        inner = positional(variable, field, kind.children[0][1], depth + 1)
        return value if inner == variable else f"list_transform({value}, lambda {variable}: {inner})"
    if kind.id != "struct" or not field.fields:
        return value
    children = list(zip(field.fields, kind.children, strict=False))
    if len(field.fields) != len(kind.children):
        raise BigQueryError(
            "invalidQuery",
            f"The value of column {field.name} has {len(kind.children)} fields, but the column has {len(field.fields)}",
        )
    if all(child.name.casefold() == name.casefold() for child, (name, _) in children):
        inner_same = [positional("x", child, sub, depth + 1) == "x" for child, (_, sub) in children]
        if all(inner_same):
            return value
    parts = [
        f"{quote(child.name)} := {positional(f'{value}.{quote(name)}', child, sub, depth)}"
        for child, (name, sub) in children
    ]
    return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({', '.join(parts)}) END"


def _succeeds_beside_another(tree: exp.Expression) -> TypeGuard[exp.Create]:
    """Return whether a statement creates a permanent table or view, and succeeds if there is one with the same name."""
    if not isinstance(tree, exp.Create) or not (tree.args.get("replace") or tree.args.get("exists")):
        return False
    return tree.args.get("kind") == "VIEW" or _permanent_table(tree)


def _permanent_table(tree: exp.Create) -> bool:
    return (
        tree.args.get("kind") == "TABLE"
        and tree.find(exp.TemporaryProperty) is None
        and not tree.meta.get("table_function")
        and not tree.find(exp.ExternalProperty)
    )


def _reference(tree: exp.Create, context: Context) -> tuple[str, str, str]:
    reference: tuple[str, str, str] = names.reference(tree.find(exp.Table), context.project_id, context.dataset_id)
    return reference


def _source(tree: exp.Create, context: Context) -> tuple[str, str, str] | None:
    """Return the table of LIKE, COPY or CLONE."""
    like = tree.find(exp.LikeProperty)
    clone = tree.args.get("clone")
    table = like.this if like else clone.this if clone else None
    return names.reference(table, context.project_id, context.dataset_id) if table is not None else None


def _create(
    cursor: Any,
    tree: exp.Create,
    context: Context,
    reference: tuple[str, str, str],
    fields: list[TableFieldSchema],
) -> None:
    translate(_definition(tree), context)  # refuses invalid names and types
    hidden = layouts.by_ingestion_time(tree)
    table = tables.name(*reference)
    rows = tree.expression
    clone = tree.args.get("clone")
    if clone is not None:
        rows = exp.select("*").from_(clone.this.copy())
    create = "CREATE OR REPLACE TABLE" if tree.args.get("replace") else "CREATE TABLE"
    with transaction(cursor):
        if rows is None:
            columns = [schemas.column(field) for field in fields] + [schemas.INGESTION_TIME] * hidden
            layouts.check(tree, fields)
            cursor.execute(f"{create} {table} ({', '.join(columns)})")
            return
        sql, bound = _select(rows, clone, context)
        if not fields:
            check_column_names(rows)
            fields = _produced(cursor, sql, bound)
        layouts.check(tree, fields)
        write(cursor, table, fields, sql, bound, hidden, create)


def _select(rows: exp.Expression, clone: exp.Expression | None, context: Context) -> tuple[str, Any]:
    """Return the SQL of the new rows. A copy reads its whole source, even if queries of it need a partition filter."""
    if clone is not None and not clone.this.args.get("version") and not clone.this.args.get("when"):
        source = names.reference(clone.this, context.project_id, context.dataset_id)
        return f"SELECT * FROM {tables.name(*source)}", None  # noqa: S608 quoted names
    sql, bound = translate(rows, context)
    return sql, bound


def _definition(tree: exp.Create) -> exp.Create:
    """Return the statement without its rows and constraints that DuckDB does not know, for the checks of its names."""
    kept = {key: value for key, value in tree.args.items() if key not in ("expression", "clone", "properties")}
    return exp.Create(**{key: value.copy() if isinstance(value, exp.Expr) else value for key, value in kept.items()})


def _produced(cursor: Any, sql: str, bound: Any) -> list[TableFieldSchema]:
    """Return the fields of a query's rows."""
    relation = cursor.sql(sql, params=bound)
    pairs = zip(results.unique(relation.columns), relation.types, strict=True)
    fields = [types.field(name, kind) for name, kind in pairs if name != tables.INGESTION_TIME]
    names.fields(fields)
    return fields


def _with_schema(statistics: JobStatistics2, cursor: Any, tree: exp.Create, context: Context) -> JobStatistics2:
    result: JobStatistics2 = query._with_schema(
        statistics, query._result_schema(cursor, tree, context, statistics, False)
    )
    return result

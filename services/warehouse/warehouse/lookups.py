"""Looks up one table in DuckDB's catalog without reading the whole catalog.

duckdb_tables() and duckdb_columns() read every table of every project, also the stored results of queries, so each
look-up took longer with every table. One statement makes several look-ups.
"""

import json
from typing import Any

import duckdb
from local_bigquery.catalog import names, tabledata, tables
from local_bigquery.engine import database, types
from local_bigquery.errors import not_found
from local_bigquery.models import TableFieldSchema
from local_bigquery.sql.rules import partitions
from sqlglot import exp

Object = tuple[str, str, int]  # name, TABLE or VIEW, rows
Path = tuple[str, str, str]  # catalog, schema, table
VIEW = (
    "SELECT view_name, 'VIEW', 0 FROM duckdb_views() "
    "WHERE database_name = ? AND schema_name = ? AND view_name = ? AND NOT internal"
)


def one_object() -> None:
    """Look up one table or view directly. The number of rows of a table is 0 then: row_counts counts them."""
    upstream = database.objects

    def objects(project_id: str, dataset_id: str | None, table_id: str | None = None) -> list[Object]:
        if table_id is None or dataset_id is None:  # a temporary table has no dataset
            return list(upstream(project_id, dataset_id, table_id))
        path = (project_id, dataset_id, table_id)
        try:
            stored = _stored_name(path)
        except duckdb.Error:  # DuckDB cannot show the plan
            return list(upstream(*path))
        if stored == path:
            return [(table_id, "TABLE", 0)]
        views: list[Object] = database.fetch(VIEW, list(path))
        return views if views or stored is None else list(upstream(*path))

    database.objects = objects


def one_schema() -> None:
    """Look up the columns of one table directly."""
    tables.columns = tabledata.columns = columns


def one_hidden_column() -> None:
    """Look up the pseudo column _PARTITIONTIME in its table directly."""
    upstream = partitions._hidden

    def hidden(table: exp.Table) -> bool:
        if not (table.catalog and table.db) or not isinstance(table.this, exp.Identifier):
            return False
        try:
            with database.cursor() as cursor:
                described = _described(cursor, database.quote(table.catalog, table.db, table.name))
        except duckdb.Error:  # a missing table, or a view whose tables are gone
            return bool(upstream(table))
        return tables.INGESTION_TIME in described

    partitions._hidden = hidden


def columns(project_id: str, dataset_id: str, table_id: str) -> list[TableFieldSchema]:
    """Return the columns of a table or view. Raises BigQueryError when it does not exist."""
    table = tables.name(project_id, dataset_id, table_id)
    with database.cursor() as cursor:
        try:
            relation = cursor.sql(f"SELECT * FROM {table} LIMIT 0")  # noqa: S608 a quoted name
            required = _described(cursor, table)
        except duckdb.CatalogException:
            raise not_found("Table", names.label(project_id, dataset_id, table_id)) from None
        return [
            types.field(column, kind, required.get(column, False))
            for column, kind in zip(relation.columns, relation.types, strict=True)
            if column != tables.INGESTION_TIME or dataset_id == tables.RESULTS
        ]


def _stored_name(path: Path) -> Path | None:
    """Return the path of the table that DuckDB finds for `path`, as it was created; None when it finds none.

    DuckDB ignores the case of a name, and BigQuery does not. The plan of a query holds the name as it was created.
    The plan of a view is that of its query, which never reads a table of the view's own name. Raises duckdb.Error.
    """
    [(text,)] = database.fetch("SELECT json_serialize_plan(?)", [f"SELECT 1 FROM {database.quote(*path)}"])  # noqa: S608
    plan: Any = json.loads(text)
    if plan["error"]:
        if plan.get("error_subtype") == "MISSING_ENTRY":
            return None
        raise duckdb.Error(plan["error_message"])
    scan = plan["plans"][0]["children"][0].get("function_data") or {}
    return scan.get("catalog", ""), scan.get("schema", ""), scan.get("table", "")


def _described(cursor: Any, table: str) -> dict[str, bool]:
    """Return for each column of a table or view whether it is NOT NULL. Raises duckdb.Error for a missing table."""
    rows = cursor.execute('SELECT name, "notnull" FROM pragma_table_info(?)', [table]).fetchall()
    return dict(rows)

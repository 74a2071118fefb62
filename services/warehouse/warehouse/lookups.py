"""Looks up one table in DuckDB's catalog without reading the whole catalog.

duckdb_tables() and duckdb_columns() read every table of every project, also the stored results of queries, so each
look-up took longer with every table. So does an error about a missing table, which proposes similar names. One
statement makes several look-ups.
"""

import json
from typing import Any

import duckdb
from duckdb import _seam
from local_bigquery.catalog import datasets, metadata, names, row_access, tabledata, tables
from local_bigquery.engine import database, types
from local_bigquery.errors import not_found
from local_bigquery.models import TableFieldSchema
from local_bigquery.sql.rules import partitions
from sqlglot import exp

from warehouse import query_results
from warehouse.kept_columns import kept_columns
from warehouse.memory import kept
from warehouse.watched import DEFINITIONS

Object = tuple[str, str, int]  # name, TABLE or VIEW, rows
Path = tuple[str, str, str]  # catalog, schema, table
# lower() folds letters that DuckDB's names distinguish (Ö and ö), so the exact name comes first.
NAME_AS_CREATED = (
    "SELECT {0}_name FROM duckdb_{0}s() "
    "WHERE database_name = $1 AND schema_name = $2 AND lower({0}_name) = lower($3) AND NOT internal "
    "ORDER BY {0}_name <> $3"
)
POLICIES = metadata.KINDS[metadata.RowAccessPolicy]


def one_object() -> None:
    """Look up one table or view directly. The number of rows of a table is 0 then: row_counts counts them."""
    upstream = database.objects

    def objects(project_id: str, dataset_id: str | None, table_id: str | None = None) -> list[Object]:
        if table_id is None or dataset_id is None:  # a temporary table has no dataset
            return list(upstream(project_id, dataset_id, table_id))
        path = (project_id, dataset_id, table_id)
        if dataset_id == tables.RESULTS:
            return found(path)
        return list(kept.get(DEFINITIONS, ("object", path), lambda: found(path)))

    def found(path: Path) -> list[Object]:
        kind = _kind(path)
        if kind == "none":
            return []
        if kind == "view":
            return [(path[2], "VIEW", 0)] if name_as_created(path) == path[2] else list(upstream(*path))
        try:
            stored = _result(path)[0] if path[1] == tables.RESULTS else _stored_name(path)
        except duckdb.Error:  # DuckDB cannot show the plan
            return list(upstream(*path))
        if stored == path:
            return [(path[2], "TABLE", 0)]
        return [] if stored is None else list(upstream(*path))

    database.objects = objects


def one_dataset() -> None:
    """Remember whether a dataset exists: each reference to a table asks, and DuckDB reads the list of all schemas."""
    upstream = datasets.exists

    def exists(project_id: str, dataset_id: str) -> bool:
        path = (project_id, dataset_id)
        return bool(kept.get(DEFINITIONS, ("dataset", path), lambda: upstream(project_id, dataset_id)))

    datasets.exists = exists


def one_schema() -> None:
    """Look up the columns of one table directly."""
    tables.columns = tabledata.columns = columns


def one_hidden_column() -> None:
    """Look up the pseudo column _PARTITIONTIME in its table directly."""
    upstream = partitions._hidden

    def hidden(table: exp.Table) -> bool:
        if not (table.catalog and table.db) or not isinstance(table.this, exp.Identifier):
            return False
        path = (table.catalog, table.db, table.name)
        return bool(kept.get(DEFINITIONS, ("hidden", path), lambda: read(path, table)))

    def read(path: Path, table: exp.Table) -> bool:
        try:
            found = kept_columns(database.quote(*path))
        except duckdb.Error:  # a missing table, or a view whose tables are gone
            return bool(upstream(table))
        return any(column == tables.INGESTION_TIME for column, _ in found)

    partitions._hidden = hidden


def remembered_resources() -> None:
    """Read a resource of the catalog from memory: DuckDB needs half a millisecond of CPU for it."""
    upstream_save, upstream_delete = metadata.save, metadata.delete
    upstream_secured = row_access.secured

    def load(model: Any, *keys: str) -> Any:
        kind = metadata.KINDS[model]
        text = kept.get(kind, keys, lambda: _resource(kind, keys))
        return model.model_validate_json(text) if text else None

    def save(resource: Any, *keys: str) -> Any:
        try:
            return upstream_save(resource, *keys)
        finally:
            forget(metadata.KINDS[type(resource)], keys)

    def delete(model: Any, *keys: str) -> None:
        try:
            upstream_delete(model, *keys)
        finally:
            forget(metadata.KINDS[model], keys)

    def forget(kind: str, keys: tuple[str, ...]) -> None:
        whole = kind != POLICIES and len(keys) == len(database.RESOURCES[kind])
        kept.forget(kind, keys if whole else None)

    def secured() -> Any:
        return kept.get(POLICIES, "tables", upstream_secured)

    metadata.load, metadata.save, metadata.delete, row_access.secured = load, save, delete, secured


def columns(project_id: str, dataset_id: str, table_id: str) -> list[TableFieldSchema]:
    """Return the columns of a table or view. Raises BigQueryError when it does not exist."""
    path = tables.physical(project_id, dataset_id, table_id)
    label = names.label(project_id, dataset_id, table_id)
    if dataset_id == tables.RESULTS:
        return _columns(path, label)
    return list(kept.get(DEFINITIONS, ("columns", path), lambda: _columns(path, label)))


def _columns(path: Path, label: str) -> list[TableFieldSchema]:
    kind = _kind(path)
    if kind == "none":
        raise not_found("Table", label)
    table = database.quote(*path)
    try:
        if path[1] == tables.RESULTS:
            return _result(path)[1]
        found = kept_columns(table)
        required = _required(table) if kind == "table" else {}
    except duckdb.CatalogException:
        raise not_found("Table", label) from None
    return [
        types.field(column, kind, required.get(column, False))
        for column, kind in found
        if column != tables.INGESTION_TIME
    ]


def name_as_created(path: Path) -> str | None:
    """Return the name of the table or view that DuckDB finds for a name in any case, as it was created, or None."""
    kind = _kind(path)
    if kind == "none":
        return None
    if kind == "table":  # the plan of a view would be that of its query, and of the views in it
        try:
            stored = _stored_name(path)
        except duckdb.Error:  # DuckDB cannot show the plan
            pass
        else:
            return stored[-1] if stored else None
    named = database.fetch(NAME_AS_CREATED.format(kind), list(path))
    return str(named[0][0]) if named else None


def _result(path: Path) -> tuple[Path | None, list[TableFieldSchema]]:
    """Return the path of a query's result as it was created, and its columns, which are never NOT NULL."""
    return query_results.described(path, lambda: _stored_name(path))[:2]


def _resource(kind: str, keys: tuple[str, ...]) -> str | None:
    where = metadata._where(kind, len(keys))
    rows = database.fetch(f"SELECT resource FROM emulator.{kind} WHERE {where}", list(keys))  # noqa: S608 names of ours
    return rows[0][0] if rows else None


def _kind(path: Path) -> str:
    """Return what DuckDB finds for a name in any case, `table`, `view` or `none`, without reading other names."""
    with database.cursor() as cursor:
        return _seam.table_kind(cursor, path)


def _stored_name(path: Path) -> Path | None:
    """Return the path of the table that DuckDB finds for `path`, as it was created; None when it finds none.

    DuckDB ignores the case of a name, and BigQuery does not. The plan of a query holds the name as it was created.
    Raises duckdb.Error.
    """
    [(text,)] = database.fetch("SELECT json_serialize_plan(?)", [f"SELECT 1 FROM {database.quote(*path)}"])  # noqa: S608
    plan: Any = json.loads(text)
    if plan["error"]:
        if plan.get("error_subtype") == "MISSING_ENTRY":
            return None
        raise duckdb.Error(plan["error_message"])
    scan = plan["plans"][0]["children"][0].get("function_data") or {}
    return scan.get("catalog", ""), scan.get("schema", ""), scan.get("table", "")


def _required(table: str) -> dict[str, bool]:
    """Return for each column of a table whether it is NOT NULL. Raises duckdb.Error for a missing table."""
    return dict(database.fetch('SELECT name, "notnull" FROM pragma_table_info(?)', [table]))

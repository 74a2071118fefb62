"""Bridges for the results of queries. Each result is stored as a table and read once or twice within seconds."""

from collections.abc import Callable
from typing import Any

from local_bigquery.catalog import names, tabledata, tables
from local_bigquery.engine import database, results, types
from local_bigquery.errors import not_found
from local_bigquery.models import TableFieldSchema

from warehouse.memory import kept

RESULTS = "results"
Path = tuple[str, str, str]  # catalog, schema, table
Column = tuple[str, Any]  # name, DuckDB's type
Described = tuple[Path | None, list[TableFieldSchema], list[Column]]


def described(path: Path, stored: Callable[[], Path | None]) -> Described:
    """Return a result's path as it was created, and its columns, which are never NOT NULL. Raises duckdb.Error."""
    name = database.quote(*path)

    def read() -> Described:
        created = stored()
        with database.cursor() as cursor:
            relation = cursor.sql(f"SELECT * FROM {name} LIMIT 0")  # noqa: S608 a quoted name
            columns = list(zip(relation.columns, relation.types, strict=True))
            return created, [types.field(*column) for column in columns], columns

    return kept.get(RESULTS, name.casefold(), read)


def remembered() -> None:
    """Keep the columns of a query's result until it is written again: its client asks for them three times."""
    upstream = results.materialise

    def materialise(cursor: Any, query: str, name: str, *args: Any, **kwargs: Any) -> None:
        try:
            upstream(cursor, query, name, *args, **kwargs)
        finally:
            kept.forget(RESULTS, name.casefold())

    results.materialise = materialise


def bound_once() -> None:
    """Ask DuckDB once for the types of a query's result: binding a query often takes longer than running it."""
    upstream = tables.write

    def write(
        cursor: Any,
        sql: str,
        params: Any,
        reference: Path,
        config: Any,
        default: str = "WRITE_EMPTY",
        prefix: str = "Invalid schema update. ",
        isolated: bool = False,
    ) -> Any:
        path = tables.physical(*reference)
        if isolated or reference[1] != tables.RESULTS or database.objects(*path):
            return upstream(cursor, sql, params, reference, config, default, prefix, isolated)
        relation = cursor.sql(sql, params=params)
        columns = list(zip(results.unique(relation.columns), relation.types, strict=True))
        changes = tables.layout(relation.columns, config, config.writeDisposition or default)
        positions = [f"c{index}" for index in range(len(columns))]
        selected = ", ".join(
            f"{results._without_null_elements(types.cast(position, kind), column, kind)} AS {database.quote(column)}"
            for position, (column, kind) in zip(positions, columns, strict=True)
        )
        name = tables.name(*reference)
        try:
            cursor.execute(
                f"CREATE OR REPLACE TABLE {name} AS SELECT {selected} FROM ({sql}) AS q({', '.join(positions)})",  # noqa: S608
                params,
            )
        finally:  # an earlier result may have had the same job id
            kept.forget(RESULTS, name.casefold())
        described(path, lambda: path)
        tables.annotate(reference, changes)
        return True

    tables.write = write


def few_statements() -> None:
    """Read the first page of a table with one statement: local-bigquery describes the table twice and counts its rows.

    The number of rows is that of the page when the page is not full.
    """
    upstream_load = tabledata.load

    def load(project_id: str, dataset_id: str, table_id: str) -> Any:
        if dataset_id != tables.RESULTS:
            return upstream_load(project_id, dataset_id, table_id)
        if not database.objects(*tables.physical(project_id, dataset_id, table_id)):
            raise not_found("Table", names.label(project_id, dataset_id, table_id))
        return None

    def page(
        cursor: Any,
        source: str,
        max_results: int | None = None,
        start: int = 0,
        fields: list[str] | None = None,
        int64_timestamps: bool = True,
    ) -> results.Page:
        limit = results.DEFAULT_PAGE_SIZE if max_results is None else max_results
        found = [column for column in _columns(cursor, source) if not fields or column[0].casefold() in fields]
        projection = ", ".join(database.quote(name) for name, _ in found) or "NULL"
        rows = cursor.execute(
            f"SELECT {types.row(found, int64_timestamps)} FROM (SELECT {projection} FROM {source} ORDER BY rowid "  # noqa: S608
            f"LIMIT {limit} OFFSET {start})"
        ).fetchall()
        end = start + len(rows)
        whole = start == 0 and len(rows) < limit
        total = end if whole else cursor.execute(f"SELECT count(*) FROM {source}").fetchone()[0]  # noqa: S608
        return results.Page([row for (row,) in rows], total, str(end) if end < total else None)

    tabledata.load, results.page = load, page


def _columns(cursor: Any, source: str) -> list[Column]:
    """Return the columns of a table; those of a result from memory."""
    prefix = database.quote("emulator", tables.RESULTS) + "."
    if source.startswith(prefix):
        path = ("emulator", tables.RESULTS, source.removeprefix(prefix)[1:-1].replace('""', '"'))
        return described(path, lambda: path)[2]
    relation = cursor.sql(f"SELECT * FROM {source} LIMIT 0")  # noqa: S608 a quoted name
    return list(zip(relation.columns, relation.types, strict=True))

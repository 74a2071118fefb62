"""Estimates how many bytes a statement reads, as BigQuery counts them: the sizes of the columns that it names."""

from contextvars import ContextVar
from functools import lru_cache, reduce
from typing import Any

import duckdb
from local_bigquery.api import jobs as api_jobs
from local_bigquery.catalog import metadata, names, tables
from local_bigquery.engine import database
from local_bigquery.errors import STATUSES, BigQueryError
from local_bigquery.jobs import query, runner
from local_bigquery.models import JobStatistics, Table, TableFieldSchema
from local_bigquery.sql.translate import parse
from sqlglot import exp

from warehouse.memory import kept
from warehouse.watched import ROWS

SAMPLE_ROWS = 1000  # the size of text is measured on the first rows
MINIMUM_BILLED = 10 << 20  # bytes; BigQuery bills at least 10 MiB
FIXED = {"BOOLEAN": 1, "NUMERIC": 16, "BIGNUMERIC": 32, "INTERVAL": 16, "RANGE": 16}
TEXT = {"STRING": "strlen", "BYTES": "octet_length", "JSON": "strlen"}
WHOLE_TARGET = exp.Update | exp.Delete | exp.Merge  # these read every column of the table that they change


def estimates() -> None:
    """Report `totalBytesProcessed`, also of a dry run, and refuse a query above `maximumBytesBilled`.

    local-bigquery reports 0 and ignores the limit. The figure is an estimate: every row of each column that the
    statement names, without the pruning of partitions, and the size of text from the first 1,000 rows.
    """
    STATUSES["bytesBilledLimitExceeded"] = (400, "INVALID_ARGUMENT")
    upstream_statement, upstream_done, upstream_results = query._statement, runner._done, api_jobs.results

    def statement(
        cursor: Any, tree: Any, context: Any, destination: Any, config: Any, dry_run: bool, isolated: bool
    ) -> Any:
        read = of_statement(tree, context.project_id, context.dataset_id, context.temporary)
        _check(read, config.maximumBytesBilled)
        statistics = upstream_statement(cursor, tree, context, destination, config, dry_run, isolated)
        return statistics.replace(totalBytesProcessed=str(read), totalBytesBilled=str(0 if dry_run else _billed(read)))

    def done(job: Any, statistics: JobStatistics, error: Any = None) -> Any:
        finished = upstream_done(job, statistics, error)
        found = finished.statistics.query
        if found is None:
            return finished
        total = found.totalBytesProcessed or "0"
        return finished.replace(statistics=finished.statistics.replace(totalBytesProcessed=total))

    def results(job: Any, *args: Any) -> Any:
        payload, rows = upstream_results(job, *args)
        if "totalBytesProcessed" in payload:
            payload["totalBytesProcessed"] = job.statistics.query.totalBytesProcessed or "0"
        return payload, rows

    query._statement, runner._done, api_jobs.results = statement, done, results


def dry_runs() -> None:
    """Report the estimate in the answer of `jobs.query` to a dry run: local-bigquery writes 0 there."""
    upstream_dry_run, upstream_with_rows = runner._dry_run, api_jobs.with_rows
    estimate: ContextVar[str | None] = ContextVar("estimate", default=None)

    def dry_run(*args: Any) -> Any:
        job = upstream_dry_run(*args)
        estimate.set(job.statistics.query.totalBytesProcessed)
        return job

    def with_rows(payload: dict[str, Any], rows: list[str]) -> Any:
        found = estimate.get()
        return upstream_with_rows(payload if found is None else payload | {"totalBytesProcessed": found}, rows)

    runner._dry_run, api_jobs.with_rows = dry_run, with_rows


def script_totals() -> None:
    """Report the sum of its statements as the bytes that a script reads."""
    upstream = query.execute

    def execute(*args: Any, **kwargs: Any) -> Any:
        statistics, children, destination = upstream(*args, **kwargs)
        if children:
            total = sum(int(child.totalBytesProcessed or 0) for child in children)
            statistics = statistics.replace(totalBytesProcessed=str(total), totalBytesBilled=str(_billed(total)))
        return statistics, children, destination

    query.execute = execute


def of_statement(tree: exp.Expression, project_id: str, dataset_id: str | None, temporary: set[str]) -> int:
    """Return the estimate for one statement, in bytes; 0 when it reads no stored table."""
    ctes = {cte.alias_or_name.casefold() for cte in tree.find_all(exp.CTE)}
    if isinstance(tree, exp.Drop | exp.Alter | exp.TruncateTable):
        return 0
    target, named = names.target(tree), _named(tree)
    total = 0
    for table in tree.find_all(exp.Table):
        if table is target and not isinstance(tree, WHOLE_TARGET):
            continue
        if not isinstance(table.this, exp.Identifier) or (
            not table.db and (dataset_id is None or _local(table, ctes | temporary))
        ):
            continue
        wanted = None if table is target else named
        reference = names.reference(table, project_id, dataset_id)
        for found in _tables(*reference):
            total += of_table(found, wanted)
    return total


def of_table(reference: tuple[str, str, str], wanted: set[str] | None = None, rows: int | None = None) -> int:
    """Return the size of the wanted columns of a table or of a view's tables; None is every column.

    `rows` is the number of the table's rows if it has been counted.
    """
    stored = metadata.load(Table, *reference)
    if stored and stored.view:
        try:
            trees = _parsed(stored.view.query or "")
        except BigQueryError:
            return 0
        return sum(of_statement(tree, reference[0], reference[1], set()) for tree in trees)
    try:
        columns = tables.columns(*reference)
    except BigQueryError:  # the statement itself reports a missing table
        return 0
    chosen = [field for field in columns if wanted is None or (field.name or "").casefold() in wanted]
    if not chosen or rows == 0:
        return 0
    name = tables.name(*reference)
    fixed = sum(_fixed(field) or 0 for field in chosen)
    widths = [_width(database.quote(field.name or ""), field) for field in chosen if _fixed(field) is None]
    sample = f"SELECT {' + '.join(widths)} AS w FROM (SELECT * FROM {name} LIMIT {SAMPLE_ROWS})"  # noqa: S608
    average = f"(SELECT avg(w) FROM ({sample}))" if widths else "0"  # noqa: S608
    counted = f"(SELECT count(*) FROM {name})" if rows is None else str(rows)  # noqa: S608 a quoted name
    try:
        [(found, width)] = rows_of(reference, f"SELECT {counted}, {average}") if rows is None or widths else [(rows, 0)]
    except duckdb.Error:  # another statement changes the table at this moment
        return 0
    return int(found * (fixed + (width or 0)))


def rows_of(reference: tuple[str, str, str], sql: str) -> Any:
    """Return what `sql` says of the rows of one table, from memory as long as no table is written."""
    if reference[1] == tables.RESULTS:
        return database.fetch(sql)
    return kept.get(ROWS, sql, lambda: database.fetch(sql))


@lru_cache(maxsize=100)
def _parsed(view: str) -> tuple[exp.Expression, ...]:
    """Return the query of a view; nobody may change it."""
    return tuple(parse(view))


def _named(tree: exp.Expression) -> set[str] | None:
    """Return the names of all columns of a statement in lower case; None when it has a `*`."""
    stars = (star for star in tree.find_all(exp.Star) if not isinstance(star.parent, exp.Count))
    if any(stars):
        return None
    # The first part of `a.b.c` may be the table or the column.
    return {part.name.casefold() for column in tree.find_all(exp.Column) for part in column.parts}


def _local(table: exp.Table, names_: set[str]) -> bool:
    return table.name.casefold() in names_


def _tables(project_id: str, dataset_id: str, table_id: str) -> list[tuple[str, str, str]]:
    if not table_id.endswith("*"):
        return [(project_id, dataset_id, table_id)]
    prefix = table_id[:-1]
    found = database.objects(project_id, dataset_id)
    return [(project_id, dataset_id, name) for name, kind, _ in found if kind == "TABLE" and name.startswith(prefix)]


def _fixed(field: TableFieldSchema) -> int | None:
    """Return the size of a value, or None when values differ in size."""
    if field.mode == "REPEATED" or field.type in TEXT or field.type in ("RECORD", "GEOGRAPHY"):
        return None
    return FIXED.get(field.type or "", 8)


def _width(value: str, field: TableFieldSchema, depth: int = 0) -> str:
    """Return the SQL for the size of a value in bytes. An absent value has no size."""
    if field.mode == "REPEATED":
        element = field.replace(mode="NULLABLE")
        each = _width(f"e{depth}", element, depth + 1)
        return f"coalesce(list_sum(list_transform({value}, lambda e{depth}: {each})), 0)"
    if field.type == "RECORD":
        parts = [_width(f"{value}.{database.quote(child.name or '')}", child, depth) for child in field.fields or []]
        return reduce(lambda left, right: f"{left} + {right}", parts, "0")
    if function := TEXT.get(field.type or ""):
        return f"coalesce(2 + {function}({value}), 0)"
    return f"CASE WHEN {value} IS NULL THEN 0 ELSE {FIXED.get(field.type or '', 8)} END"


def _billed(read: int) -> int:
    return max(MINIMUM_BILLED, -(-read // (1 << 20)) << 20) if read else 0


def _check(read: int, limit: str | None) -> None:
    if limit and _billed(read) > int(limit):
        raise BigQueryError(
            "bytesBilledLimitExceeded",
            f"Query exceeded limit for bytes billed: {limit}. {_billed(read)} or higher required.",
        )

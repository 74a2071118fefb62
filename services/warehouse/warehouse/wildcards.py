"""Bridges for wildcard tables."""

from typing import Any

from local_bigquery.catalog import metadata, names
from local_bigquery.catalog import tables as catalog_tables
from local_bigquery.engine import database, types
from local_bigquery.errors import BigQueryError
from local_bigquery.models import Table, TableFieldSchema
from local_bigquery.sql.rules import tables
from local_bigquery.sql.translate import NODE_RULES
from sqlglot import exp

SUFFIX = "_TABLE_SUFFIX"
Reference = tuple[str, str, str]


def newest_schema() -> None:
    """Read every row of the tables of `dataset.prefix_*` with the columns of the newest table, as BigQuery does.

    A column that an older table lacks is NULL in its rows. local-bigquery removes duplicate rows, and fails when the
    tables have different columns.
    """
    upstream = tables.wildcard_table

    def wildcard_table(node: exp.Expression, context: Any) -> Any:
        found = upstream(node, context)
        if found is node:
            return found
        project_id, dataset_id, _ = names.reference(node, context.project_id, context.dataset_id)
        prefix = node.name.rstrip("*")
        references = [
            (project_id, dataset_id, name)
            for name, kind, _ in database.objects(project_id, dataset_id)
            if kind == "TABLE" and name.startswith(prefix)
        ]
        context.referenced.update(references)
        newest = max(references, key=_created)
        wanted = catalog_tables.columns(*newest)
        selects = [_select(reference, wanted, newest, len(prefix)) for reference in references]
        found.set("this", exp.union(*selects, distinct=False) if len(selects) > 1 else selects[0])
        return found

    NODE_RULES[NODE_RULES.index(upstream)] = wildcard_table


def _created(reference: Reference) -> tuple[int, str]:
    stored = metadata.load(Table, *reference)
    return int((stored and stored.creationTime) or 0), reference[2]


def _select(reference: Reference, wanted: list[TableFieldSchema], newest: Reference, start: int) -> exp.Select:
    """Return the rows of one table with the wanted columns, and the end of its name as _TABLE_SUFFIX."""
    there = {(field.name or "").casefold(): field for field in catalog_tables.columns(*reference)}
    columns: list[Any] = []
    for field in wanted:
        name = field.name or ""
        found = there.get(name.casefold())
        if (found and (found.mode == "REPEATED") != (field.mode == "REPEATED")) or (found and found.type != field.type):
            raise BigQueryError(
                "invalidQuery",
                f"Cannot read field of type {field.type} as {found.type}: column {name} of {names.label(*reference)} "
                f"and of the newest table, {names.label(*newest)}",
            )
        column = exp.column(name, quoted=True)
        value = (
            column if found else exp.cast(exp.null(), exp.DataType.build(types.duckdb_type(field), dialect="duckdb"))
        )
        columns.append(exp.alias_(value, name, quoted=True))
    suffix = exp.alias_(exp.Literal.string(reference[2][start:]), SUFFIX)
    return exp.select(*columns, suffix).from_(exp.table_(reference[2], reference[1], reference[0], quoted=True))

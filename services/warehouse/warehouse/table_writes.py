"""Bridges for the tables that load and copy jobs write."""

from typing import Any

import duckdb
from local_bigquery.catalog import names, tables
from local_bigquery.engine import database, results, types
from local_bigquery.errors import BigQueryError, already_exists, not_found
from local_bigquery.jobs import copy
from local_bigquery.models import JobConfigurationQuery, JobConfigurationTableCopy, Table


def declared_columns() -> None:
    """Create the table of a load or copy job with its declared columns, in one transaction.

    local-bigquery creates the table from the rows: REQUIRED columns become NULLABLE, a copy loses partitioning,
    clustering and descriptions, and a failed append leaves the columns that it added.
    """
    upstream = tables.write

    def write(
        cursor: Any,
        query: str,
        params: Any,
        reference: tuple[str, str, str],
        config: Any,
        default: str = "WRITE_EMPTY",
        prefix: str = "Invalid schema update. ",
        isolated: bool = False,
    ) -> Any:
        if isinstance(config, JobConfigurationQuery):
            return upstream(cursor, query, params, reference, config, default, prefix, isolated)
        return _write(cursor, query, reference, config, config.writeDisposition or default, prefix)

    tables.write = write


def _write(
    cursor: Any, query: str, reference: tuple[str, str, str], config: Any, disposition: str, prefix: str
) -> bool:
    """Write the rows of `query` and return whether the table is new.

    Raises BigQueryError or duckdb.Error; the old table is then unchanged.
    """
    relation = cursor.sql(query)
    changes = tables.layout(relation.columns, config, disposition)
    declared = _declared(config)
    fields = tables.fields(declared)
    table, label = tables.name(*reference), names.label(*reference)
    with database.writing(*reference):
        found = tables.exists(*reference)
        if not found and config.createDisposition == "CREATE_NEVER":
            raise not_found("Table", label)
        if found and disposition == "WRITE_EMPTY" and cursor.sql(f"SELECT 1 FROM {table} LIMIT 1").fetchall():  # noqa: S608
            raise already_exists("Table", label)
        append = found and disposition == "WRITE_APPEND"
        cursor.execute("BEGIN")
        try:
            if append:
                tables.evolve(cursor, reference, relation, getattr(config, "schemaUpdateOptions", None), prefix)
            elif fields:
                cursor.execute(f"CREATE OR REPLACE TABLE {table} ({', '.join(map(types.column, fields))})")
            results.materialise(cursor, query, table, append=append or bool(fields))
            cursor.execute("COMMIT")
        except duckdb.ConstraintException as error:
            cursor.execute("ROLLBACK")
            column = str(error).rpartition(".")[2]
            raise BigQueryError(
                "invalid",
                "Error while reading data, error message: Only optional fields can be set to NULL. "
                f"Field: {column}; Value: NULL",
            ) from error
        except Exception:
            cursor.execute("ROLLBACK")
            raise
    tables.annotate(reference, changes if append else declared.merged(changes))
    return not append


def _declared(config: Any) -> Table:
    """Return the declared schema of a load, or the schema and layout of the first source of a copy."""
    if not isinstance(config, JobConfigurationTableCopy):
        return Table(schema=config.schema_) if config.schema_ else Table()
    source = tables.reference((config.sourceTables or [config.sourceTable])[0])
    if copy.decorated(*source):  # a time in the past, when the table may have had other columns
        return Table()
    return tables.load(*source).only("schema", *tables.LAYOUT)

"""Bridges for the tables that load, copy and query jobs write."""

import re
from dataclasses import dataclass, replace
from typing import Any

import duckdb
from local_bigquery import errors
from local_bigquery.catalog import metadata, names, tables
from local_bigquery.engine import database, results, types
from local_bigquery.engine.database import quote
from local_bigquery.errors import BigQueryError, already_exists, not_found
from local_bigquery.jobs import copy, query
from local_bigquery.models import JobConfigurationQuery, JobConfigurationTableCopy, Table, TableFieldSchema

from warehouse import create_tables, evolution, schemas
from warehouse.checks import typed_rows, written_column
from warehouse.copy_jobs import partition_condition, without_partition
from warehouse.names_by_case import refuse_other_case
from warehouse.transactions import transaction

Reference = tuple[str, str, str]
Fields = list[TableFieldSchema]
MOMENT = TableFieldSchema(name=tables.INGESTION_TIME, type="TIMESTAMP", mode="NULLABLE")


@dataclass(frozen=True)
class Write:
    """What a job writes: the rows of a query into a table.

    `declared` has the fields and layout of a new table; its fields are the query's columns, in this order. Without
    fields they come from the query. `prefix` starts the message of an error about the schema.
    """

    cursor: Any
    sql: str
    params: Any
    reference: Reference
    config: Any
    disposition: str
    declared: Table
    prefix: str


@dataclass(frozen=True)
class Stored:
    """What a job wrote: whether the table is new, and the number of rows."""

    created: bool
    rows: int


def declared_columns() -> None:
    """Write the table of a load, copy or query job with its declared columns, in one transaction.

    local-bigquery creates the table from the rows: REQUIRED columns become NULLABLE, a copy loses partitioning,
    clustering and descriptions, a failed append leaves the columns that it added, and new nested fields are lost.
    """
    upstream = tables.write

    def write(
        cursor: Any,
        sql: str,
        params: Any,
        reference: Reference,
        config: Any,
        default: str = "WRITE_EMPTY",
        prefix: str = "Invalid schema update. ",
        isolated: bool = False,
    ) -> Any:
        if reference[1] == tables.RESULTS:  # rows of a query without a destination
            return upstream(cursor, sql, params, reference, config, default, prefix, isolated)
        if isinstance(config, JobConfigurationTableCopy):
            declared = _copied(config)
        else:
            declared = Table(schema=config.schema_) if getattr(config, "schema_", None) else Table()
        disposition = config.writeDisposition or default
        return store(Write(cursor, sql, params, reference, config, disposition, declared, prefix)).created

    tables.write = write


def partition_destination() -> None:
    """Return the table of a query job that writes one partition: `table$20240131` is no name of a table."""
    upstream = query.execute

    def execute(*args: Any, **kwargs: Any) -> Any:
        statistics, children, destination = upstream(*args, **kwargs)
        if destination is not None and destination.datasetId != tables.RESULTS:
            destination = destination.replace(tableId=destination.tableId.partition("$")[0])
        return statistics, children, destination

    query.execute = execute


def null_words() -> None:
    """Name a REQUIRED column without a value as BigQuery does, not as a constraint of DuckDB."""
    pattern = re.compile(r"NOT NULL constraint failed: \S*\.(?P<name>\S+)")
    errors.DUCKDB_ERRORS.insert(0, (pattern, "invalidQuery", "Required field {name} cannot be null"))


def store(write: Write) -> Stored:
    """Write the rows, all or nothing.

    Raises BigQueryError or duckdb.Error. No rows are stored after a duckdb.Error, except an InterruptException: it can
    come at the end of COMMIT.
    """
    declared, disposition = write.declared, write.disposition
    relation = write.cursor.sql(write.sql, params=write.params)
    fields = tables.fields(declared)
    pairs = list(zip(results.unique(relation.columns), relation.types, strict=True))
    produced = fields or [types.field(name, kind) for name, kind in pairs if name != tables.INGESTION_TIME]
    times = [MOMENT] if tables.INGESTION_TIME in relation.columns else []  # a copy of ingestion-time partitions
    changes = tables.layout([field.name for field in produced], write.config, disposition)
    reference, partition = without_partition(write.reference)
    write = replace(write, reference=reference)
    label = names.label(*reference)
    with database.writing(*reference):
        found = tables.exists(*reference)
        if not found and write.config.createDisposition == "CREATE_NEVER":
            raise not_found("Table", label)
        if not found:
            refuse_other_case(*reference)
        empty = not found or tables._lookup(*reference)[0] == "EMPTY"
        if not empty and disposition == "WRITE_EMPTY" and _has_rows(write.cursor, reference, partition):
            raise already_exists("Table", label)
        keep = found and not empty and (disposition in ("WRITE_APPEND", "WRITE_TRUNCATE_DATA") or bool(partition))
        if partition and not keep:
            raise not_found("Table", label)
        if keep:
            new, rows = _add(write, produced + times, partition)
            changes = changes.replace(schema={"fields": [field.dump() for field in new]})
        else:
            table = tables.name(*reference)
            time = declared.timePartitioning or changes.timePartitioning
            hidden = bool(time and not time.field and not times)
            with transaction(write.cursor):
                rows = create_tables.write(write.cursor, table, produced + times, write.sql, write.params, hidden)
            changes = declared.merged(changes).replace(schema={"fields": [field.dump() for field in produced]})
        try:
            _annotate(reference, changes, write.config, replaced=not keep)
        except duckdb.Error as error:
            raise _not_annotated(label, rows, error) from error
    return Stored(not keep, rows)


def _has_rows(cursor: Any, reference: Reference, partition: str) -> bool:
    where = f"WHERE {partition_condition(reference, partition)}" if partition else ""
    return bool(cursor.sql(f"SELECT 1 FROM {tables.name(*reference)} {where} LIMIT 1").fetchall())  # noqa: S608


def _add(write: Write, given: Fields, partition: str) -> tuple[Fields, int]:
    """Add rows to a table, or replace the rows of the table or partition; return the table's fields, and the rows."""
    reference, cursor = write.reference, write.cursor
    options = getattr(write.config, "schemaUpdateOptions", None) or []
    stored = schemas.stored(*reference) + [field for field in given if field is MOMENT]
    query_job = isinstance(write.config, JobConfigurationQuery)
    new = evolution.merged(
        stored,
        [_as_stored(field, stored) for field in given] if query_job else given,
        "ALLOW_FIELD_ADDITION" in options,
        "ALLOW_FIELD_RELAXATION" in options,
        write.prefix,
    )
    if query_job and "ALLOW_FIELD_RELAXATION" in options:
        new = [field.replace(mode="NULLABLE") if field.mode == "REQUIRED" else field for field in new]
    by_name = {field.name.casefold(): field for field in new}
    targets = [by_name[field.name.casefold()] for field in given]
    with transaction(cursor):
        evolution.apply(cursor, reference, stored, new)
        if write.disposition != "WRITE_APPEND":
            condition = partition_condition(reference, partition) if partition else "true"
            cursor.execute(f"DELETE FROM {tables.name(*reference)} WHERE {condition}")  # noqa: S608 quoted names
        (rows,) = cursor.execute(_insert(write, targets, partition), write.params).fetchone()
    return [field for field in new if field.name != tables.INGESTION_TIME], rows


def _insert(write: Write, targets: Fields, partition: str) -> str:
    """Return the INSERT of the rows into the fields `targets`; an error for a row of another partition."""
    table = tables.name(*write.reference)
    kinds = write.cursor.sql(write.sql, params=write.params).types
    inner = [f"c{index}" for index in range(len(targets))]
    values = [
        name if kind.id == "struct" else create_tables.positional(name, field, kind)
        for name, field, kind in zip(inner, targets, kinds, strict=False)
    ]
    checks = [written_column(name, field) for name, field in zip(inner, targets, strict=True)]
    columns = [quote(field.name) for field in targets]
    source = typed_rows(write.sql, targets, values)
    if not partition:
        return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(checks)} FROM {source}"  # noqa: S608
    named = ", ".join(f"{check} AS {column}" for check, column in zip(checks, columns, strict=True))
    resource = metadata.load(Table, *write.reference) or Table()
    if resource.timePartitioning and not resource.timePartitioning.field:
        moment = partition.ljust(10, "0") if len(partition) == 10 else (partition + "0101")[:8] + "00"
        columns.append(quote(tables.INGESTION_TIME))
        time = f"strptime('{moment}', '%Y%m%d%H')::TIMESTAMPTZ"
        return f"INSERT INTO {table} ({', '.join(columns)}) SELECT *, {time} FROM (SELECT {named} FROM {source})"  # noqa: S608
    first = columns[0]
    wrong = f"Some rows belong to different partitions rather than destination partition {partition}"
    condition = partition_condition(write.reference, partition)
    belongs = f"CASE WHEN {condition} THEN {first} ELSE error('{wrong}') END"
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) "  # noqa: S608
        f"SELECT * REPLACE ({belongs} AS {first}) FROM (SELECT {named} FROM {source})"
    )


def _as_stored(field: TableFieldSchema, stored: Fields) -> TableFieldSchema:
    """Return a field of a query's result with the mode of the table's field: a result does not know REQUIRED."""
    old = next((each for each in stored if each.name.casefold() == field.name.casefold()), None)
    if old is None:
        return field
    mode = old.mode if (field.mode == "REPEATED") == (old.mode == "REPEATED") else field.mode
    children = [_as_stored(each, old.fields or []).dump() for each in field.fields or []]
    return field.replace(mode=mode, **({"fields": children} if children else {}))


def _annotate(reference: Reference, changes: Table, config: Any, replaced: bool) -> None:
    resource = metadata.load(Table, *reference) or tables.defaults(*reference)
    if replaced:  # BigQuery removes the schema and the constraints of the old table
        resource = resource.without("schema", "tableConstraints", *(tables.LAYOUT if changes.given() else ()))
    properties = getattr(config, "destinationTableProperties", None)
    if properties is not None:
        resource = resource.replace(**properties.only("description", "friendlyName", "labels").dump())
    tables.record(*reference, resource.replace(**changes.given()).replace(lastModifiedTime=metadata.now()))


def _not_annotated(label: str, rows: int, error: duckdb.Error) -> BigQueryError:
    """Return the error of a job that stored its rows but then failed.

    Clients do not repeat a job after the reason `invalid`.
    """
    return BigQueryError(
        "invalid",
        f"The job stored {rows} rows in table {label}, but not the table's description and layout: {error}. "
        "Do not run the job again before you have checked the rows of the table.",
    )


def _copied(config: Any) -> Table:
    """Return the schema and layout of the first source of a copy."""
    source = tables.reference((config.sourceTables or [config.sourceTable])[0])
    if copy.decorated(*source):  # a time in the past, when the table may have had other columns
        return Table()
    return tables.load(*source).only("schema", *tables.LAYOUT)


def words(error: duckdb.ConstraintException) -> BigQueryError:
    """Return BigQuery's error for NULL in a REQUIRED column."""
    column = str(error).rpartition(".")[2]
    return BigQueryError(
        "invalid",
        "Error while reading data, error message: Only optional fields can be set to NULL. "
        f"Field: {column}; Value: NULL",
    )

"""The views about rows and bytes: TABLE_STORAGE and PARTITIONS."""

from typing import Any

import duckdb
from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.sql.rules import information_schema as upstream
from local_bigquery.sql.rules.information_schema import IDENTITY, PARTITION_FORMATS, TABLE_TYPES, _identity, _timestamp

from warehouse.information_schema.views import View

NULL, UNPARTITIONED = "__NULL__", "__UNPARTITIONED__"


def complete() -> None:
    """Give TABLE_STORAGE and PARTITIONS every column, and list the partitions of each kind of partitioning.

    local-bigquery lists only the partitions of a time column.
    """
    upstream.VIEWS |= {
        "TABLE_STORAGE": table_storage,
        "TABLE_STORAGE_BY_PROJECT": table_storage,
        "PARTITIONS": partitions,
    }


def table_storage(project_id: str, dataset_id: str | None) -> View:
    """List the size of each table and materialized view. Physical bytes are the logical ones: nothing is compressed."""
    header = [
        *("project_id", "project_number INT64", *IDENTITY, "creation_time TIMESTAMP", "total_rows INT64"),
        *("total_partitions INT64", "total_logical_bytes INT64", "active_logical_bytes INT64"),
        *("long_term_logical_bytes INT64", "current_physical_bytes INT64", "total_physical_bytes INT64"),
        *("active_physical_bytes INT64", "long_term_physical_bytes INT64", "time_travel_physical_bytes INT64"),
        *("storage_last_modified_time TIMESTAMP", "deleted BOOL", "table_type", "managed_table_type"),
        *("fail_safe_physical_bytes INT64", "last_metadata_index_refresh_time TIMESTAMP", "table_deletion_reason"),
        "table_deletion_time TIMESTAMP",
    ]
    rows = []
    for table in upstream._tables(project_id, dataset_id):
        if table.type == "VIEW":
            continue
        size = int(table.numBytes or 0)
        rows.append(
            [
                *(project_id, None, *_identity(table), _timestamp(table.creationTime), int(table.numRows or 0)),
                *(len(_partitions(table)), size, size, 0, size, size, size, 0, 0),
                *(_timestamp(table.lastModifiedTime), False, TABLE_TYPES.get(table.type, table.type), "NATIVE"),
                *(0, None, None, None),
            ]
        )
    return header, rows


def partitions(project_id: str, dataset_id: str | None) -> View:
    """List the partitions of each table; a table without partitions has one, without an id."""
    header = [
        *(*IDENTITY, "partition_id", "total_rows INT64", "total_logical_bytes INT64"),
        *("last_modified_time TIMESTAMP", "storage_tier"),
    ]
    rows = []
    for table in upstream._tables(project_id, dataset_id):
        if table.type not in ("TABLE", "MATERIALIZED_VIEW", "SNAPSHOT"):
            continue
        total, size = int(table.numRows or 0), int(table.numBytes or 0)
        for partition, count in _partitions(table):
            share = size * count // total if total else 0
            moment = _timestamp(table.lastModifiedTime)
            rows.append([*_identity(table), partition, count, share, moment, "ACTIVE"])
    return header, rows


def _partitions(table: Any) -> list[tuple[str | None, int]]:
    """Return the ids of a table's partitions and their rows."""
    id_sql = _partition_id(table)
    if id_sql is None or table.type != "TABLE":
        return [(None, int(table.numRows or 0))]
    name = tables.name(*_identity(table))
    try:
        found = database.fetch(f"SELECT {id_sql} AS id, count(*) FROM {name} GROUP BY 1 ORDER BY 1")  # noqa: S608
    except duckdb.CatalogException:  # dropped at this moment
        return []
    return list(found)


def _partition_id(table: Any) -> str | None:
    """Return the SQL for the id of a row's partition, or None for a table without partitions."""
    if time := table.timePartitioning:
        column = database.quote(time.field or tables.INGESTION_TIME)
        moment = PARTITION_FORMATS.get(time.type or "DAY", "%Y%m%d")
        return f"coalesce(strftime({column}, '{moment}'), '{NULL}')"
    if not table.rangePartitioning:
        return None
    span, column = table.rangePartitioning.range, database.quote(table.rangePartitioning.field)
    start, end, step = (int(value) for value in (span.start, span.end, span.interval))
    lower = f"{start} + ({column} - {start}) // {step} * {step}"
    return (
        f"CASE WHEN {column} IS NULL THEN '{NULL}' WHEN {column} < {start} OR {column} >= {end} "
        f"THEN '{UNPARTITIONED}' ELSE CAST({lower} AS VARCHAR) END"
    )

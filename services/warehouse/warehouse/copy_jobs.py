"""Bridges for copy jobs."""

from dataclasses import dataclass
from typing import Any

from local_bigquery.catalog import names, tables
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import copy, runner
from local_bigquery.models import JobStatistics5

from warehouse.transactions import transaction

TIME_FORMATS = {4: "%Y", 6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H"}  # by the length of the partition id


@dataclass(frozen=True)
class Partition:
    """A table of a copy job, and the id of its partition in `table$id`. None is the whole table."""

    table: tuple[str, str, str]
    id: str | None


def partitions() -> None:
    """Copy single partitions (`table$20240131`): with `copy_partitions`, dbt replaces a model's partitions this way."""
    upstream = copy.run

    def run(cursor: Any, config: Any, upload: str | None) -> Any:
        source = _partition((config.sourceTables or [config.sourceTable])[0])
        destination = _partition(config.destinationTable)
        if source.id is None and destination.id is None:
            return upstream(cursor, config, upload)
        return _copy(cursor, source, destination, append=config.writeDisposition == "WRITE_APPEND")

    copy.run = run
    runner.HANDLERS["copy"] = run


def _partition(reference: Any) -> Partition:
    table, partition = without_partition(tables.reference(reference))
    return Partition(table, partition or None)


def without_partition(reference: tuple[str, str, str]) -> tuple[tuple[str, str, str], str]:
    """Return the table of `table$20240131` and the id of the partition, which is empty for a whole table."""
    table_id, _, partition = reference[2].partition("$")
    return (*reference[:2], table_id), partition


def _copy(cursor: Any, source: Partition, destination: Partition, append: bool) -> Any:
    """Replace the destination's partition with the source's rows of the same partition, in one transaction."""
    condition = partition_condition(destination.table, destination.id or source.id or "")
    target = database.quote(*destination.table)
    with database.writing(*destination.table), transaction(cursor):
        if not append:
            cursor.execute(f"DELETE FROM {target} WHERE {condition}")  # noqa: S608 quoted names
        select = f"SELECT * FROM {database.quote(*source.table)} WHERE {condition}"  # noqa: S608
        (copied,) = cursor.execute(f"INSERT INTO {target} BY NAME {select}").fetchone()
    return JobStatistics5(copiedRows=str(copied), copiedLogicalBytes="0")


def partition_condition(table: tuple[str, str, str], partition: str) -> str:
    """Return the SQL condition for a partition's rows. Raises BigQueryError when the table has no such partition."""
    resource = tables.load(*table)
    if resource.rangePartitioning and partition.isdigit():
        span = resource.rangePartitioning.range
        column, first = database.quote(resource.rangePartitioning.field), int(partition)
        return f"{column} >= {first} AND {column} < {first + int(span.interval)}"
    if resource.timePartitioning and partition.isdigit() and len(partition) in TIME_FORMATS:
        column = database.quote(resource.timePartitioning.field or tables.INGESTION_TIME)
        return f"strftime({column}, '{TIME_FORMATS[len(partition)]}') = '{partition}'"
    raise BigQueryError("invalid", f"Table {names.label(*table)} has no partition {partition}")

"""Checks of a new table's partitions and clusters."""

from local_bigquery.errors import BigQueryError
from local_bigquery.models import TableFieldSchema
from sqlglot import exp

from warehouse.schemas import standard_type
from warehouse.values import kind

PSEUDO = ("_PARTITIONTIME", "_PARTITIONDATE")
CLUSTERED = {
    "BIGNUMERIC",
    "BOOLEAN",
    "DATE",
    "DATETIME",
    "GEOGRAPHY",
    "INTEGER",
    "NUMERIC",
    "RANGE",
    "STRING",
    "TIMESTAMP",
}
MOST_CLUSTERS = 4


def by_ingestion_time(tree: exp.Create) -> bool:
    """Return whether the table is partitioned by _PARTITIONTIME or _PARTITIONDATE."""
    partitioned = tree.find(exp.PartitionedByProperty)
    return partitioned is not None and any(
        each.name.upper() in PSEUDO for each in partitioned.find_all(exp.Column, exp.Identifier)
    )


def check(tree: exp.Create, fields: list[TableFieldSchema]) -> None:
    """Raise BigQueryError when PARTITION BY or CLUSTER BY names no column, or one of a type that cannot be used."""
    by_name = {field.name.casefold(): field for field in fields}
    partitioned = tree.find(exp.PartitionedByProperty)
    if partitioned is not None and not by_ingestion_time(tree):
        _check_partition(partitioned.this, by_name)
    clustered = tree.find(exp.ClusterProperty)
    columns = clustered.expressions if clustered is not None else []
    if len(columns) > MOST_CLUSTERS:
        raise BigQueryError(
            "invalidQuery", f"CLUSTER BY has {len(columns)} columns, but at most {MOST_CLUSTERS} are allowed"
        )
    for column in columns:
        field = by_name.get(column.name.casefold())
        if field is None:
            raise BigQueryError("invalidQuery", f"CLUSTER BY: unrecognized name: {column.name}")
        if field.mode == "REPEATED" or kind(field) not in CLUSTERED:
            raise BigQueryError(
                "invalidQuery",
                f"CLUSTER BY: column {field.name} has type {standard_type(field)}, which cannot be used for clustering",
            )


def _check_partition(expression: exp.Expression, by_name: dict[str, TableFieldSchema]) -> None:
    identifiers = [each.name for each in expression.find_all(exp.Identifier)]
    field = next((by_name[name.casefold()] for name in identifiers if name.casefold() in by_name), None)
    if field is None:
        name = identifiers[0] if identifiers else expression.sql("bigquery")
        raise BigQueryError("invalidQuery", f"PARTITION BY: unrecognized name: {name}")
    text = expression.sql("bigquery").upper()
    bare = isinstance(expression, exp.Column | exp.Identifier) or text.strip("`") == field.name.upper()
    allowed = {"INTEGER"} if "RANGE_BUCKET" in text else {"DATE"} if bare else {"DATE", "DATETIME", "TIMESTAMP"}
    if field.mode == "REPEATED" or kind(field) not in allowed:
        raise BigQueryError(
            "invalidQuery",
            f"PARTITION BY {expression.sql('bigquery')}: column {field.name} has type {standard_type(field)}; "
            "use a DATE column, DATE or …_TRUNC of a DATETIME or TIMESTAMP column, or RANGE_BUCKET of an INT64 column",
        )

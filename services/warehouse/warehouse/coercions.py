"""Which value types a column takes from a query, as BigQuery coerces them."""

from typing import Any

from local_bigquery.engine import types
from local_bigquery.errors import BigQueryError
from local_bigquery.models import TableFieldSchema

from warehouse.schemas import standard_type
from warehouse.values import kind

WIDENED = {
    "INTEGER": {"NUMERIC", "BIGNUMERIC", "FLOAT"},
    "NUMERIC": {"BIGNUMERIC", "FLOAT"},
    "BIGNUMERIC": {"NUMERIC", "FLOAT"},  # DuckDB's type of a product or quotient of NUMERIC values is often wider
    "FLOAT": {"NUMERIC", "BIGNUMERIC"},  # a literal: its type is the same as that of other FLOAT64 values
    "STRING": {"DATE", "DATETIME", "TIME", "TIMESTAMP", "INTERVAL", "JSON", "GEOGRAPHY", "RANGE", "BYTES"},  # literals
    "DATE": {"DATETIME"},
    "DATETIME": {"TIMESTAMP"},
    "TIMESTAMP": {"DATETIME"},
}


def check_assignable(field: TableFieldSchema, value: Any) -> None:
    """Raise BigQueryError when a column cannot take values of the DuckDB type `value`: DuckDB casts almost any."""
    if value.id in ("null", "sqlnull", "unknown") or str(value) == '"NULL"':
        return
    given = types.field(field.name, value)
    if given.mode == "REPEATED" and kind(given) == "INTEGER" and "NULL" in str(value):
        return  # an empty array
    if (given.mode == "REPEATED") != (field.mode == "REPEATED") or not _fits(kind(given), kind(field)):
        raise BigQueryError(
            "invalidQuery",
            f"Column {field.name} has type {standard_type(field)} but the query produces type {standard_type(given)}, "
            "which cannot be coerced to it",
        )


def _fits(given: str, wanted: str) -> bool:
    return given == wanted or wanted in WIDENED.get(given, ())

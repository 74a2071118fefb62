"""Asks DuckDB once for the columns of a table or view, for all who need them: binding a view takes 10 ms of CPU."""

from typing import Any

from local_bigquery.engine import database

from warehouse.memory import kept
from warehouse.watched import DEFINITIONS

Column = tuple[str, Any]  # name, DuckDB's type


def kept_columns(name: str) -> list[Column]:
    """Return the columns of DuckDB's table or view with the whole quoted name `name`, hidden ones too.

    Raises duckdb.Error for a missing table, and for a view whose tables are missing. Errors are not kept.
    """

    def read() -> list[Column]:
        with database.cursor() as cursor:
            relation = cursor.sql(f"SELECT * FROM {name} LIMIT 0")  # noqa: S608 a quoted name
            return list(zip(relation.columns, relation.types, strict=True))

    return kept.get(DEFINITIONS, ("all columns", name), read)

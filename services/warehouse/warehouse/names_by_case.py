"""Refuses a table whose name differs only by case from another one in the dataset."""

from local_bigquery.catalog import names, tables
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError


def refuse_other_case(project_id: str, dataset_id: str, table_id: str) -> None:
    """Raise BigQueryError if the dataset has such a table or view.

    To BigQuery, `orders` and `Orders` are two tables. To DuckDB they are one: CREATE OR REPLACE and the jobs that write
    `Orders` would replace the rows of `orders`, and CREATE IF NOT EXISTS would make nothing.
    """
    database_name, schema, name = tables.physical(project_id, dataset_id, table_id)
    found = database.fetch(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = $1 AND schema_name = $2 "
        "AND lower(table_name) = lower($3) AND table_name != $3 "
        "UNION ALL SELECT view_name FROM duckdb_views() WHERE database_name = $1 AND schema_name = $2 "
        "AND lower(view_name) = lower($3) AND view_name != $3",
        [database_name, schema, name],
    )
    if found:
        raise BigQueryError(
            "invalid",
            f"Table {names.label(project_id, dataset_id, table_id)} was not created: the dataset has the table "
            f"{found[0][0]}. To BigQuery these are two tables, but the emulator cannot keep two tables whose names "
            "differ by case only. Use another name.",
        )

"""Refuses a table whose name differs only by case from another one in the dataset."""

from local_bigquery.catalog import names, tables
from local_bigquery.errors import BigQueryError

from warehouse.lookups import name_as_created


def refuse_other_case(project_id: str, dataset_id: str, table_id: str) -> None:
    """Raise BigQueryError if the dataset has such a table or view.

    To BigQuery, `orders` and `Orders` are two tables. To DuckDB they are one: CREATE OR REPLACE and the jobs that write
    `Orders` would replace the rows of `orders`, and CREATE IF NOT EXISTS would make nothing.
    """
    path = tables.physical(project_id, dataset_id, table_id)
    found = name_as_created(path)
    if found is not None and found != path[-1]:
        raise BigQueryError(
            "invalid",
            f"Table {names.label(project_id, dataset_id, table_id)} was not created: the dataset has the table "
            f"{found}. To BigQuery these are two tables, but the emulator cannot keep two tables whose names "
            "differ by case only. Use another name.",
        )

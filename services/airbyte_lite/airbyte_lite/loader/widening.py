"""Which column type holds the values of two types, and how the values of a column get that type.

Every step is an atomic job that keeps the values, so a killed sync leaves the table with the old types or the new ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from google.cloud import bigquery
from google.cloud.bigquery import SchemaField, WriteDisposition

from airbyte_lite.loader.jobs import Jobs
from airbyte_lite.loader.warehouse import REQUEST_S, STAGING_LIFE, Warehouse

# For each type, the types that hold all its values, narrowest first. A type that is missing here is never changed: a
# JSON column holds every value, and Airbyte does not create the other types.
_WIDER = {
    "BOOL": ("INT64", "NUMERIC", "STRING"),
    "INT64": ("NUMERIC", "STRING"),
    "NUMERIC": ("STRING",),
    "DATE": ("DATETIME", "TIMESTAMP", "STRING"),
    "DATETIME": ("TIMESTAMP", "STRING"),
    "TIMESTAMP": ("STRING",),
    "TIME": ("STRING",),
    "STRING": (),
}
# BigQuery changes these without reading the table (its page "Modifying table schemas", "Change a column's data type").
_IN_PLACE = {("INT64", "NUMERIC")}
# One statement for each column. BigQuery allows five changes of a table's metadata in ten seconds (its page "Quotas");
# the same sync may also add columns and change the clustering.
_MOST_IN_PLACE = 3
_SQL_NAMES = {"INTEGER": "INT64", "BOOLEAN": "BOOL", "FLOAT": "FLOAT64"}
_REST_NAMES = {"INT64": "INTEGER", "BOOL": "BOOLEAN"}  # BigQuery's API uses these names for existing columns


@dataclass(frozen=True)
class Widened:
    """A column of an existing table that gets a wider type. The types have their names in SQL."""

    name: str
    old: str
    new: str

    def cast(self) -> str:
        """Return the SQL expression for a value of the column in the new type."""
        column = f"`{self.name}`"
        if (self.old, self.new) == ("BOOL", "NUMERIC"):
            return f"CAST(CAST({column} AS INT64) AS NUMERIC)"
        text = f"CAST({column} AS {self.new})"
        if (self.old, self.new) == ("NUMERIC", "STRING"):  # 5.5, also where the warehouse writes 5.500000000
            return f"IF(STRPOS({text}, '.') > 0, RTRIM(RTRIM({text}, '0'), '.'), {text})"
        return text


def sql_name(type_: str) -> str:
    """Return the name of a column type in SQL: INT64 for INTEGER."""
    return _SQL_NAMES.get(type_, type_)


def api_name(type_: str) -> str:
    """Return the name of a column type in BigQuery's API: INTEGER for INT64."""
    return _REST_NAMES.get(type_, type_)


def widest(old: str, new: str) -> str:
    """Return the narrowest type that holds the values of both types: `old` itself, `new`, or a third type.

    The names are those of SQL. A column of a type that Airbyte does not widen keeps its type.
    """
    if old not in _WIDER or old == new:
        return old
    if new not in _WIDER:  # JSON: its values are kept as text
        return "STRING"
    common = [type_ for type_ in (new, *_WIDER[new]) if type_ in (old, *_WIDER[old])]
    return old if old in common else common[0]


def retyped(column: SchemaField, type_: str) -> SchemaField:
    """Return the column with another type, and with its mode, description and policy tags."""
    kept = {key: value for key, value in column.to_api_repr().items() if key not in ("maxLength", "precision", "scale")}
    return SchemaField.from_api_repr(kept | {"type": api_name(type_)})


def widened(table: bigquery.Table, schema: list[SchemaField]) -> list[Widened]:
    """Return the columns of an existing table whose type in `schema` is a wider one."""
    wanted = {item.name.lower(): sql_name(item.field_type) for item in schema}
    found = [(item.name, sql_name(item.field_type)) for item in table.schema]
    return [
        Widened(name, old, new)
        for name, old in found
        if (new := wanted.get(name.lower(), old)) != old and new in _WIDER.get(old, ())
    ]


def widen(
    warehouse: Warehouse, jobs: Jobs, table: bigquery.Table, columns: list[Widened], staging: str, step: str
) -> None:
    """Change the types of these columns and keep all values. `staging` is a free table name; the caller drops it."""
    target = warehouse.name(table.table_id)
    layout = {name.lower() for name in table.clustering_fields or []}
    in_place = all((column.old, column.new) in _IN_PLACE and column.name.lower() not in layout for column in columns)
    if in_place and len(columns) <= _MOST_IN_PLACE:
        for number, column in enumerate(columns, 1):
            sql = f"ALTER TABLE `{target}` ALTER COLUMN `{column.name}` SET DATA TYPE {column.new}"
            jobs.query(sql, table.table_id, f"{step}_type{number}", "change a column's type in")
        return
    casts = {column.name: column.cast() for column in columns}
    types = {column.name: column.new for column in columns}
    copy = bigquery.Table(
        warehouse.name(staging),
        schema=[retyped(item, types[item.name]) if item.name in types else item for item in table.schema],
    )
    copy.time_partitioning, copy.clustering_fields = table.time_partitioning, table.clustering_fields
    copy.description, copy.labels = table.description, table.labels
    copy.expires = datetime.now(UTC) + STAGING_LIFE
    with warehouse.errors(f"create the table {warehouse.name(staging)}"):
        warehouse.client.create_table(copy, exists_ok=True, retry=warehouse.retry(), timeout=REQUEST_S)
    names = ", ".join(f"`{item.name}`" for item in table.schema)
    values = ", ".join(casts.get(item.name, f"`{item.name}`") for item in table.schema)
    sql = f"INSERT INTO `{warehouse.name(staging)}` ({names})\nSELECT {values} FROM `{target}`"
    jobs.query(sql, staging, f"{step}_cast", "copy rows into")
    jobs.copy(staging, table.table_id, WriteDisposition.WRITE_TRUNCATE, f"{step}_types")

"""What a stream's table looks like: the layout of Airbyte's Destinations V2, and how a table takes new columns."""

from dataclasses import dataclass, field
from datetime import datetime

from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery import SchemaField

from airbyte_lite.loader import names
from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.rows import Column
from airbyte_lite.loader.stream import DEDUPED, OVERWRITE, SYNC_MODES, SyncStream
from airbyte_lite.loader.types import FieldType, field_type
from airbyte_lite.loader.warehouse import REQUEST_S, Warehouse

_META_FIELDS = (
    SchemaField(names.RAW_ID, "STRING", mode="REQUIRED"),
    SchemaField(names.EXTRACTED_AT, "TIMESTAMP", mode="REQUIRED"),
    SchemaField(names.META, "JSON", mode="REQUIRED"),
    SchemaField(names.GENERATION_ID, "INTEGER"),
)
_OURS = {names.RAW_ID, names.EXTRACTED_AT, names.META}
_REST_NAMES = {"INT64": "INTEGER", "BOOL": "BOOLEAN"}  # as the API spells the types of existing columns
# Types that BigQuery groups and orders by (its page "Data types"): keys and cursors. Floats are none of Airbyte's keys.
_ORDERED = {"STRING", "INTEGER", "INT64", "NUMERIC", "BIGNUMERIC", "BOOLEAN", "BOOL", "DATE", "DATETIME", "TIMESTAMP"}
_ORDERED |= {"TIME", "BYTES"}
_CLUSTERED = _ORDERED - {"TIME", "BYTES"}  # its page "Create clustered tables"
_ALTER_ATTEMPTS = 5  # another connection may load the same table
_MOST_KEYS = 3  # BigQuery clusters by up to four columns, and the fourth is the time of extraction


@dataclass(frozen=True)
class TablePlan:
    """The table of a stream after this sync, and how its rows are made."""

    stream: SyncStream
    table: str
    columns: list[Column]
    schema: list[SchemaField]
    keys: list[str]
    cursor: str | None
    existing: bigquery.Table | None
    partitioning: bigquery.TimePartitioning | None = field(repr=False)
    clustering: list[str] = field(default_factory=list)

    def clustering_beside(self, table: bigquery.Table | None) -> list[str]:
        """Return the part of the wanted clustering that is possible before and after the load into `table`.

        BigQuery refuses to cluster by a column that a table has not got, and a load or copy whose clustering is not
        the table's. So a new or retyped key clusters the table only once its rows are in.
        """
        if table is None:
            return self.clustering
        old = {item.name: _api_type(item) for item in table.schema}
        new = {item.name: _api_type(item) for item in self.schema}
        return [name for name in self.clustering if old.get(name) == new[name]]

    def find(self, warehouse: Warehouse) -> bigquery.Table | None:
        """Return the table as it is now, or None; raises SyncError if it was not made by Airbyte."""
        table = warehouse.find(self.table)
        if table is not None:
            _refuse_foreign(table)
        return table

    def alter(
        self, warehouse: Warehouse, table: bigquery.Table | None, clustering: list[str], *, add_columns: bool
    ) -> None:
        """Cluster the table by these columns and, if asked to, add the new columns to it; None: there is no table.

        Where somebody else has changed the table since it was read, it is read again.
        """
        for attempt in range(1, _ALTER_ATTEMPTS + 1):
            if table is None or not (changes := self._changes(table, clustering, add_columns=add_columns)):
                return
            with warehouse.errors(f"alter {warehouse.name(self.table)}"):
                try:
                    warehouse.client.update_table(table, changes, retry=warehouse.retry(), timeout=REQUEST_S)
                    return
                except exceptions.PreconditionFailed:
                    if attempt == _ALTER_ATTEMPTS:
                        raise
            table = self.find(warehouse)

    def _changes(self, table: bigquery.Table, clustering: list[str], *, add_columns: bool) -> list[str]:
        """Change the description of the table; return what changed in it."""
        changes = []
        known = {item.name.lower() for item in table.schema}
        added = [item for item in self.schema if item.name.lower() not in known] if add_columns else []
        if added:
            table.schema = [*table.schema, *added]
            changes.append("schema")
        if table.clustering_fields != clustering:
            table.clustering_fields = clustering
            changes.append("clustering_fields")
        return changes

    def create(self, warehouse: Warehouse, name: str, expires: datetime | None = None) -> None:
        """Create an empty table that rows can be copied from into this one."""
        table = bigquery.Table(warehouse.name(name), schema=self.schema)
        table.time_partitioning, table.clustering_fields = self.partitioning, self.clustering_beside(self.existing)
        if expires is not None:
            table.expires = expires
        with warehouse.errors(f"create the table {warehouse.name(name)}"):
            warehouse.client.create_table(table, exists_ok=True, retry=warehouse.retry(), timeout=REQUEST_S)


def plan(warehouse: Warehouse, stream: SyncStream, table: str) -> TablePlan:
    """Compare a stream with its existing table; changes nothing.

    Raises SyncError if the table was not made by Airbyte, or if the stream's settings do not fit its columns.
    """
    if stream.sync_mode not in SYNC_MODES:
        raise SyncError(f"Stream {stream.name}: there is no sync mode {stream.sync_mode!r}.", "config_error")
    existing = warehouse.find(table)
    if existing is not None:
        _refuse_foreign(existing)
    columns, schema = _columns(stream, existing if stream.sync_mode != OVERWRITE else None)
    by_field = {column.field: column for column in columns}
    keys = [name for path in stream.primary_key if (name := _ordered(by_field, path))]
    cursor = _ordered(by_field, stream.cursor_field)
    if stream.sync_mode == DEDUPED:
        _refuse_unordered(stream, keys, cursor)
    types = {column.name: column.type.name for column in columns}
    clusters = [key for key in keys if types[key] in _CLUSTERED]
    return TablePlan(
        stream=stream,
        table=table,
        columns=columns,
        schema=schema,
        keys=keys,
        cursor=cursor,
        existing=existing,
        partitioning=bigquery.TimePartitioning(field=names.EXTRACTED_AT)
        if existing is None
        else existing.time_partitioning,
        clustering=[*clusters[:_MOST_KEYS], names.EXTRACTED_AT],
    )


def _api_type(item: SchemaField) -> tuple[str, str]:
    return _REST_NAMES.get(item.field_type, item.field_type), item.mode


def _refuse_foreign(table: bigquery.Table) -> None:
    missing = _OURS - {item.name.lower() for item in table.schema}
    if table.table_type != "TABLE" or missing:
        raise SyncError(
            f"{table.full_table_id or table.reference} exists and was not made by Airbyte ({table.table_type.lower()}"
            f"{' without ' + ', '.join(sorted(missing)) if missing else ''}); it was left as it is. Drop or rename it, "
            "or give the connection another prefix.",
            "config_error",
        )


def _columns(stream: SyncStream, existing: bigquery.Table | None) -> tuple[list[Column], list[SchemaField]]:
    """Return the columns of the rows and the schema of the table; existing columns keep their names and types."""
    schema = list(existing.schema) if existing is not None else list(_META_FIELDS)
    known = {item.name.lower(): item for item in schema}
    for item in _META_FIELDS:
        if item.name not in known:  # tables of an older Airbyte have no generation
            schema.append(SchemaField(item.name, item.field_type))
    properties = stream.json_schema.get("properties") or {}
    columns = []
    for name, column in names.columns(properties).items():
        type_ = field_type(properties[name])
        found = known.get(column.lower())
        if found is None:
            schema.append(SchemaField(column, _REST_NAMES.get(type_.name, type_.name)))
            columns.append(Column(name, column, type_))
        else:
            columns.append(Column(name, found.name, _kept(found, type_)))
    return columns, schema


def _kept(column: SchemaField, wanted: FieldType) -> FieldType:
    if column.mode == "REPEATED":
        return FieldType("REPEATED")
    return FieldType(column.field_type, wanted.shape if column.field_type == wanted.name else None)


def _ordered(columns: dict[str, Column], path: list[str]) -> str | None:
    """Return the column of a key or cursor, or None if it is not one that BigQuery can group and order by."""
    column = columns.get(path[0]) if len(path) == 1 else None
    return column.name if column and column.type.name in _ORDERED else None


def _refuse_unordered(stream: SyncStream, keys: list[str], cursor: str | None) -> None:
    if not stream.primary_key:
        raise SyncError(
            f"Stream {stream.name}: {DEDUPED} needs a primary key. Set primaryKey, or choose incremental_append.",
            "config_error",
        )
    if len(keys) < len(stream.primary_key) or (stream.cursor_field and not cursor):
        paths = [".".join(path) for path in (*stream.primary_key, stream.cursor_field)]
        raise SyncError(
            f"Stream {stream.name}: its primary key and cursor ({', '.join(paths)}) must be columns at the top level "
            "that BigQuery can order: neither objects, arrays nor floats.",
            "config_error",
        )

"""Plans, creates and alters the tables of streams, in the layout of Airbyte's Destinations V2."""

from dataclasses import dataclass, field
from datetime import datetime

from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery import SchemaField

from airbyte_lite.loader import layout, names
from airbyte_lite.loader.errors import SyncError
from airbyte_lite.loader.rows import Column
from airbyte_lite.loader.stream import DEDUPED, OVERWRITE, SYNC_MODES, SyncStream
from airbyte_lite.loader.types import FieldType, field_type
from airbyte_lite.loader.warehouse import REQUEST_S, Warehouse
from airbyte_lite.loader.widening import Widened, api_name, retyped, sql_name, widened, widest

_META_FIELDS = (
    SchemaField(layout.RAW_ID, "STRING", mode="REQUIRED"),
    SchemaField(layout.EXTRACTED_AT, "TIMESTAMP", mode="REQUIRED"),
    SchemaField(layout.META, "JSON", mode="REQUIRED"),
    SchemaField(layout.GENERATION_ID, "INTEGER"),
)
COLUMNS_LIMIT = 10_000
"""The most columns of a table of BigQuery (its page "Quotas and limits")."""
_REQUIRED_META = {layout.RAW_ID, layout.EXTRACTED_AT, layout.META}
# Types that BigQuery can group and order by (its page "Data types"). Keys and cursors must have one of them. Floats are
# left out: Airbyte does not accept them as keys.
_ORDERED = {"STRING", "INTEGER", "INT64", "NUMERIC", "BIGNUMERIC", "BOOLEAN", "BOOL", "DATE", "DATETIME", "TIMESTAMP"}
_ORDERED |= {"TIME", "BYTES"}
_CLUSTERED = _ORDERED - {"TIME", "BYTES"}  # types that BigQuery can cluster by (its page "Create clustered tables")
_ALTER_ATTEMPTS = 5  # another connection may change the same table at the same time
# BigQuery writes a value of these types in one way, whatever text the source has: 5.5 for 5.50, 2024-01-01 00:00:00+00
# for 2024-01-01T00:00:00Z.
_REWRITTEN = {"BOOL", "NUMERIC", "DATETIME", "TIMESTAMP"}
# For a key that was text or becomes text: the type that tells whether two texts are the same value (007 and 7).
_COMPARED_AS = {name: name for name in ("BOOL", "NUMERIC", "DATE", "TIME", "DATETIME", "TIMESTAMP")}
_COMPARED_AS |= {"INT64": "NUMERIC"}
_TEXT_ORDER = "Text has another order (10 comes before 9)."
_MOST_KEYS = 3  # BigQuery clusters by up to four columns; the fourth is the time of extraction


@dataclass(frozen=True)
class TablePlan:
    """The planned table of a stream: its columns, partitioning and clustering after this sync."""

    stream: SyncStream
    table: str
    columns: list[Column]
    schema: list[SchemaField]
    keys: list[str]
    cursor: str | None
    existing: bigquery.Table | None
    partitioning: bigquery.TimePartitioning | None = field(repr=False)
    clustering: list[str] = field(default_factory=list)
    retyped_keys: dict[str, str] = field(default_factory=dict)
    """The keys of a deduplicated table with rows that are text, and that the table or the source has as another type.
    The value is the type as which two texts are compared."""

    @property
    def widened(self) -> list[Widened]:
        """The columns of the existing table that get a wider type, with their values kept."""
        if self.existing is None or self.stream.sync_mode == OVERWRITE:
            return []
        return widened(self.existing, self.schema)

    def clustering_beside(self, table: bigquery.Table | None) -> list[str]:
        """Return the columns of the planned clustering that `table` has already, with the planned type.

        BigQuery refuses to cluster by a missing column. It also refuses a load or copy job whose clustering differs
        from the table's. So the table is clustered by a new or retyped key only after its rows are loaded.
        """
        if table is None:
            return self.clustering
        old = {item.name: _api_type(item) for item in table.schema}
        new = {item.name: _api_type(item) for item in self.schema}
        return [name for name in self.clustering if old.get(name) == new[name]]

    def find(self, warehouse: Warehouse) -> bigquery.Table | None:
        """Return the current table, or None if it does not exist. Raises SyncError if it was not made by Airbyte."""
        table = warehouse.find(self.table)
        if table is not None:
            _refuse_foreign(table)
        return table

    def alter(
        self, warehouse: Warehouse, table: bigquery.Table | None, clustering: list[str], *, add_columns: bool
    ) -> None:
        """Cluster the table by these columns and, if `add_columns`, add the planned new columns.

        If `table` is None, do nothing. If another client has changed the table since it was read, read it again and
        repeat. Raises SyncError.
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
        """Set the schema and the clustering of `table` in memory. Return the names of the changed properties."""
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
        """Create an empty table with this layout. A copy job can copy its rows into the planned table."""
        table = bigquery.Table(warehouse.name(name), schema=self.schema)
        table.time_partitioning, table.clustering_fields = self.partitioning, self.clustering_beside(self.existing)
        if expires is not None:
            table.expires = expires
        with warehouse.errors(f"create the table {warehouse.name(name)}"):
            warehouse.client.create_table(table, exists_ok=True, retry=warehouse.retry(), timeout=REQUEST_S)


def read_anew(table: bigquery.TableReference | bigquery.Table) -> str:
    """Return what to do so that the rows of a table are read again."""
    return (
        f"drop the table, with make sql q='drop table {table.dataset_id}.{table.table_id}' or a job of type reset: the "
        "next sync reads everything."
    )


def old_type(table: bigquery.TableReference | bigquery.Table) -> str:
    """Return what to do if the old and new rows of a table cannot be compared."""
    return (
        "Give the column its old type, in the source or under columns in connections.yaml, and run make apply "
        f"o=--refresh-schema, which takes that type over into the connection. Or {read_anew(table)}"
    )


def plan(warehouse: Warehouse, stream: SyncStream, table: str) -> TablePlan:
    """Plan the table of a stream from the stream's schema and the existing table. Changes nothing.

    Raises SyncError if the table was not made by Airbyte, or if the stream's key or cursor cannot be used.
    """
    if stream.sync_mode not in SYNC_MODES:
        raise SyncError(f"Stream {stream.name}: unknown sync mode {stream.sync_mode!r}.", "config_error")
    existing = warehouse.find(table)
    if existing is not None:
        _refuse_foreign(existing)
    columns, schema = _columns(stream, existing if stream.sync_mode != OVERWRITE else None)
    by_field = {column.field: column for column in columns}
    keys = [name for path in stream.primary_key if (name := _ordered(by_field, path))]
    cursor = _ordered(by_field, stream.cursor_field)
    if stream.sync_mode == DEDUPED:
        _refuse_unordered(stream, keys, cursor)
        if existing is not None:
            _refuse_other_order(stream, existing, schema, keys, cursor)
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
        partitioning=bigquery.TimePartitioning(field=layout.EXTRACTED_AT)
        if existing is None
        else existing.time_partitioning,
        clustering=[*clusters[:_MOST_KEYS], layout.EXTRACTED_AT],
        retyped_keys=_retyped_keys(stream, existing, by_field) if stream.sync_mode == DEDUPED else {},
    )


def _retyped_keys(stream: SyncStream, existing: bigquery.Table | None, columns: dict[str, Column]) -> dict[str, str]:
    if existing is None or not existing.num_rows:
        return {}
    had = {item.name: sql_name(item.field_type) for item in existing.schema}
    found: dict[str, str] = {}
    for [name] in stream.primary_key:
        column, wanted = columns[name], field_type(stream.json_schema["properties"][name]).name
        types = {had.get(column.name, wanted), wanted}
        if column.type.name == "STRING" and types != {"STRING"}:
            found.update((column.name, _COMPARED_AS[other]) for other in types & _COMPARED_AS.keys())
    return found


def _api_type(item: SchemaField) -> tuple[str, str]:
    return api_name(item.field_type), item.mode


def _refuse_foreign(table: bigquery.Table) -> None:
    missing = _REQUIRED_META - {item.name.lower() for item in table.schema}
    if table.table_type != "TABLE" or missing:
        raise SyncError(
            f"{table.full_table_id or table.reference} exists and was not made by Airbyte: it is a "
            f"{table.table_type.lower()}{' without ' + ', '.join(sorted(missing)) if missing else ''}. It was not "
            "changed. Drop or rename it, or give the connection another prefix.",
            "config_error",
        )


def _columns(stream: SyncStream, existing: bigquery.Table | None) -> tuple[list[Column], list[SchemaField]]:
    """Return the columns of the rows and the schema of the table.

    Existing columns keep their names. They keep their types too, or get a type that also holds the stream's values.
    """
    schema = list(existing.schema) if existing is not None else list(_META_FIELDS)
    known = {item.name.lower(): item for item in schema}
    for item in _META_FIELDS:
        if item.name not in known:  # tables of older Airbyte releases have no generation id
            schema.append(SchemaField(item.name, item.field_type))
    properties = stream.json_schema.get("properties") or {}
    columns = []
    for name, column in names.columns(properties).items():
        type_ = field_type(properties[name])
        found = known.get(column.lower())
        if found is None:
            schema.append(SchemaField(column, api_name(type_.name)))
            columns.append(Column(name, column, type_))
            continue
        kept = _kept(found, type_)
        columns.append(Column(name, found.name, kept))
        if kept.name not in (found.field_type, "REPEATED"):
            schema[schema.index(found)] = retyped(found, kept.name)
    if len(schema) > COLUMNS_LIMIT:
        raise SyncError(
            f"Stream {stream.name}: the table would have {len(schema):,} columns; a table of BigQuery has at most "
            f"{COLUMNS_LIMIT:,}. Select fewer (selected_fields of the stream), or declare fewer (columns). Of a file "
            "with a column for each sample or day, write a row for each value instead.",
            "config_error",
        )
    return columns, schema


def _kept(column: SchemaField, wanted: FieldType) -> FieldType:
    """Return the type of an existing column, or a wider one if the column cannot hold the wanted type's values."""
    if column.mode == "REPEATED":
        return FieldType("REPEATED")
    old = sql_name(column.field_type)
    wide = widest(old, wanted.name)
    return FieldType(column.field_type if wide == old else wide, wanted.shape if wide == old == wanted.name else None)


def _ordered(columns: dict[str, Column], path: list[str]) -> str | None:
    """Return the column name of a key or cursor, or None if BigQuery cannot group and order by it."""
    column = columns.get(path[0]) if len(path) == 1 else None
    return column.name if column and column.type.name in _ORDERED else None


def _refuse_unordered(stream: SyncStream, keys: list[str], cursor: str | None) -> None:
    if not stream.primary_key:
        raise SyncError(
            f"Stream {stream.name}: the sync mode {DEDUPED} needs a primary key. Set primaryKey, or choose the sync "
            "mode incremental_append.",
            "config_error",
        )
    fields = [*stream.primary_key, stream.cursor_field] if stream.cursor_field else stream.primary_key
    # A column that is text keeps objects and arrays as text, which may differ for equal values.
    types = stream.json_schema.get("properties") or {}
    is_nested = any(field_type(types.get(path[0])).shape for path in fields)
    if len(keys) < len(stream.primary_key) or (stream.cursor_field and not cursor) or is_nested:
        paths = [".".join(path) for path in fields]
        raise SyncError(
            f"Stream {stream.name}: the primary key and the cursor ({', '.join(paths)}) must be top-level columns "
            "that BigQuery can order: no objects, no arrays, no floats.",
            "config_error",
        )


def _refuse_other_order(
    stream: SyncStream, existing: bigquery.Table, schema: list[SchemaField], keys: list[str], cursor: str | None
) -> None:
    """Raise SyncError if the rows of the table cannot be compared with new rows.

    That is so with a new key, with a cursor that becomes text or a number, and with a key that becomes text and was a
    type that BigQuery writes in another way. Old rows would stay beside their new versions, or win over them.
    """
    types = {item.name: sql_name(item.field_type) for item in existing.schema}
    wanted = field_type(stream.json_schema["properties"][stream.cursor_field[0]]).name if cursor else ""
    if cursor and types.get(cursor) == "STRING" and wanted in ("INT64", "NUMERIC"):
        raise SyncError(
            f"Stream {stream.name}: the cursor {cursor} is text in the table {existing.table_id}, and now {wanted}. "
            f"{_TEXT_ORDER} {old_type(existing)}",
            "config_error",
        )
    if not existing.num_rows:
        return
    had = {item.name.lower() for item in existing.schema}
    new = [key for key in keys if key.lower() not in had]
    if new:
        raise SyncError(
            f"Stream {stream.name}: the {existing.num_rows} rows of the table {existing.table_id} have no value for "
            f"the primary key {', '.join(new)}, a new column. They would stay beside their new versions. To continue, "
            f"{read_anew(existing)}",
            "config_error",
        )
    for column in widened(existing, schema):
        if column.name == cursor and column.new == "STRING":
            raise SyncError(
                f"Stream {stream.name}: the cursor {cursor} is {column.old} in the table {existing.table_id}, and now "
                f"text. {_TEXT_ORDER} {old_type(existing)}",
                "config_error",
            )
        if column.name in keys and column.new == "STRING" and column.old in _REWRITTEN:
            raise SyncError(
                f"Stream {stream.name}: {column.name}, of the primary key, is {column.old} in the table "
                f"{existing.table_id}, and now text. As texts, old and new values may differ (5.5 and 5.50), and old "
                f"rows would stay beside their new versions. {old_type(existing)}",
                "config_error",
            )

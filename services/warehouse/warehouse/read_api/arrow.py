"""Rows as Arrow, with the types and names that BigQuery's Storage Read API sends."""

import pyarrow as pa
import pyarrow.compute as pc
from local_bigquery.models import TableFieldSchema

TYPES = {
    "STRING": pa.string(),
    "BYTES": pa.binary(),
    "INTEGER": pa.int64(),
    "FLOAT": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "NUMERIC": pa.decimal128(38, 9),
    "BIGNUMERIC": pa.decimal256(76, 38),
    "TIMESTAMP": pa.timestamp("us", "UTC"),
    "DATETIME": pa.timestamp("us"),
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "INTERVAL": pa.month_day_nano_interval(),
    "JSON": pa.string(),
    "GEOGRAPHY": pa.string(),
}
MARKED = ("DATETIME", "JSON", "GEOGRAPHY")  # types that BigQuery names in the metadata of a field


def schema(fields: list[TableFieldSchema]) -> pa.Schema:
    """Return the Arrow schema of BigQuery's fields."""
    return pa.schema([_field(field) for field in fields])


def batch(found: pa.RecordBatch, fields: list[TableFieldSchema]) -> pa.RecordBatch:
    """Return DuckDB's rows with the types of `fields`: an absent array is empty, and unselected fields are left out."""
    target = schema(fields)
    columns = [_array(found.column(field.name), field.type) for field in target]
    return pa.RecordBatch.from_arrays(columns, schema=target)


def _field(field: TableFieldSchema) -> pa.Field:
    metadata = {"ARROW:extension:name": f"google:sqlType:{field.type.lower()}"} if field.type in MARKED else None
    kind = _type(field)
    return pa.field(field.name, pa.list_(pa.field("item", kind)) if field.mode == "REPEATED" else kind, True, metadata)


def _type(field: TableFieldSchema) -> pa.DataType:
    if field.type == "RANGE":
        element = TYPES[field.rangeElementType.type]
        return pa.struct([("start", element), ("end", element)])
    if field.type == "RECORD":
        return pa.struct([_field(child) for child in field.fields or []])
    return TYPES[field.type]


def _array(array: pa.Array, target: pa.DataType) -> pa.Array:
    if pa.types.is_list(target):
        lengths = pc.fill_null(pc.list_value_length(array), 0)
        offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths).cast(pa.int32())])
        return pa.ListArray.from_arrays(offsets, _array(array.flatten(), target.value_type), type=target)
    if pa.types.is_struct(target):
        found = dict(zip(array.type.names, array.flatten(), strict=True))
        children = [_array(found.get(field.name, _range(found, field.name)), field.type) for field in target]
        return pa.StructArray.from_arrays(children, fields=list(target), mask=array.is_null())
    return array if array.type == target else array.cast(target)


def _range(found: dict[str, pa.Array], name: str) -> pa.Array | None:
    return found.get(f"__range_{name}")

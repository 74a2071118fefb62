"""BigQuery's schema of a table: types with their parameters, modes, defaults and descriptions, nested ones too."""

from collections.abc import Callable
from typing import Any

from local_bigquery.catalog import ddl, metadata, tables
from local_bigquery.engine import types
from local_bigquery.engine.database import quote
from local_bigquery.models import Table, TableFieldSchema
from local_bigquery.sql.rules import information_schema
from local_bigquery.sql.translate import Context, parse, translate
from sqlglot import exp

from warehouse.values import kind

Type = exp.DataType.Type
TYPES = {
    **dict.fromkeys((Type.TEXT, Type.VARCHAR), "STRING"),
    **dict.fromkeys((Type.BIGINT, Type.INT), "INTEGER"),
    **dict.fromkeys((Type.DOUBLE, Type.FLOAT), "FLOAT"),
    **dict.fromkeys((Type.BINARY, Type.VARBINARY), "BYTES"),
    **dict.fromkeys((Type.TIMESTAMP, Type.DATETIME), "DATETIME"),
    **dict.fromkeys((Type.TIMESTAMPTZ, Type.TIMESTAMPLTZ), "TIMESTAMP"),
    **{Type.DECIMAL: "NUMERIC", Type.BIGDECIMAL: "BIGNUMERIC", Type.BOOLEAN: "BOOLEAN", Type.STRUCT: "RECORD"},
    **{each: each.name for each in (Type.DATE, Type.TIME, Type.INTERVAL, Type.JSON, Type.GEOGRAPHY, Type.RANGE)},
}
INGESTION_TIME = f"\"{tables.INGESTION_TIME}\" TIMESTAMPTZ DEFAULT date_trunc('day', current_timestamp)"
PARAMETERS = {
    "STRING": ("maxLength",),
    "BYTES": ("maxLength",),
    "NUMERIC": ("precision", "scale"),
    "BIGNUMERIC": ("precision", "scale"),
}
Evaluate = Callable[[exp.Expression], Any]


def complete_columns() -> None:
    """Store all that a schema says: local-bigquery forgets nested parameters, nested NOT NULL, DEFAULT, rounding modes.

    Columns get their default in DuckDB too, so that every INSERT applies it; that of an ARRAY column is `[]`, as
    BigQuery stores no NULL arrays. INFORMATION_SCHEMA shows the parameters.
    """
    types.column = column
    information_schema._type = standard_type
    ddl._fields = lambda schema, evaluate: [field.dump() for field in declared(schema, evaluate)]


def stored(project_id: str, dataset_id: str, table_id: str) -> list[TableFieldSchema]:
    """Return a table's columns as BigQuery sees them, with everything that only the catalog knows."""
    resource = metadata.load(Table, project_id, dataset_id, table_id) or Table()
    overlaid: list[TableFieldSchema] = tables._overlay(
        tables.columns(project_id, dataset_id, table_id), tables.fields(resource)
    )
    return overlaid


def column(field: TableFieldSchema, nested: bool = False) -> str:
    """Return the definition of a column for DuckDB: name, type, and NOT NULL and default when it is not nested."""
    definition = f"{quote(field.name)} {types.duckdb_type(field)}"
    if nested:
        return definition
    if field.mode == "REQUIRED":
        definition += " NOT NULL"
    value = default(field)
    return f"{definition} DEFAULT {value}" if value else definition


def default(field: TableFieldSchema) -> str | None:
    """Return a column's default as DuckDB SQL. Raises BigQueryError when the expression is invalid."""
    if field.defaultValueExpression:
        [tree] = parse(f"SELECT {field.defaultValueExpression} AS value")
        sql, _ = translate(tree, Context("", None))
        return f"({sql.removeprefix('SELECT ').rpartition(' AS ')[0]})"
    return "[]" if field.mode == "REPEATED" else None


def declared(schema: exp.Expression | None, evaluate: Evaluate) -> list[TableFieldSchema]:
    """Return the columns of `CREATE TABLE t (columns)`; an empty list when there are none."""
    definitions = schema.expressions if isinstance(schema, exp.Schema) else []
    return [from_definition(each, evaluate) for each in definitions if isinstance(each, exp.ColumnDef)]


def from_definition(definition: exp.ColumnDef, evaluate: Evaluate) -> TableFieldSchema:
    """Return the field of a column definition such as `a ARRAY<STRING(3)> NOT NULL OPTIONS(description = 'x')`."""
    field = _typed(definition.args["kind"], evaluate) | {"name": definition.name}
    for constraint in definition.args.get("constraints") or []:
        each = constraint.kind
        if isinstance(each, exp.NotNullColumnConstraint) and not each.args.get("allow_null"):
            field["mode"] = "REQUIRED" if field["mode"] == "NULLABLE" else field["mode"]
        elif isinstance(each, exp.DefaultColumnConstraint):
            field["defaultValueExpression"] = each.this.sql("bigquery")
        elif isinstance(each, exp.Properties):
            field |= options(each, evaluate)
    return TableFieldSchema.model_validate(field)


def options(properties: exp.Expression, evaluate: Evaluate) -> dict[str, Any]:
    """Return what OPTIONS(…) of a column set."""
    keys = {"description": "description", "rounding_mode": "roundingMode"}
    found = {keys.get(each.name.lower()): each.args["value"] for each in properties.find_all(exp.Property)}
    return {key: None if isinstance(value, exp.Null) else evaluate(value) for key, value in found.items() if key}


def _typed(datatype: exp.DataType, evaluate: Evaluate) -> dict[str, Any]:
    if datatype.this == Type.ARRAY:
        return _typed(datatype.expressions[0], evaluate) | {"mode": "REPEATED"}
    name = TYPES[datatype.this]
    field: dict[str, Any] = {"type": name, "mode": "NULLABLE"}
    if name == "RECORD":
        field["fields"] = [from_definition(each, evaluate).dump() for each in datatype.expressions]
    elif name == "RANGE":
        field["rangeElementType"] = {"type": TYPES[datatype.expressions[0].this]}
    else:
        values = [parameter.name for parameter in datatype.expressions]
        field |= dict(zip(PARAMETERS.get(name, ()), values, strict=False))
    return field


def standard_type(field: TableFieldSchema) -> str:
    """Return a field's type as SQL writes it, with its parameters: `ARRAY<NUMERIC(5, 2)>`."""
    name = kind(field)
    if name == "RECORD":
        name = f"STRUCT<{', '.join(f'{each.name} {standard_type(each)}' for each in field.fields or [])}>"
    elif name == "RANGE":
        name = f"RANGE<{field.rangeElementType.type}>"
    else:
        parameters = [value for key in PARAMETERS.get(name, ()) if (value := getattr(field, key))]
        name = types.STANDARD.get(name, name) + (f"({', '.join(parameters)})" if parameters else "")
    return f"ARRAY<{name}>" if field.mode == "REPEATED" else name

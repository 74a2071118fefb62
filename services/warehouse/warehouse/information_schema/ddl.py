"""Writes the DDL statement of a table, dataset or routine, for the column `ddl` of INFORMATION_SCHEMA."""

from local_bigquery.catalog import options, routines
from local_bigquery.catalog.options import COLUMN_OPTIONS, DATASET_OPTIONS, TABLE_OPTIONS
from local_bigquery.engine.types import STANDARD
from local_bigquery.models import Dataset, Routine, Table, TableFieldSchema

UNITS = {"HOUR": "HOUR", "MONTH": "MONTH", "YEAR": "YEAR"}


def of_table(table: Table) -> str:
    """Return the statement that creates the table or view."""
    reference = table.tableReference
    name = f"`{reference.projectId}.{reference.datasetId}.{reference.tableId}`"
    written = _options(options.rendered(table, TABLE_OPTIONS))
    if table.view:
        return f"CREATE VIEW {name}{written}\nAS {table.view.query};"
    if table.materializedView:
        return f"CREATE MATERIALIZED VIEW {name}{_layout(table)}{written}\nAS {table.materializedView.query};"
    if table.snapshotDefinition:
        base = table.snapshotDefinition.baseTableReference
        source = f"`{base.projectId}.{base.datasetId}.{base.tableId}`"
        return f"CREATE SNAPSHOT TABLE {name}\nCLONE {source}{written};"
    parts = [f"  {_column(field)}" for field in (table.schema_ and table.schema_.fields) or []]
    parts += [f"  {key}" for key in _keys(table)]
    columns = "\n(\n" + ",\n".join(parts) + "\n)" if parts else ""
    return f"CREATE TABLE {name}{columns}{_layout(table)}{written};"


def of_dataset(dataset: Dataset) -> str:
    """Return the statement that creates the dataset."""
    reference = dataset.datasetReference
    written = _options(options.rendered(dataset, DATASET_OPTIONS))
    return f"CREATE SCHEMA `{reference.projectId}.{reference.datasetId}`{written};"


def of_routine(routine: Routine) -> str:
    """Return the statement that creates the routine."""
    return f"{routines.statement(routine, replace=False)};"


def type_name(field: TableFieldSchema) -> str:
    """Return a column's type in BigQuery's notation, for example ARRAY<STRUCT<a STRING(10), b NUMERIC(5, 2)>>."""
    kind = STANDARD.get(field.type, field.type)
    if kind in ("RECORD", "STRUCT"):
        kind = f"STRUCT<{', '.join(_member(child) for child in field.fields or [])}>"
    elif kind == "RANGE":
        kind = f"RANGE<{field.rangeElementType.type}>"
    elif field.maxLength:
        kind = f"{kind}({field.maxLength})"
    elif field.precision:
        kind = f"{kind}({field.precision}{f', {field.scale}' if field.scale else ''})"
    return f"ARRAY<{kind}>" if field.mode == "REPEATED" else str(kind)


def _member(field: TableFieldSchema) -> str:
    return f"{field.name} {type_name(field)}"


def _column(field: TableFieldSchema) -> str:
    parts = [f"{field.name} {type_name(field)}"]
    if field.defaultValueExpression:
        parts.append(f"DEFAULT {field.defaultValueExpression}")
    if field.mode == "REQUIRED":
        parts.append("NOT NULL")
    if found := options.rendered(field, COLUMN_OPTIONS):
        parts.append(f"OPTIONS({', '.join(f'{name}={value}' for name, _, value in found)})")
    return " ".join(parts)


def _keys(table: Table) -> list[str]:
    keys = table.tableConstraints
    found = []
    if keys and keys.primaryKey:
        found.append(f"PRIMARY KEY ({', '.join(keys.primaryKey.columns)}) NOT ENFORCED")
    for key in (keys and keys.foreignKeys) or []:
        own = ", ".join(pair.referencingColumn for pair in key.columnReferences)
        others = ", ".join(pair.referencedColumn for pair in key.columnReferences)
        target = key.referencedTable
        found.append(
            f"CONSTRAINT `{key.name}` FOREIGN KEY ({own}) "
            f"REFERENCES `{target.projectId}.{target.datasetId}.{target.tableId}`({others}) NOT ENFORCED"
        )
    return found


def _layout(table: Table) -> str:
    text = ""
    if time := table.timePartitioning:
        unit = UNITS.get(time.type or "DAY")
        column = time.field or "_PARTITIONTIME"
        kinds = {field.name: field.type for field in (table.schema_ and table.schema_.fields) or []}
        kind = kinds.get(column, "TIMESTAMP")
        if unit:
            text = f"\nPARTITION BY {kind}_TRUNC({column}, {unit})"
        else:
            text = f"\nPARTITION BY {column if kind == 'DATE' else f'DATE({column})'}"
    elif table.rangePartitioning:
        span = table.rangePartitioning.range
        text = (
            f"\nPARTITION BY RANGE_BUCKET({table.rangePartitioning.field}, "
            f"GENERATE_ARRAY({span.start}, {span.end}, {span.interval}))"
        )
    if table.clustering:
        text += f"\nCLUSTER BY {', '.join(table.clustering.fields)}"
    return text


def _options(found: list[tuple[str, str, str]]) -> str:
    if not found:
        return ""
    return "\nOPTIONS(\n" + ",\n".join(f"  {name}={value}" for name, _, value in found) + "\n)"

"""Changes of a table's schema: new fields and relaxed modes, nested ones too."""

from typing import Any

from local_bigquery.catalog import tables
from local_bigquery.engine import database, types
from local_bigquery.engine.database import quote
from local_bigquery.errors import BigQueryError
from local_bigquery.models import TableFieldSchema

from warehouse import schemas
from warehouse.checks import written_once
from warehouse.transactions import transaction
from warehouse.values import kind

Fields = list[TableFieldSchema]


def nested_fields() -> None:
    """Change nested fields with `tables.update` and `tables.patch`, all changes or none.

    local-bigquery compares only the names of columns: a new nested field is ignored, and so is a new default.
    """
    tables._alter = _update


def merged(stored: Fields, given: Fields, add: bool, relax: bool, prefix: str, path: str = "") -> Fields:
    """Return the stored fields with what `given` adds and relaxes. Raises BigQueryError for any other difference.

    Fields that are missing in `given` stay. `prefix` starts the message of an error.
    """
    result = list(stored)
    positions = {field.name.casefold(): index for index, field in enumerate(stored)}
    for field in given:
        name = f"{path}{field.name}"
        index = positions.get(field.name.casefold())
        if index is None:
            if not add:
                raise BigQueryError("invalid", f"{prefix}Cannot add fields (field: {name})")
            if field.mode == "REQUIRED":
                raise BigQueryError(
                    "invalid", f"{prefix}Cannot add required fields to an existing schema (field: {name})"
                )
            result.append(field)
            continue
        old = result[index]
        mode = _mode(old, field, relax, prefix, name)
        if kind(old) != kind(field):
            change = f"from {kind(old)} to {kind(field)}"
            raise BigQueryError("invalid", f"{prefix}Field {name} has changed type {change}")
        children = merged(old.fields or [], field.fields or [], add, relax, prefix, f"{name}.")
        result[index] = old.replace(mode=mode, **({"fields": [each.dump() for each in children]} if children else {}))
    return result


def apply(cursor: Any, reference: tuple[str, str, str], old: Fields, new: Fields) -> None:
    """Give the table the fields `new`, which `merged` returned. Call it in a transaction."""
    table = tables.name(*reference)
    before = {field.name.casefold(): field for field in old}
    for field in new:
        name, current = quote(field.name), before.get(field.name.casefold())
        column = f"ALTER TABLE {table} ALTER COLUMN {name}"
        if current is None:
            empty = " DEFAULT []" if field.mode == "REPEATED" else ""
            cursor.execute(f"ALTER TABLE {table} ADD COLUMN {name} {types.duckdb_type(field)}{empty}")
        elif (kind_now := types.duckdb_type(field)) != types.duckdb_type(current):
            cursor.execute(f"{column} DROP DEFAULT")
            cursor.execute(f"{column} TYPE {kind_now} USING {written_once(name, field)}")
        if current is not None and current.mode == "REQUIRED" and field.mode != "REQUIRED":
            cursor.execute(f"{column} DROP NOT NULL")
        if expression := schemas.default(field):
            cursor.execute(f"{column} SET DEFAULT {expression}")
        elif current is not None and schemas.default(current):
            cursor.execute(f"{column} DROP DEFAULT")


def _mode(old: TableFieldSchema, new: TableFieldSchema, relax: bool, prefix: str, name: str) -> str:
    before, after = old.mode or "NULLABLE", new.mode or "NULLABLE"
    if before == after or (relax and (before, after) == ("REQUIRED", "NULLABLE")):
        return after
    raise BigQueryError("invalid", f"{prefix}Field {name} has changed mode from {before} to {after}")


def _update(project_id: str, dataset_id: str, table_id: str, fields: Fields) -> None:
    reference = (project_id, dataset_id, table_id)
    label = tables.names.label(*reference)
    prefix = f"Provided Schema does not match Table {label}. "
    stored = schemas.stored(*reference)
    _refuse_removals(stored, fields, prefix)
    new = merged(stored, fields, True, True, prefix)
    defaults = {field.name.casefold(): field.defaultValueExpression for field in fields}
    new = [field.replace(defaultValueExpression=defaults[field.name.casefold()]) for field in new]
    with database.writing(*reference), database.cursor() as cursor, transaction(cursor):
        apply(cursor, reference, stored, new)


def _refuse_removals(stored: Fields, given: Fields, prefix: str, path: str = "") -> None:
    by_name = {field.name.casefold(): field for field in given}
    for field in stored:
        kept = by_name.get(field.name.casefold())
        if kept is None:
            raise BigQueryError("invalid", f"{prefix}Cannot remove field: {path}{field.name}")
        _refuse_removals(field.fields or [], kept.fields or [], prefix, f"{path}{field.name}.")

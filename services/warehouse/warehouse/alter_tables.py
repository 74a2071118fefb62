"""Bridges for ALTER TABLE."""

import re
from typing import Any

import sqlglot
from local_bigquery.catalog import ddl, metadata, names, tables
from local_bigquery.catalog import options as catalog_options
from local_bigquery.engine import database
from local_bigquery.engine.database import quote
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import query
from local_bigquery.models import Table, TableFieldSchema
from local_bigquery.sql.dialect import BigQueryDialect
from local_bigquery.sql.translate import Context
from sqlglot import exp

from warehouse import evolution, schemas
from warehouse.schemas import standard_type
from warehouse.transactions import refuse_in_transaction, transaction
from warehouse.values import kind

ACTIONS = re.compile(r"\s*TABLE\s+(.+?)\s+((?:ADD|ALTER|DROP|RENAME)\s+COLUMN\s.*)$", re.IGNORECASE | re.DOTALL)
NEXT = re.compile(r",\s*(?=(?:ADD|ALTER|DROP|RENAME)\s+COLUMN\s)", re.IGNORECASE)
WIDER = {
    "INTEGER": {"NUMERIC", "BIGNUMERIC", "FLOAT"},
    "NUMERIC": {"BIGNUMERIC", "FLOAT"},
    "BIGNUMERIC": {"FLOAT"},
}
Fields = list[TableFieldSchema]
COLUMNS = (exp.ColumnDef, exp.AlterColumn, exp.RenameColumn)


def columns() -> None:
    """Change the columns of a table by ALTER TABLE: all actions or none, with all that a schema says.

    DuckDB changes a column to any type that it can cast to; BigQuery only to a wider one. local-bigquery applies the
    actions one by one, does not know a list such as several RENAME COLUMN, and keeps the description of a renamed or
    dropped column.
    """
    upstream = query._run

    def run(cursor: Any, tree: Any, context: Context, *rest: Any) -> Any:
        tree = _with_all_actions(tree)
        dry = rest[2]
        if dry or not _changes_columns(tree):
            return upstream(cursor, tree, context, *rest)
        reference = names.reference(tree.this, context.project_id, context.dataset_id)
        statistics = query._ddl(tree, context).replace(statementType=query.statement_type(tree))
        refuse_in_transaction(cursor, "ALTER TABLE")
        if tables.exists(*reference) or not tree.args.get("exists"):
            _alter(cursor, tree, reference, query._evaluator(cursor))
        return statistics

    query._run = run


def null_options() -> None:
    """Remove what `OPTIONS(description = NULL)` names: local-bigquery fails.

    SET OPTIONS(labels = …) replaces all labels: local-bigquery keeps the old ones too.
    """
    upstream_options, upstream_alteration = catalog_options.options, ddl._alteration

    def options(node: exp.Expression | None, mapping: Any, evaluate: Any) -> dict[str, Any]:
        found = list(node.find_all(exp.Property)) if node is not None else []
        empty = [each for each in found if isinstance(each.args.get("value"), exp.Null)]
        removed = {mapping[each.name.lower()].key: None for each in empty if each.name.lower() in mapping}
        if not removed:
            return dict(upstream_options(node, mapping, evaluate))
        kept = exp.Properties(expressions=[each.copy() for each in found if each not in empty])
        return dict(upstream_options(kept, mapping, evaluate)) | removed

    def alteration(stored: Table, action: exp.Expression, reference: Any, evaluate: Any) -> dict[str, Any]:
        changes: dict[str, Any] = upstream_alteration(stored, action, reference, evaluate)
        if changes.get("labels"):
            changes["labels"] = dict.fromkeys(stored.labels or {}) | changes["labels"]
        return changes

    ddl.options = options
    ddl._alteration = alteration


def _with_all_actions(tree: Any) -> Any:
    """Return an Alter for a list of actions that sqlglot does not parse, such as several RENAME COLUMN."""
    if not isinstance(tree, exp.Command) or tree.text("this").upper() != "ALTER":
        return tree
    match = ACTIONS.match(tree.text("expression"))
    if match is None:
        return tree
    parts = [
        sqlglot.parse_one(f"ALTER TABLE {match[1]} {part}", dialect=BigQueryDialect) for part in NEXT.split(match[2])
    ]
    if not all(isinstance(part, exp.Alter) for part in parts):
        return tree
    parts[0].set("actions", [action for part in parts for action in part.args["actions"]])
    return parts[0]


def _changes_columns(tree: Any) -> bool:
    if not isinstance(tree, exp.Alter) or tree.args.get("kind") != "TABLE":
        return False
    return any(isinstance(action, COLUMNS) or _drops_column(action) for action in tree.args.get("actions") or [])


def _drops_column(action: exp.Expression) -> bool:
    return isinstance(action, exp.Drop) and action.args.get("kind") == "COLUMN"


def _alter(cursor: Any, tree: exp.Alter, reference: tuple[str, str, str], evaluate: Any) -> None:
    table = tables.name(*reference)
    with database.writing(*reference):
        resource = tables.load(*reference)
        fields = tables.fields(resource)
        fixed = _layout_columns(resource)
        with transaction(cursor):
            for action in tree.args["actions"]:
                fields = _changed(cursor, table, reference, fields, action, fixed, evaluate)
        stored = metadata.load(Table, *reference) or tables.defaults(*reference)
        schema = {"fields": [field.dump() for field in fields]}
        tables.record(*reference, stored.replace(schema=schema, lastModifiedTime=metadata.now()))


def _changed(
    cursor: Any,
    table: str,
    reference: tuple[str, str, str],
    fields: Fields,
    action: exp.Expression,
    fixed: set[str],
    evaluate: Any,
) -> Fields:
    """Apply one action of ALTER TABLE and return the table's fields after it."""
    if isinstance(action, exp.Drop) and _drops_column(action):
        return _dropped(cursor, table, fields, action, fixed)
    if isinstance(action, exp.RenameColumn):
        return _renamed(cursor, table, fields, action, fixed)
    if isinstance(action, exp.ColumnDef):
        new = _added(fields, action, evaluate)
    elif isinstance(action, exp.AlterColumn):
        new = _altered(fields, action, evaluate)
    else:
        raise BigQueryError("invalidQuery", f"ALTER TABLE: {action.sql('bigquery')} cannot follow another action")
    evolution.apply(cursor, reference, fields, new)
    return new


def _layout_columns(resource: Table) -> set[str]:
    """Return the columns of partitions and clusters in lower case."""
    partitioning = resource.timePartitioning or resource.rangePartitioning
    clustered = (resource.clustering and resource.clustering.fields) or []
    return {name.casefold() for name in [(partitioning and partitioning.field) or "", *clustered] if name}


def _find(fields: Fields, name: str) -> int | None:
    return next((index for index, field in enumerate(fields) if field.name.casefold() == name.casefold()), None)


def _added(fields: Fields, action: exp.ColumnDef, evaluate: Any) -> Fields:
    field = schemas.from_definition(action, evaluate)
    if _find(fields, field.name) is not None:
        if action.args.get("exists"):
            return fields
        raise BigQueryError("invalidQuery", f"Column already exists: {field.name}")
    if field.mode == "REQUIRED":
        raise BigQueryError("invalidQuery", f"Cannot add required fields to an existing schema (field: {field.name})")
    if field.defaultValueExpression:
        raise BigQueryError(
            "invalidQuery",
            f"A column with a default cannot be added. Add {field.name}, then use ALTER COLUMN … SET DEFAULT",
        )
    names.fields([field])
    return [*fields, field]


def _dropped(cursor: Any, table: str, fields: Fields, action: exp.Drop, fixed: set[str]) -> Fields:
    name = action.args["tables"][0].name
    index = _find(fields, name)
    if index is None:
        if action.args.get("exists"):
            return fields
        raise BigQueryError("invalidQuery", f"Column not found: {name}")
    _refuse_fixed(name, fixed, "dropped")
    cursor.execute(f"ALTER TABLE {table} DROP COLUMN {quote(fields[index].name)}")
    return [field for position, field in enumerate(fields) if position != index]


def _renamed(cursor: Any, table: str, fields: Fields, action: exp.RenameColumn, fixed: set[str]) -> Fields:
    name, wanted = action.this.name, action.args["to"].name
    index = _find(fields, name)
    if index is None:
        if action.args.get("exists"):
            return fields
        raise BigQueryError("invalidQuery", f"Column not found: {name}")
    if _find(fields, wanted) is not None:
        raise BigQueryError("invalidQuery", f"Column already exists: {wanted}")
    _refuse_fixed(name, fixed, "renamed")
    names.column(wanted)
    cursor.execute(f"ALTER TABLE {table} RENAME COLUMN {quote(fields[index].name)} TO {quote(wanted)}")
    return [field.replace(name=wanted) if position == index else field for position, field in enumerate(fields)]


def _refuse_fixed(name: str, fixed: set[str], verb: str) -> None:
    if name.casefold() in fixed:
        raise BigQueryError("invalidQuery", f"Column {name} of the partitions or clusters cannot be {verb}")


def _altered(fields: Fields, action: exp.AlterColumn, evaluate: Any) -> Fields:
    index = _find(fields, action.name)
    if index is None:
        raise BigQueryError("invalidQuery", f"Column not found: {action.name}")
    field = fields[index]
    if dtype := action.args.get("dtype"):
        definition = exp.ColumnDef(this=exp.to_identifier(field.name), kind=dtype.copy())
        new = _widened(field, schemas.from_definition(definition, evaluate), field.name)
    elif action.args.get("allow_null"):
        if field.mode != "REQUIRED":
            raise BigQueryError("invalidQuery", f"Column {field.name} has no NOT NULL constraint")
        new = field.replace(mode="NULLABLE")
    elif (default := action.args.get("default")) is not None:
        new = field.replace(defaultValueExpression=default.sql("bigquery"))
    elif action.args.get("drop"):
        new = field.replace(defaultValueExpression=None)
    else:
        raise BigQueryError("invalidQuery", f"ALTER COLUMN is not supported: {action.sql('bigquery')}")
    return [new if position == index else each for position, each in enumerate(fields)]


def _widened(old: TableFieldSchema, new: TableFieldSchema, path: str) -> TableFieldSchema:
    """Return the field with its new type. Raises BigQueryError when a value might not fit."""
    same = kind(old) == kind(new)
    if (old.mode == "REPEATED") != (new.mode == "REPEATED") or not (same or kind(new) in WIDER.get(kind(old), ())):
        raise _not_assignable(old, new)
    if old.maxLength and new.maxLength and int(new.maxLength) < int(old.maxLength):
        raise _not_assignable(old, new)
    if new.maxLength and not old.maxLength:
        raise _not_assignable(old, new)
    if new.precision and same and not _holds(old, new):
        raise _not_assignable(old, new)
    children = [each.dump() for each in old.fields or []]
    if same and kind(old) == "RECORD":
        children = _widened_fields(old, new, path)
    kept = old.without("type", "maxLength", "precision", "scale", "fields").dump()
    changed = new.only("type", "maxLength", "precision", "scale").dump()
    return TableFieldSchema.model_validate(kept | changed | ({"fields": children} if children else {}))


def _widened_fields(old: TableFieldSchema, new: TableFieldSchema, path: str) -> list[dict[str, Any]]:
    given = {each.name.casefold(): each for each in new.fields or []}
    kept = {each.name.casefold() for each in old.fields or []}
    if kept - set(given):
        raise _not_assignable(old, new)
    widened = [_widened(each, given[each.name.casefold()], f"{path}.{each.name}") for each in old.fields or []]
    return [each.dump() for each in [*widened, *(each for name, each in given.items() if name not in kept)]]


def _holds(old: TableFieldSchema, new: TableFieldSchema) -> bool:
    if not old.precision:
        return False
    scale, wanted = int(old.scale or 0), int(new.scale or 0)
    return wanted >= scale and int(new.precision) - wanted >= int(old.precision) - scale


def _not_assignable(old: TableFieldSchema, new: TableFieldSchema) -> BigQueryError:
    return BigQueryError(
        "invalidQuery",
        "ALTER TABLE ALTER COLUMN SET DATA TYPE requires that the existing column type "
        f"({standard_type(old)}) is assignable to the new type ({standard_type(new)})",
    )

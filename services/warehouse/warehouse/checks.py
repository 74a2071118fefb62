"""SQL that checks the values of a column before they are written: limits of its type, NULL in nested fields and arrays.

DuckDB checks only NOT NULL of whole columns. Every path that writes a table uses `written`.
"""

from local_bigquery.engine import types
from local_bigquery.engine.database import quote
from local_bigquery.jobs.storage import literal
from local_bigquery.models import TableFieldSchema

from warehouse.values import DECIMALS, kind

VALUE = "__value"


def written(value: str, field: TableFieldSchema, prefix: str = "", depth: int = 0) -> str:
    """Return SQL for `value` as the column stores it; `value` itself when nothing can be wrong.

    `value` is SQL of the column's DuckDB type, and is repeated in the result. The SQL raises an error that names the
    field; NULL arrays become empty arrays, and NUMERIC(p, s) is rounded to its scale.
    """
    path = f"{prefix}{field.name}"
    if field.mode == "REPEATED":
        variable = f"e{depth}"
        element = _single(variable, field, path, depth + 1)
        elements = value if element == variable else f"list_transform({value}, lambda {variable}: {element})"
        message = f"Array cannot have a null element; error in writing field {path}"
        return (
            f"CASE WHEN {value} IS NULL THEN CAST([] AS {types.duckdb_type(field)}) "
            f"WHEN list_count({value}) <> len({value}) THEN error({literal(message)}) ELSE {elements} END"
        )
    checked = _single(value, field, path, depth)
    if field.mode == "REQUIRED":
        message = f"Required field {path} cannot be null"
        return f"CASE WHEN {value} IS NULL THEN error({literal(message)}) ELSE {checked} END"
    return checked


def written_column(value: str, field: TableFieldSchema) -> str:
    """Return `written` for a whole column of a table that exists: DuckDB checks its NOT NULL."""
    return written(value, field.replace(mode="REPEATED" if field.mode == "REPEATED" else "NULLABLE"))


def written_once(value: str, field: TableFieldSchema) -> str:
    """Return SQL like `written_column` for any `value`, which is cast to the column's type and evaluated once."""
    checked = written_column(VALUE, field)
    return f"list_transform([CAST({value} AS {types.duckdb_type(field)})], lambda {VALUE}: {checked})[1]"


def checks_nothing(field: TableFieldSchema) -> bool:
    """Return whether every value of the column's DuckDB type can be written as it is."""
    return kind(field) != "RECORD" and written_column(VALUE, field) == VALUE


def typed_rows(sql: str, fields: list[TableFieldSchema], values: list[str]) -> str:
    """Return SQL of the rows of a query with the types of `fields`, as columns c0, c1 and so on.

    `values` are SQL of these columns as the query gives them.
    """
    names = [f"c{index}" for index in range(len(fields))]
    casts = ", ".join(
        f"CAST({value} AS {types.duckdb_type(field)}) AS {name}"
        for value, field, name in zip(values, fields, names, strict=True)
    )
    return f"(SELECT {casts} FROM ({sql}) AS q({', '.join(names)})) AS typed"  # noqa: S608 quoted names


def _single(value: str, field: TableFieldSchema, path: str, depth: int) -> str:
    name = kind(field)
    if name == "RECORD":
        return _struct(value, field, path, depth)
    if name in ("STRING", "BYTES") and field.maxLength:
        size = "length" if name == "STRING" else "octet_length"
        limit = (
            f"Field {path}: {name}({field.maxLength}) has maximum length {field.maxLength}, but the value has length "
        )
        message = f"{literal(limit)} || {size}({value})"
        return f"CASE WHEN {size}({value}) > {int(field.maxLength)} THEN error({message}) ELSE {value} END"
    if name in DECIMALS and field.precision:
        return _decimal(value, field, name, path)
    return value


def _struct(value: str, field: TableFieldSchema, path: str, depth: int) -> str:
    parts = {each.name: f"{value}.{quote(each.name)}" for each in field.fields or []}
    checked = {each.name: written(parts[each.name], each, f"{path}.", depth) for each in field.fields or []}
    if checked == parts:
        return value
    pairs = ", ".join(f"{quote(name)} := {part}" for name, part in checked.items())
    return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({pairs}) END"


def _decimal(value: str, field: TableFieldSchema, name: str, path: str) -> str:
    precision, scale = int(field.precision), int(field.scale or 0)
    rounded = f"CAST({value} AS DECIMAL(38, {min(scale, DECIMALS[name][1])}))"  # rounds half away from zero
    if field.roundingMode == "ROUND_HALF_EVEN":
        rounded = f"round_even({value}, {scale})"
    column = types.duckdb_type(field)
    limit = f"Field {path}: {name}({precision}, {scale}) cannot hold the value "
    bound = f"CAST('1{'0' * (precision - scale)}' AS DECIMAL(38, 0))"
    if precision - scale > DECIMALS[name][0]:
        return f"CAST({rounded} AS {column})"
    return (
        f"CASE WHEN abs({rounded}) >= {bound} THEN error({literal(limit)} || {value}) "
        f"ELSE CAST({rounded} AS {column}) END"
    )

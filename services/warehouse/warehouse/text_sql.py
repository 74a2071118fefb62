"""SQL that converts the text of values in their simplest form, and raises an error for every other text.

This is the fast way of a load: DuckDB reads and converts the file on all cores. What it does not convert exactly as
BigQuery does is left to `warehouse.values`, which reads the file again, row by row.
"""

from local_bigquery.engine import types
from local_bigquery.engine.database import quote
from local_bigquery.jobs.storage import literal
from local_bigquery.models import TableFieldSchema

from warehouse.values import kind

NUMERIC = "-?[0-9]{1,29}([.][0-9]{1,9})?"
JSON_NUMERIC = '"-?[0-9]{1,29}([.][0-9]{1,9})?"|-?[0-9]{1,29}|-?[0-9]{1,6}[.][0-9]{1,9}'  # a DOUBLE keeps the last ones
DAY_AND_TIME = "({x} LIKE '____-__-__T__:__:__%' OR {x} LIKE '____-__-__ __:__:__%')"
CONDITIONS = {  # where DuckDB's cast is exact or an error
    "INTEGER": "CAST(TRY_CAST({x} AS BIGINT) AS VARCHAR) = {x}",
    "FLOAT": "NOT contains({x}, '_') AND NOT contains({x}, ' ')",
    "BOOLEAN": "{x} IN ('true', 'false')",
    "DATE": "CAST(TRY_CAST({x} AS DATE) AS VARCHAR) = {x}",
    "TIME": "CAST(TRY_CAST({x} AS TIME) AS VARCHAR) = {x}",
    "DATETIME": DAY_AND_TIME + " AND (length({x}) = 19 OR (substr({x}, 20, 1) = '.' AND length({x}) <= 26))"
    " AND {x} < ':' AND NOT contains({x}, 'Z')",
    "TIMESTAMP": DAY_AND_TIME + " AND {x} < ':' AND (length({x}) <= 26 OR (length({x}) = 27 AND suffix({x}, 'Z'))"
    " OR (length({x}) = 32 AND substr({x}, 27, 1) IN ('+', '-')))",
    "BYTES": "true",
}
CASTS = {"BYTES": "from_base64({x})"}
UNUSUAL = "error('unusual value')"
DECIMAL_TEXT = "text like a decimal number"


def json_type(field: TableFieldSchema) -> str:
    """Return the DuckDB type that the JSON reader gives a field: text, or JSON where quotes make a difference."""
    name = kind(field)
    if name == "RECORD":
        text = f"STRUCT({', '.join(f'{quote(each.name)} {json_type(each)}' for each in field.fields or [])})"
    else:
        text = "JSON" if name in ("JSON", "NUMERIC") else "VARCHAR"
    return f"{text}[]" if field.mode == "REPEATED" else text


def from_json(value: str, field: TableFieldSchema, numbers: bool, depth: int = 0) -> str:
    """Return SQL that converts a value of `json_type`.

    DuckDB has read a number for a STRING column as a double: `1.10` is `1.1`. Unless `numbers` is false, because the
    files have no such number, the SQL raises the error DECIMAL_TEXT for each text that may come from one.
    """
    if field.mode == "REPEATED":
        variable = f"j{depth}"
        element = from_json(variable, field.replace(mode="NULLABLE"), numbers, depth + 1)
        nulls = f"list_count({value}) <> len({value})"
        return f"CASE WHEN {nulls} THEN {UNUSUAL} ELSE list_transform({value}, lambda {variable}: {element}) END"
    name = kind(field)
    if name == "RECORD":
        parts = {each.name: f"{value}.{quote(each.name)}" for each in field.fields or []}
        pairs = ", ".join(
            f"{quote(each.name)} := {from_json(parts[each.name], each, numbers, depth)}" for each in field.fields or []
        )
        return f"CASE WHEN {value} IS NOT NULL THEN struct_pack({pairs}) END"
    if name == "STRING":  # an object or array is an error in BigQuery, but is text here
        nested = f"({value} >= '{{' AND {value} < '|') OR ({value} >= '[' AND {value} < '\\')"
        decimal = f"WHEN {value} >= '-' AND {value} < ':' AND {_is_double(value)} THEN error('{DECIMAL_TEXT}') "
        return f"CASE WHEN {nested} THEN {UNUSUAL} {decimal if numbers else ''}ELSE {value} END"
    if name == "NUMERIC":
        text = f"CAST({value} AS VARCHAR)"
        right = f"regexp_full_match({text}, {literal(JSON_NUMERIC)})"
        return _converted(value, right, f"CAST(trim({text}, '\"') AS DECIMAL(38, 9))")
    return from_text(value, field) if name != "JSON" else value


def from_text(value: str, field: TableFieldSchema) -> str:
    """Return SQL that converts a text value."""
    name = kind(field)
    if name == "STRING":
        return value
    if name == "NUMERIC":
        return _converted(value, f"regexp_full_match({value}, {literal(NUMERIC)})", f"CAST({value} AS DECIMAL(38, 9))")
    condition = CONDITIONS.get(name)
    if condition is None or field.mode == "REPEATED":
        return _converted(value, "false", f"CAST(NULL AS {types.duckdb_type(field)})")
    cast = CASTS.get(name, f"CAST({{x}} AS {types.duckdb_type(field)})")
    return _converted(value, condition.replace("{x}", value), cast.replace("{x}", value))


def from_csv(value: str, field: TableFieldSchema, newlines: bool) -> str:
    """Return SQL that converts a field of a CSV file."""
    if kind(field) != "STRING":
        return from_text(value, field)
    unusual = f"contains({value}, chr(0))" + ("" if newlines else f" OR contains({value}, chr(10))")
    return f"CASE WHEN {unusual} THEN {UNUSUAL} ELSE {value} END"


def _is_double(value: str) -> str:
    return f"(contains({value}, '.') OR contains({value}, 'e')) AND TRY_CAST({value} AS DOUBLE) IS NOT NULL"


def _converted(value: str, right: str, cast: str) -> str:
    return f"CASE WHEN {value} IS NULL OR ({right}) THEN {cast} ELSE {UNUSUAL} END"

"""Maps JSON schemas to BigQuery types, by the rules of Airbyte's BigQuery destination (its page "BigQuery")."""

from dataclasses import dataclass
from typing import Any

# If a field has several types, Airbyte uses the first of this list.
_PRECEDENCE = ("ARRAY", "OBJECT", "STRING", "NUMERIC", "INT64", "BOOL", "TIMESTAMP", "DATETIME", "TIME", "DATE", "JSON")


@dataclass(frozen=True)
class FieldType:
    """A BigQuery type. `shape` limits the values of a JSON column to "object" or "array"; None: any value."""

    name: str
    shape: str | None = None


_JSON = FieldType("JSON")


def field_type(schema: Any) -> FieldType:
    """Return the column type for a field with this JSON schema; JSON if the schema has no type."""
    if not isinstance(schema, dict):
        return _JSON
    declared = schema.get("type")
    options = declared if isinstance(declared, list) else [declared] if declared else []
    kinds = {_kind(option, schema) for option in options if option != "null"}
    if not options:
        return _undeclared(schema)
    if not kinds:
        return _JSON
    kind = min(kinds, key=_PRECEDENCE.index)
    return FieldType("JSON", kind.lower()) if kind in ("ARRAY", "OBJECT") else FieldType(kind)


def only_null(schema: Any) -> bool:
    """Return whether a JSON schema allows null and nothing else: the field has no value in any record."""
    if not isinstance(schema, dict):
        return False
    declared = schema.get("type")
    if declared:
        return set(declared if isinstance(declared, list) else [declared]) == {"null"}
    variants = schema.get("oneOf") or schema.get("anyOf")
    return isinstance(variants, list) and all(map(only_null, variants))


def _undeclared(schema: dict[str, Any]) -> FieldType:
    variants = schema.get("oneOf") or schema.get("anyOf")
    if isinstance(variants, list):
        types = {field_type(variant) for variant in variants if not only_null(variant)}
        return types.pop() if len(types) == 1 else _JSON
    if "properties" in schema:
        return FieldType("JSON", "object")
    return FieldType("JSON", "array") if "items" in schema else _JSON


def _kind(option: Any, schema: dict[str, Any]) -> str:
    airbyte_type = schema.get("airbyte_type")
    match option:
        case "string":
            return _string_kind(schema.get("format"), airbyte_type)
        case "integer":
            return "INT64"
        case "number":
            return "INT64" if airbyte_type == "integer" else "NUMERIC"
        case "boolean":
            return "BOOL"
        case "array":
            return "ARRAY"
        case "object":
            return "OBJECT"
    return "JSON"


def _string_kind(format_: Any, airbyte_type: Any) -> str:
    match format_:
        case "date":
            return "DATE"
        case "date-time":
            return "DATETIME" if airbyte_type == "timestamp_without_timezone" else "TIMESTAMP"
        case "time":
            # BigQuery has no type for a time of day with a time zone: Airbyte uses text.
            return "TIME" if airbyte_type == "time_without_timezone" else "STRING"
    return "STRING"

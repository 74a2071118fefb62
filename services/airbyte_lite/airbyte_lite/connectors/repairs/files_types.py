"""Finds the type of a column from several files, or from the lines of a JSONL file: one that holds all values.

Only a boolean beside a number is not held: the type is the number's, for CSV files with 0 and 1.
"""

from collections.abc import Mapping
from typing import Any

from airbyte_cdk.sources.file_based.schema_helpers import merge_schemas
from airbyte_cdk.sources.file_based.schema_validation_policies import default_schema_validation_policies
from airbyte_cdk.sources.file_based.stream import default_file_based_stream

TEXT = {"type": "string"}
NESTED = {"array", "object"}
DAYS = {"date", "date-time"}


def any_order() -> None:
    """Find the same types whichever file is read first.

    airbyte-cdk 7.39.1 reads files concurrently. It takes the first of two types of text, such as date, date-time and
    text without a format. If an object or an array meets another type, or an array meets null, it logs an error and
    goes on without the second file, whose new columns are not discovered. No upstream report is known.
    """
    default_file_based_stream.merge_schemas = of_both


def no_validation_of_several_types() -> None:
    """Let every value pass for a column of several types (`oneOf`) if the stream's policy validates records.

    airbyte-cdk 7.39.1 compares a value with `type` of its column: "ValueError: None is not a valid ComparableType". No
    upstream report is known.
    """
    original = default_schema_validation_policies.conforms_to_schema

    def conforms_to_schema(record: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
        columns = schema.get("properties", {})
        several = {name for name, column in columns.items() if "type" not in column}
        if several:
            record = {name: value for name, value in record.items() if name not in several}
            schema = {**schema, "properties": {name: columns[name] for name in columns if name not in several}}
        return bool(original(record, schema))

    default_schema_validation_policies.conforms_to_schema = conforms_to_schema


def of_both(first: Mapping[str, Any], second: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the types of the columns of two files or lines."""
    common = {name: both for name in first.keys() & second.keys() if (both := _both(first[name], second[name]))}
    merged: Mapping[str, Any] = merge_schemas({**first, **common}, {**second, **common})
    return merged


def _both(first: Any, second: Any) -> Any:
    """Return the type that holds the values of both, None if airbyte-cdk finds it."""
    if not all(isinstance(item, dict) and isinstance(item.get("type"), str) for item in (first, second)):
        return None
    kinds = {first["type"], second["type"]}
    if first == second:
        return None
    if "null" in kinds:
        return second if first["type"] == "null" else first
    if len(kinds) == 1 and kinds <= NESTED:
        return {"type": first["type"]}
    if kinds == {"string"} and {first.get("format"), second.get("format")} <= DAYS:
        return {"type": "string", "format": "date-time"}
    return TEXT if kinds & {*NESTED, "string"} else None

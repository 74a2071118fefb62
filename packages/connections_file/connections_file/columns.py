"""The declared columns of a file stream: a YAML map in the file, the field `input_schema` for the connector.

Airbyte's file connectors take the names and types of a stream's columns as JSON text. In the connections file they are
a map, `columns: {id: integer, zip: string}`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from connections_file.yaml_lines import Location

CONNECTORS = frozenset(
    {
        "source-azure-blob-storage",
        "source-gcs",
        "source-google-drive",
        "source-microsoft-onedrive",
        "source-microsoft-sharepoint",
        "source-s3",
        "source-sftp-bulk",
    }
)
"""Airbyte's file connectors. Each has `streams` with the field `input_schema`."""

TYPES = ("string", "integer", "number", "boolean", "object", "array")
ACCEPTED = {*TYPES, "float"}  # the connector reads float as number, and ignores the case of a type
EXAMPLE = "columns: {id: integer, zip: string}"


def stream_options(connector: str, configuration: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield position and options of each stream in the configuration of a file connector."""
    streams = configuration.get("streams") if connector in CONNECTORS else None
    for position, options in enumerate(streams if isinstance(streams, list) else []):
        if isinstance(options, dict):
            yield position, options


def declared_columns(options: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the columns that a stream's options declare, by name; None if the connector finds the columns itself."""
    given = options.get("columns") or options.get("input_schema")
    if isinstance(given, str):
        given = _parsed(given)
    return given if isinstance(given, dict) else None


def guesses_types(options: Mapping[str, Any]) -> bool:
    """Return whether the connector guesses the types of a stream's columns from the texts in its CSV files."""
    file_format = options.get("format")
    inference = file_format.get("inference_type", "None") if isinstance(file_format, dict) else "None"
    return inference != "None" and not (options.get("columns") or options.get("input_schema"))


def with_input_schemas(connector: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration for the connector: each map of columns is replaced by `input_schema`, its JSON text."""
    streams = list(configuration.get("streams") or [])
    for position, options in stream_options(connector, configuration):
        columns = options.get("columns", options.get("input_schema"))
        if isinstance(columns, dict):
            kept = {key: value for key, value in options.items() if key != "columns"}
            streams[position] = kept | {"input_schema": json_text(columns)}
    return configuration | {"streams": streams} if streams else configuration


def with_columns(connector: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration for the file: each `input_schema` is replaced by a map, if its JSON text is the same."""
    streams = list(configuration.get("streams") or [])
    for position, options in stream_options(connector, configuration):
        columns = declared_columns(options)
        if columns and not list(_type_mistakes(columns)) and json_text(columns) == options.get("input_schema"):
            kept = {key: value for key, value in options.items() if key != "input_schema"}
            streams[position] = kept | {"columns": columns}
    return configuration | {"streams": streams} if streams else configuration


def json_text(columns: Mapping[str, str]) -> str:
    """Return the text of `input_schema`."""
    return json.dumps(columns, ensure_ascii=False)


def column_mistakes(connector: str, configuration: Mapping[str, Any]) -> Iterator[tuple[Location, str]]:
    """Yield place (in the configuration) and description of each mistake in the columns of its streams."""
    for position, options in stream_options(connector, configuration):
        for field in ("columns", "input_schema"):
            given = options.get(field)
            here: Location = ("streams", position, field)
            if field not in options or _has_reference(given) or (field == "input_schema" and not given):
                continue
            if field == "input_schema" and "columns" in options:
                yield here, "this stream has columns as well; remove input_schema."
            columns = _parsed(given) if isinstance(given, str) and field == "input_schema" else given
            if not isinstance(columns, dict) or not columns:
                yield here, f"not a map of column names to types. Write for example {EXAMPLE}."
                continue
            for name, text in _type_mistakes(columns):
                yield (*here, name), text


def _type_mistakes(columns: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, kind in columns.items():
        if name != name.strip() or not name:
            yield name, f"column name {name!r}: a name is not empty and has no blanks around it."
        if _has_reference(kind) or (isinstance(kind, str) and kind.strip().casefold() in ACCEPTED):
            continue
        advice = f"The types are {', '.join(TYPES)}."
        if isinstance(kind, dict) or name == "properties":
            advice += f" The schema is a map of names to types, not a JSON schema: {EXAMPLE}."
        else:
            advice += " For a date, a time or an exact decimal number, declare string and cast it in dbt."
        yield name, f"column {name!r}: {json.dumps(kind)} is not a type. {advice}"


def _has_reference(value: Any) -> bool:
    return isinstance(value, str) and "${" in value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None

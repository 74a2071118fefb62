"""Reads the JSON schema of a stream: its columns, their types, and the selected columns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from airbyte_lite.state.records import Stream

# If no file matches, Airbyte's file-based sources discover these columns. Streams that are configured without a schema
# (schemaless) always have them.
FALLBACK_COLUMNS = {"data", "_ab_source_file_url", "_ab_source_file_last_modified"}


def columns(stream: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of each column by the column's name. `stream` is an AirbyteStream."""
    return (stream.get("json_schema") or {}).get("properties") or {}


def field_paths(schema: dict[str, Any]) -> list[list[str]]:
    """Return the path of every property of a JSON schema, with nested properties."""
    paths: list[list[str]] = []
    for name, child in (schema.get("properties") or {}).items():
        paths.append([name])
        if isinstance(child, dict):
            paths.extend([name, *path] for path in field_paths(child))
    return paths


def spellings(path: list[str], paths: Iterable[list[str]]) -> list[list[str]]:
    """Return the paths that name the same column as `path`: BigQuery ignores the case of column names."""
    lower = [name.lower() for name in path]
    return [found for found in paths if [name.lower() for name in found] == lower]


def spelled(path: list[str], paths: list[list[str]]) -> list[str]:
    """Return the path as the source spells it: `path` itself, or the only one that differs by case alone."""
    found = spellings(path, paths)
    return found[0] if path not in found and len(found) == 1 else path


def as_source_spells(stream: Stream) -> Stream:
    """Return the stream with its key, cursor and selected fields as the source spells them.

    The connection keeps them as its client wrote them: a client that compares them with its own finds no difference.
    """
    paths = field_paths(stream.stream.get("json_schema") or {})
    fields = stream.selected_fields
    return replace(
        stream,
        primary_key=[spelled(path, paths) for path in stream.primary_key],
        cursor_field=spelled(stream.cursor_field, paths),
        selected_fields=fields and [spelled([name], paths)[0] for name in fields],
    )


def without_schema(stream: dict[str, Any]) -> bool:
    """Return whether the stream has only the fallback columns, because the source had no data for a schema."""
    found = columns(stream)
    data = found.get("data")
    return set(found) <= FALLBACK_COLUMNS and isinstance(data, dict) and data.get("type") == "object"


def selected_schema(stream: Stream) -> dict[str, Any]:
    """Return the stream's JSON schema, reduced to the selected columns."""
    schema: dict[str, Any] = stream.stream.get("json_schema") or {}
    selected = as_source_spells(stream).selected_fields
    if selected is None:
        return schema
    kept = {name: column for name, column in columns(stream.stream).items() if name in selected}
    return {**schema, "properties": kept}

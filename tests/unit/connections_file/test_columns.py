"""Declared columns: a YAML map in connections.yaml, JSON text for the connector."""

import json
from pathlib import Path
from typing import Any

import pytest

from connections_file import ConnectionsFile, ConnectionsFileError, load
from connections_file.columns import declared_columns, with_columns

FILE = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Test}
destinations:
  - {name: d, connector: destination-bigquery, configuration: {}}
connections:
  - name: orders
    source:
      connector: source-s3
      configuration:
        streams:
          - name: orders
            format: {filetype: csv}
            SCHEMA
    destination: d
    streams: [{name: orders, sync_mode: full_refresh_append, dbt_source: shop.orders}]
"""
LINE = 12  # of SCHEMA


def loaded(directory: Path, schema: str, **environment: str) -> ConnectionsFile:
    path = directory / "connections.yaml"
    path.write_text(FILE.replace("SCHEMA", schema))
    return load(path, environment)


def sent(directory: Path, schema: str, **environment: str) -> dict[str, Any]:
    """Return the stream's options that the connector receives."""
    [source] = loaded(directory, schema, **environment).sources
    [options] = source.expanded()["streams"]
    assert isinstance(options, dict)
    return options


@pytest.mark.parametrize("field", ["columns", "input_schema"])
def test_a_map_becomes_json_text(tmp_path: Path, field: str) -> None:
    options = sent(tmp_path, f"{field}: {{id: integer, zip: string}}")
    assert options == {
        "name": "orders",
        "format": {"filetype": "csv"},
        "input_schema": '{"id": "integer", "zip": "string"}',
    }


def test_json_text_stays(tmp_path: Path) -> None:
    text = '{"id":"Integer","zip" : "string"}'
    assert sent(tmp_path, f"input_schema: '{text}'")["input_schema"] == text


def test_names_that_yaml_reads_as_other_values_stay_text(tmp_path: Path) -> None:
    options = sent(tmp_path, "columns: {no: integer, 2024: number, 007: string, null: string, straße: string}")
    assert json.loads(options["input_schema"]) == {
        "no": "integer",
        "2024": "number",
        "007": "string",
        "null": "string",
        "straße": "string",
    }


def test_a_type_may_come_from_the_environment(tmp_path: Path) -> None:
    assert sent(tmp_path, "columns: {id: '${KIND}'}", KIND="integer")["input_schema"] == '{"id": "integer"}'
    file = loaded(tmp_path, "columns: {id: '${KIND}'}", KIND="date")
    with pytest.raises(ConnectionsFileError, match=rf"connections\.yaml:{LINE}: .*columns\.id: .*\"date\""):
        file.expand()


@pytest.mark.parametrize(
    ("schema", "facts"),
    [
        ("columns: {id: integer, day: date}", ["columns.day", '"date" is not a type', "string, integer, number"]),
        ("columns: {id: null}", ["columns.id", "null is not a type"]),
        ("columns: {id: {type: integer}}", ["columns.id", "not a JSON schema", "columns: {id: integer, zip: string}"]),
        ("columns: {' id': integer}", ["' id'", "blanks"]),
        ("columns: [id, zip]", ["columns: not a map", "columns: {id: integer, zip: string}"]),
        ("columns: {}", ["columns: not a map"]),
        ("columns:", ["columns: not a map"]),
        ('columns: \'{"id": "integer"}\'', ["columns: not a map"]),
        ("input_schema: 'id integer'", ["input_schema: not a map", "columns: {id: integer, zip: string}"]),
        ('input_schema: \'{"type": "object", "properties": {}}\'', ["input_schema.properties", "not a JSON schema"]),
        ('input_schema: \'{"id": "varchar"}\'', ["input_schema.id", '"varchar" is not a type']),
        ('{columns: {id: integer}, input_schema: \'{"id": "integer"}\'}', ["input_schema", "remove"]),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, schema: str, facts: list[str]) -> None:
    if schema.startswith("{"):
        schema = f"<<: {schema}"
    with pytest.raises(ConnectionsFileError) as error:
        loaded(tmp_path, schema)
    assert f"connections.yaml:{LINE}: connections[0].source.configuration.streams[0]." in str(error.value)
    assert [fact for fact in facts if fact not in str(error.value)] == []


def test_another_connectors_columns_are_its_own() -> None:
    configuration = {"streams": [{"name": "a", "columns": {"id": "bigint"}}]}
    assert with_columns("source-custom", configuration) == configuration


@pytest.mark.parametrize(
    ("options", "columns"),
    [
        ({"columns": {"id": "integer"}}, {"id": "integer"}),
        ({"input_schema": '{"id": "integer"}'}, {"id": "integer"}),
        ({"input_schema": "no JSON"}, None),
        ({}, None),
    ],
)
def test_the_declared_columns(options: dict[str, Any], columns: dict[str, str] | None) -> None:
    assert declared_columns(options) == columns


@pytest.mark.parametrize(
    ("text", "is_map"),
    [
        ('{"id": "integer", "straße": "string"}', True),
        ('{"id":"integer"}', False),  # the map's text would differ, and the plan would show a change
        ('{"id": "unknown"}', False),
        ("no JSON", False),
    ],
)
def test_an_import_writes_a_map_if_its_text_is_the_same(text: str, is_map: bool) -> None:
    [options] = with_columns("source-s3", {"streams": [{"name": "s", "input_schema": text}]})["streams"]
    assert options == {"name": "s"} | ({"columns": json.loads(text)} if is_map else {"input_schema": text})


@pytest.mark.parametrize(
    ("schema", "noted"),
    [
        ("<<: {format: {filetype: csv, inference_type: Primitive Types Only}}", True),
        ("<<: {format: {filetype: csv, inference_type: Primitive Types Only}, columns: {id: integer}}", False),
        ("<<: {format: {filetype: csv, inference_type: None}}", False),
        ("globs: [a.csv]", False),
    ],
)
def test_a_guess_is_noted(tmp_path: Path, schema: str, noted: bool) -> None:
    path = tmp_path / "connections.yaml"
    text = FILE.replace("            format: {filetype: csv}\n", "" if "format" in schema else "$&")
    path.write_text(text.replace("$&", "            format: {filetype: csv}\n").replace("SCHEMA", schema))
    notes = list(load(path, {}).notes())
    assert [("connections.yaml:10" in note, "columns: {" in note) for note in notes] == [(True, True)] * noted

"""The committed JSON schema of the connections file."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from connections_file import ConnectionsFileError, load
from connections_file.schema import schema_text

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "connections.schema.json"
FILE = ROOT / "connections.yaml"

BOTH_FORMS = """\
x-settings: &settings {bucket: b}
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Test}
sources:
  - {name: shared, connector: source-s3, configuration: {}}
destinations:
  - {name: d, connector: destination-bigquery, configuration: {}}
connections:
  - name: one
    source: shared
    destination: d
    streams: [{name: t, sync_mode: full_refresh_append, dbt_source: shop.t}]
  - name: two
    source:
      connector: source-s3
      configuration: {<<: *settings, glob: x}
    destination: d
    streams: [{name: u, sync_mode: full_refresh_append, dbt_source: shop.u}]
"""


def faults(content: Any) -> list[str]:
    validator = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text()))
    return [".".join(str(part) for part in error.absolute_path) for error in validator.iter_errors(content)]


def test_it_is_in_sync_with_the_models() -> None:
    assert SCHEMA.read_text() == schema_text(), "write it anew: make schema"


def test_editors_find_it() -> None:
    assert FILE.read_text().startswith("# yaml-language-server: $schema=connections.schema.json\n")


def test_the_projects_own_file_fits() -> None:
    assert faults(yaml.safe_load(FILE.read_text())) == []


@pytest.mark.parametrize(
    ("path", "value", "fits"),
    [
        ("sync_mode", "${MODE:-full_refresh_append}", True),
        ("sync_mode", "upsert", False),
        ("dbt_source", "${SOURCE}.orders", True),
        ("dbt_source", "orders", False),
        ("cursor_field", ["updated_at"], True),
        ("color", "red", False),
    ],
)
def test_what_it_accepts_in_a_stream(path: str, value: Any, fits: bool) -> None:
    content = yaml.safe_load(FILE.read_text())
    content["connections"][0]["streams"][0][path] = value
    assert bool(faults(content)) is not fits


@pytest.mark.parametrize(
    ("old", "new", "fits"),
    [
        ("", "", True),
        ("    source:\n", "    source:\n      name: its own\n", True),
        ("x-settings:", "x-anything: [1]\nx-settings:", True),
        ("sources:\n  - {name: shared, connector: source-s3, configuration: {}}\n", "", None),  # nothing is called so
        ("x-settings:", "settings:", False),
        ("    source: shared\n", "    source: [shared]\n", False),
        ("    source: shared\n", "    source:\n", False),
        ("    source: shared\n", "", False),
        ("      connector: source-s3\n", "", False),
        ("      connector: source-s3\n", "      connector: source-s3\n      color: red\n", False),
        ("    source:\n", "    source:\n      name: ''\n", False),
        ("{<<: *settings, glob: x}", "none", False),
        ("name: shared, ", "", False),
    ],
)
def test_editors_and_the_commands_agree(tmp_path: Path, old: str, new: str, fits: bool | None) -> None:
    assert old in BOTH_FORMS
    text = BOTH_FORMS.replace(old, new, 1)
    path = tmp_path / "connections.yaml"
    path.write_text(text)
    assert bool(faults(yaml.safe_load(text))) is (fits is False)
    if fits:
        load(path, {})
    else:
        with pytest.raises(ConnectionsFileError):
            load(path, {})


def test_editors_complete_an_inline_source() -> None:
    schema = json.loads(SCHEMA.read_text())
    [_, inline] = schema["$defs"]["Connection"]["properties"]["source"]["anyOf"]
    assert inline == {"$ref": "#/$defs/InlineSource"}
    assert list(schema["$defs"]["InlineSource"]["properties"]) == ["name", "connector", "configuration"]

"""The committed JSON schema of the connections file."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bootstrap.schema import schema_text

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT / "connections.schema.json"
FILE = ROOT / "connections.yaml"


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

"""The block for connections.yaml: what a specification says becomes a block that connections.yaml accepts."""

from pathlib import Path
from typing import Any

import pytest

import connections_file
from connections_file.expansion import expand
from tools.connectors import block

ROOT = Path(__file__).resolve().parents[3]

SECRET = {"type": "string", "title": "Personal token", "airbyte_secret": True}
PRICE = "$5 and ${HOME}"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["credentials", "repositories", "streams", "since", "price", "pages", "sourceType"],
    "properties": {
        "sourceType": {"const": "github"},
        "price": {"type": "string", "default": PRICE},
        "credentials": {
            "type": "object",
            "order": 0,
            "oneOf": [
                {
                    "title": "Token",
                    "required": ["token"],
                    "properties": {"kind": {"const": "PAT"}, "token": SECRET, "user": {"type": "string"}},
                },
                {"title": "OAuth", "required": ["client_id"], "properties": {"client_id": SECRET}},
            ],
        },
        "repositories": {"type": "array", "items": {"type": "string"}, "examples": ["a/b"], "order": 1},
        "streams": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "format"],
                "properties": {
                    "days": {"type": "integer", "default": 3, "order": 0},
                    "name": {"type": "string", "title": "Name"},
                    "format": {
                        "type": "object",
                        "required": ["filetype"],
                        "properties": {"filetype": {"const": "csv"}},
                    },
                },
            },
        },
        "since": {"type": "string", "title": "Start date", "examples": ["2024-01-01T00:00:00Z"]},
        "pages": {"type": "integer"},
        "start": {"type": "string", "default": "no"},
    },
}


def load(text: str, folder: Path, variables: dict[str, str]) -> connections_file.ConnectionsFile:
    """Read connections.yaml with the block at its end."""
    file = folder / "connections.yaml"
    file.write_text((ROOT / "connections.yaml").read_text() + text)
    return connections_file.load(file, variables)


def test_the_block_is_valid_with_its_secrets_as_variables(tmp_path: Path) -> None:
    made = block.make("source-github", SCHEMA, ["issues", "pull requests"])
    assert made.secrets == {"GITHUB_CREDENTIALS_TOKEN": "Personal token"}
    variables = {"GITHUB_CREDENTIALS_TOKEN": "s3cret"}
    declared = load(made.text, tmp_path, variables)
    source = next(source for source in declared.sources if source.connector == "source-github")
    assert expand(source.configuration, variables) == {
        "credentials": {"kind": "PAT", "token": "s3cret"},
        "repositories": ["a/b"],
        "streams": [{"days": 3, "name": "fill in: Name", "format": {"filetype": "csv"}}],
        "since": "2024-01-01T00:00:00Z",
        "price": PRICE,
        "pages": 0,
        "start": "no",
    }
    connection = declared.connections[-1]
    assert [stream.dbt_source for stream in connection.streams] == ["github.issues", "github.pull_requests"]
    assert {line.partition(":")[0] for line in made.open} == {"repositories", "name", "since", "pages"}
    assert "# user:" in made.text  # what is neither required nor has a default is shown, and not set
    assert "one of: Token, OAuth" in made.text


@pytest.mark.parametrize("schema", [{}, {"properties": {"count": {"type": "integer", "default": 5}}}])
def test_a_connector_without_required_fields_has_the_defaults(schema: dict[str, Any], tmp_path: Path) -> None:
    made = block.make("source-faker", schema, [f"s{number}" for number in range(25)])
    declared = load(made.text, tmp_path, {})
    source = next(source for source in declared.sources if source.connector == "source-faker")
    assert source.configuration == ({"count": 5} if schema else {})
    assert len(declared.connections[-1].streams) == block.MOST_STREAMS
    assert "5 more" in made.text
    assert block.defaults(schema) == source.configuration


def test_streams_that_are_not_known_are_a_placeholder_that_is_told() -> None:
    made = block.make("source-github", SCHEMA, [])
    assert "name: STREAM" in made.text
    assert any(line.startswith("STREAM") for line in made.open)
    assert block.defaults(SCHEMA) is None
    assert block.defaults({"required": ["a"], "properties": {"a": {"default": 1}}}) == {"a": 1}


def test_an_invented_list_has_an_example_of_its_items() -> None:
    items = {"type": "array", "items": {"type": "string"}, "examples": ["airbytehq/airbyte", "airbytehq/*"]}
    assert block.made_up({"required": ["repositories"], "properties": {"repositories": items}}) == {
        "repositories": ["airbytehq/airbyte"]
    }


def test_an_object_whose_default_is_the_title_of_a_choice_has_that_choice() -> None:
    choices = [
        {"title": "S3: Amazon", "required": ["storage"], "properties": {"storage": {"const": "S3"}}},
        {"title": "HTTPS: Public Web", "required": ["storage"], "properties": {"storage": {"const": "HTTPS"}}},
    ]
    provider = {"type": "object", "default": "Public Web", "oneOf": choices}
    schema = {"type": "object", "required": ["provider"], "properties": {"provider": provider}}
    assert block.made_up(schema) == {"provider": {"storage": "HTTPS"}}
    assert block.defaults(schema) is None
    assert (
        "        provider: # one of: HTTPS: Public Web, S3: Amazon\n          storage: HTTPS\n"
        in block.make("source-file", schema, []).text
    )

"""The JSON schema of the connections file. Editors complete and check the file with it."""

from __future__ import annotations

import json
from typing import Any

from connections_file.models import ConnectionsFile

REFERENCE = {"type": "string", "pattern": r"\$\{.+\}", "description": "A reference to the environment."}


def schema_text() -> str:
    """Return the schema as the text of its file."""
    schema = _with_inline_sources(ConnectionsFile.model_json_schema())
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(dialect | _with_references(schema), indent=2) + "\n"


def _with_inline_sources(schema: dict[str, Any]) -> dict[str, Any]:
    """Allow a source inside its connection. The models have only the form with all sources in `sources`."""
    definitions = schema["$defs"]
    source, connection = definitions["Source"], definitions["Connection"]["properties"]
    name = source["properties"]["name"] | {
        "description": "Unique among the sources. Default: the name of the connection."
    }
    definitions["InlineSource"] = source | {
        "title": "InlineSource",
        "properties": source["properties"] | {"name": name},
        "required": [field for field in source["required"] if field != "name"],
    }
    forms = [{"$ref": "#/$defs/Name"}, {"$ref": "#/$defs/InlineSource"}]
    connection["source"] = {"anyOf": forms, "description": connection["source"]["description"]}
    return schema


def _with_references(schema: Any) -> Any:
    """Allow ${NAME} for each restricted text, because references are replaced before the check."""
    if isinstance(schema, list):
        return [_with_references(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: _with_references(item) for key, item in schema.items()}
    if schema.get("type") == "string" and not {"enum", "format", "pattern"}.isdisjoint(schema):
        kept = {key: schema.pop(key) for key in ("title", "description", "default") if key in schema}
        return kept | {"anyOf": [schema, REFERENCE]}
    return schema

"""What a connector's specification says about its configuration: which fields are secret, what their defaults are.

Airbyte's connector specification is a JSON schema in which `airbyte_secret: true` marks secrets. A place in a
configuration can be described by several schemas (the branches of a oneOf), hence lists.
"""

from __future__ import annotations

from typing import Any

type Schemas = list[dict[str, Any]]

MASK = "**********"
"""What Airbyte's reads show in the place of a secret."""


def branches(schema: dict[str, Any]) -> Schemas:
    """Return a schema and all that it offers or combines."""
    inner = (item for word in ("oneOf", "anyOf", "allOf") for item in schema.get(word, []))
    return [schema, *(found for item in inner for found in branches(item))]


def child(schemas: Schemas, key: str | int) -> Schemas:
    """Return the schemas of a field, or of a list's items."""
    inner = (
        schema.get("items") if isinstance(key, int) else schema.get("properties", {}).get(key) for schema in schemas
    )
    return [found for item in inner if isinstance(item, dict) for found in branches(item)]


def is_secret(schemas: Schemas, found: Any = None) -> bool:
    """Return whether a field is secret: the specification says so, or the server masked what it showed."""
    return found == MASK or any(schema.get("airbyte_secret") for schema in schemas)


def is_default(schemas: Schemas, value: Any) -> bool:
    """Return whether leaving a field out means the same as this value."""
    if value in (None, [], {}) or any(value == schema.get(word) for schema in schemas for word in ("default", "const")):
        return True
    return isinstance(value, dict) and all(is_default(child(schemas, key), item) for key, item in value.items())


def redacted(schemas: Schemas, value: Any) -> Any:
    """Return a copy of a value with its secrets masked."""
    if is_secret(schemas):
        return MASK
    if isinstance(value, dict):
        return {key: redacted(child(schemas, key), item) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted(child(schemas, index), item) for index, item in enumerate(value)]
    return value

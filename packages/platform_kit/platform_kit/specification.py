"""Reads from a connector's specification which fields of its configuration are secret, and their defaults.

Airbyte's connector specification is a JSON schema in which `airbyte_secret: true` marks secrets. Several
schemas can describe one field (the branches of a oneOf), therefore the functions take lists of schemas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

type Schemas = list[dict[str, Any]]

MASK = "**********"
"""Airbyte's answers show this instead of a secret."""

SECRET_NAME = re.compile(
    r"secret|password|passphrase|private_?key|access_?key|api_?key|token|credentials_json", re.IGNORECASE
)
"""Names of fields that the specification does not describe, and that are probably secret."""


MOST_LEVELS = 100
MOST_PARTS = 100_000
"""Of a specification whose references are resolved: a few references can make it very large."""


class UnresolvedError(ValueError):
    """A reference in a specification that cannot be resolved. The message is the reason, without a full stop."""


def resolved(specification: dict[str, Any], document: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a specification in which each reference is replaced by what it refers to in `document`.

    A reference is a field `$ref` with a text such as "#/definitions/key". Fields beside it have precedence, as in
    airbyte-cdk's manifests. Raises UnresolvedError.
    """
    parts = 0

    def copy(value: Any, inside: tuple[str, ...], levels: int) -> Any:
        nonlocal parts
        parts += 1
        if parts > MOST_PARTS or levels > MOST_LEVELS:
            raise UnresolvedError(f"with its references it has more than {MOST_PARTS} parts or {MOST_LEVELS} levels")
        if isinstance(value, list):
            return [copy(item, inside, levels + 1) for item in value]
        if not isinstance(value, dict):
            return value
        reference = value.get("$ref")
        if not isinstance(reference, str):
            return {key: copy(item, inside, levels + 1) for key, item in value.items()}
        if reference in inside:
            raise UnresolvedError(f"the reference {reference[:100]!r} leads to itself")
        found = copy(_referred(document, reference), (*inside, reference), levels + 1)
        others = {key: copy(item, inside, levels + 1) for key, item in value.items() if key != "$ref"}
        return found | others if isinstance(found, dict) else found

    whole = copy(specification, (), 0)
    if not isinstance(whole, dict):
        raise UnresolvedError(f"the reference {specification['$ref'][:100]!r} does not lead to an object")
    return whole


def _referred(document: Any, reference: str) -> Any:
    if not reference.startswith("#/"):
        raise UnresolvedError(f"the reference {reference[:100]!r} does not start with #/")
    found = document
    for name in reference[2:].split("/"):
        try:
            found = found[int(name) if isinstance(found, list) else name.replace("~1", "/").replace("~0", "~")]
        except (LookupError, TypeError, ValueError) as error:
            raise UnresolvedError(f"the reference {reference[:100]!r} leads to nothing") from error
    return found


def branches(schema: dict[str, Any]) -> Schemas:
    """Return a schema and the schemas in its oneOf, anyOf and allOf."""
    inner = (item for word in ("oneOf", "anyOf", "allOf") for item in schema.get(word, []) if isinstance(item, dict))
    return [schema, *(found for item in inner for found in branches(item))]


def child(schemas: Schemas, key: str | int) -> Schemas:
    """Return the schemas of a field, or of the items of a list."""
    return [found for schema in _children(schemas, key) for found in branches(schema)]


def _children(schemas: Schemas, key: str | int) -> Schemas:
    inner = (
        schema.get("items") if isinstance(key, int) else schema.get("properties", {}).get(key) for schema in schemas
    )
    return [item for item in inner if isinstance(item, dict)]


def is_secret(schemas: Schemas, found: Any = None) -> bool:
    """Return whether a field is secret: by the specification, or because the server masked its value."""
    return found == MASK or any(schema.get("airbyte_secret") for schema in schemas)


def not_public(schemas: Schemas, value: Any) -> Iterator[Any]:
    """Yield the values in a configuration that are secret, or that the specification does not describe.

    A field that the specification describes as a plain value (a text, a number) is not secret, even if the
    configuration has an object or a list there by mistake; inside it, only names such as `password` are secret.
    """
    if is_secret(schemas) or not schemas:
        yield value
    elif isinstance(value, dict | list) and all(map(_is_plain, schemas)):
        yield from _named_secrets(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from not_public(child(schemas, key), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from not_public(child(schemas, index), item)


def _is_plain(schema: dict[str, Any]) -> bool:
    kinds = schema.get("type")
    return bool(kinds) and not {"object", "array"} & set(kinds if isinstance(kinds, list) else [kinds])


def _named_secrets(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, item in value.items():
            if SECRET_NAME.search(str(key)):
                yield item
            else:
                yield from _named_secrets(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named_secrets(item)


def is_default(schemas: Schemas, key: str, value: Any) -> bool:
    """Return whether a missing field means the same as this value."""
    return value in (None, [], {}) or any(_implies(schema, value) for schema in _children(schemas, key))


def _implies(schema: dict[str, Any], value: Any) -> bool:
    default = schema.get("default")
    if value == default:
        return True
    if not isinstance(value, dict):
        return False
    if "oneOf" in schema:
        # A default such as "use_records_transfer" names the branch by the constant of its discriminator.
        chosen = [
            branch
            for branch in schema["oneOf"]
            if default is not None and any(field.get("const") == default for field in branch["properties"].values())
        ]
        return bool(chosen) and _implies(chosen[0], value)
    return all(is_default([schema], key, item) or _is_constant(schema, key, item) for key, item in value.items())


def _is_constant(schema: dict[str, Any], key: str, value: Any) -> bool:
    return any("const" in field and field["const"] == value for field in _children([schema], key))


def redacted(schemas: Schemas, value: Any) -> Any:
    """Return a copy of a value with its secrets masked."""
    if is_secret(schemas):
        return MASK
    if isinstance(value, dict):
        return {key: redacted(child(schemas, key), item) for key, item in value.items()}
    if isinstance(value, list):
        return [redacted(child(schemas, index), item) for index, item in enumerate(value)]
    return value

"""Protects the secrets in connector configurations: in answers, in updates and in logs.

An answer shows a mask in place of a secret. An update that contains the mask keeps the stored secret. Logs show the
mask in place of a secret.

A value is secret if the connector's specification marks it with `airbyte_secret` ("Connector specification reference"
in Airbyte's documentation). If the specification does not describe a key, the value is secret if the key's name matches
SECRET_NAME.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from airbyte_lite.problem import invalid
from platform_kit.specification import MASK, SECRET_NAME, Schemas, UnresolvedError, branches, child, is_secret, resolved

# The configuration of a low-code connector contains its manifest, and the manifest contains the specification.
MANIFEST = "__injected_declarative_manifest"

MOST_COMPARED = 100
"""Entries of a list that are compared with each other. In a longer list, an entry with a mask must not have moved."""

Schema = dict[str, Any]


def mask(configuration: dict[str, Any], specification: Schema) -> dict[str, Any]:
    """Return a copy with the mask in place of each secret."""
    masked: dict[str, Any] = _replace(configuration, _schemas(configuration, specification), lambda _value: MASK)
    return masked


def mask_all(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return a copy with the mask in place of every text and number. For use when the specification is unknown."""

    def masked(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: masked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [masked(item) for item in value]
        return value if value is None or isinstance(value, bool) else MASK

    return {key: masked(value) for key, value in configuration.items()}


def secret_values(configuration: dict[str, Any], specification: Schema) -> set[str]:
    """Return every secret text in the configuration, with the secret fields of values that are JSON documents.

    For example, a service account key gives the whole key file and the private key in it.
    """
    found: set[str] = set()

    def keep(value: Any) -> Any:
        found.update(_texts(value))
        return value

    _replace(configuration, _schemas(configuration, specification), keep)
    return {text for text in found if text.strip() and text != MASK}


def restore(new: Any, stored: Any) -> Any:
    """Return `new` with each mask replaced by the stored value of the same path.

    An entry of a list is found by its other values, because entries may have been added, removed or moved. Raises
    KeyError if `stored` has no value there, or if it is not certain which one is meant.
    """
    if isinstance(new, dict):
        known = stored if isinstance(stored, dict) else {}
        return {key: restore(value, known.get(key)) for key, value in new.items()}
    if isinstance(new, list):
        rows = stored if isinstance(stored, list) else []
        return [
            restore(value, _counterpart(new, index, rows)) if _has_mask(value) else value
            for index, value in enumerate(new)
        ]
    if new == MASK:
        if stored is None:
            raise KeyError(MASK)
        return stored
    return new


def unmasked(configuration: dict[str, Any], stored: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration with stored secrets in place of the masks. Raises a 422 Problem, see `restore`."""
    try:
        restored: dict[str, Any] = restore(configuration, stored)
    except KeyError as error:
        raise invalid(
            f"The configuration contains the mask {MASK} for a field that has no stored secret, or for an entry of a "
            "list that cannot be told from the others. Send the secret itself."
        ) from error
    return restored


def _counterpart(entries: list[Any], index: int, stored: list[Any]) -> Any:
    """Return the stored entry that an entry with masks stands for; None if there is none, or if it is not certain."""
    at_index = stored[index] if index < len(stored) else None
    if len(entries) > MOST_COMPARED or len(stored) > MOST_COMPARED:
        return at_index if len(entries) == len(stored) and _hides(entries[index], at_index) else None
    alike = [row for row in stored if _hides(entries[index], row)]
    if alike and all(row == alike[0] for row in alike):
        return alike[0]
    if alike:  # they differ in their secrets only
        return at_index if at_index in alike and len(entries) >= len(stored) else None
    changed_here = len(entries) == len(stored) and not any(_hides(entry, at_index) for entry in entries)
    return at_index if changed_here else None


def _has_mask(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_mask, value.values()))
    return any(map(_has_mask, value)) if isinstance(value, list) else value == MASK


def _hides(shown: Any, value: Any) -> bool:
    """Return whether `shown` is the value with masks in it."""
    if isinstance(shown, dict) and isinstance(value, dict):
        return shown.keys() == value.keys() and all(_hides(item, value[key]) for key, item in shown.items())
    if isinstance(shown, list) and isinstance(value, list):
        return len(shown) == len(value) and all(map(_hides, shown, value))
    return bool(shown == value) or (shown == MASK and value is not None)


def merge(stored: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return the stored configuration with the change merged into it. Objects are merged, lists are replaced."""
    merged = dict(stored)
    for key, value in change.items():
        before = stored.get(key)
        merged[key] = merge(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return merged


def manifest_specification(configuration: dict[str, Any]) -> Schema | None:
    """Return the specification in a low-code connector's manifest, or None if the configuration has none.

    As in airbyte-cdk, its references are relative to the manifest. Raises UnresolvedError.
    """
    manifest = configuration.get(MANIFEST)
    if not isinstance(manifest, dict):
        return None
    spec = resolved({"spec": manifest.get("spec")}, manifest)["spec"]
    own = spec.get("connection_specification") if isinstance(spec, dict) else None
    return own if isinstance(own, dict) else None


def _schemas(configuration: dict[str, Any], specification: Schema) -> Schemas:
    try:
        own = manifest_specification(configuration)
    except UnresolvedError:  # stored by an earlier release
        own = {"properties": {name: {"airbyte_secret": True} for name in configuration if name != MANIFEST}}
    return [*branches(specification), *(branches(own) if own else [])]


def _replace(value: Any, schemas: Schemas, change: Callable[[Any], Any]) -> Any:
    """Return a copy of value with change(secret) in place of every secret.

    A value is secret if at least one alternative (oneOf, anyOf) of the specification marks it.
    """
    if isinstance(value, dict):
        return {key: _replace_property(key, item, child(schemas, key), change) for key, item in value.items()}
    if isinstance(value, list):
        return [_replace(item, child(schemas, index), change) for index, item in enumerate(value)]
    return value


def _replace_property(key: str, value: Any, schemas: Schemas, change: Callable[[Any], Any]) -> Any:
    named_secret = not schemas and isinstance(value, str) and SECRET_NAME.search(key) is not None
    if value is not None and value != "" and (named_secret or is_secret(schemas)):
        return change(value)
    # The manifest is the code of the connector, which is not secret. It has keys such as `token_path` that would match
    # SECRET_NAME.
    return value if key == MANIFEST else _replace(value, schemas, change)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
        yield from (line for line in value.splitlines() if len(line) >= 8)
        yield from _inner_secrets(value)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _inner_secrets(value: str) -> Iterator[str]:
    """Yield the secret fields of a value that is a JSON document, for example a service account key."""
    try:
        document = json.loads(value)
    except ValueError:
        return
    if isinstance(document, dict):
        for key, item in document.items():
            if isinstance(item, str) and SECRET_NAME.search(key):
                yield from _texts(item)

"""A low-code connector whose manifest stands in the configuration: the manifest describes the other fields itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from console.forms.fields import Field, Kind
from console.forms.patterns import is_linear
from console.forms.reading import read_specification
from console.forms.structured import structured
from platform_kit.specification import UnresolvedError, resolved

MANIFEST = "__injected_declarative_manifest"
"""The key of the manifest in a configuration of source-declarative-manifest."""
INJECTED = "__injected"
"""Keys of the connector itself begin so: also the one of Python code that the connector runs."""
PLACE = "spec.connection_specification of the manifest"


class ManifestError(ValueError):
    """A manifest whose specification cannot be read. The message says what is wrong with it."""


def has_manifest(root: Field) -> bool:
    """Return whether a form is that of a connector which takes its manifest in the configuration."""
    return any(one.key == MANIFEST for one in root.fields)


def manifest_fields(text: str | None, taken: Collection[str] = ()) -> tuple[Field, ...]:
    """Return the fields of the specification in a manifest, JSON or YAML. Raises ManifestError.

    As in airbyte-cdk, references in the specification are relative to the manifest. A manifest without a specification
    needs no other values. Fields of the connector itself are left out: those whose key is in `taken` or begins with
    INJECTED.
    """
    if not (text or "").strip():
        return ()
    try:
        manifest = structured(str(text))
    except ValueError as error:
        raise ManifestError(f"The manifest is not JSON or YAML: {error}.") from error
    if not isinstance(manifest, dict):
        raise ManifestError("The manifest is not a mapping with version, type, streams and spec.")
    try:
        specification: Any = resolved({"spec": manifest.get("spec") or {}}, manifest)["spec"]
    except UnresolvedError as error:
        raise ManifestError(f"The spec of the manifest is not valid: {error}.") from error
    schema = specification.get("connection_specification", {}) if isinstance(specification, dict) else None
    if not isinstance(schema, dict):
        raise ManifestError(f"{PLACE} is not a mapping.")
    fields = _fields({"type": "object"} | schema)
    return tuple(_safe(one) for one in fields if one.key not in taken and not one.key.startswith(INJECTED))


def _fields(schema: dict[str, Any]) -> tuple[Field, ...]:
    try:
        found = read_specification(schema)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ManifestError(f"{PLACE} is not a valid JSON schema: {error}.") from error
    if found.kind is Kind.ONE_OF:
        raise ManifestError(f"{PLACE} is a choice. The form needs an object.")
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if "object" not in types or found.kind not in (Kind.GROUP, Kind.MAP, Kind.JSON):
        raise ManifestError(f"{PLACE} does not describe an object: its type is {schema['type']!r}.")
    return found.fields


def _safe(field: Field) -> Field:
    """Return a field without the patterns that could stop the console. The connector's check compares them."""
    return replace(
        field,
        pattern=field.pattern if is_linear(field.pattern) else "",
        fields=tuple(map(_safe, field.fields)),
        branches=tuple(map(_safe, field.branches)),
        item=_safe(field.item) if field.item else None,
    )


def with_fields(root: Field, fields: tuple[Field, ...]) -> Field:
    """Return the form of the connector with the fields of a manifest."""
    return replace(root, fields=(*root.fields, *fields))

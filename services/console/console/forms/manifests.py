"""A low-code connector whose manifest stands in the configuration: the manifest describes the other fields itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from console.forms.fields import Field, Kind
from console.forms.reading import read_specification
from console.forms.values import structured

MANIFEST = "__injected_declarative_manifest"
"""The key of the manifest in a configuration of source-declarative-manifest."""


class ManifestError(ValueError):
    """A manifest whose specification cannot be read. The message says what is wrong with it."""


def has_manifest(root: Field) -> bool:
    """Return whether a form is that of a connector which takes its manifest in the configuration."""
    return any(one.key == MANIFEST for one in root.fields)


def manifest_fields(text: str | None) -> tuple[Field, ...]:
    """Return the fields of the specification in a manifest, JSON or YAML. Raises ManifestError.

    A manifest without a specification needs no other values.
    """
    if not (text or "").strip():
        return ()
    try:
        manifest = structured(str(text))
    except ValueError as error:
        raise ManifestError("The manifest is not JSON or YAML.") from error
    if not isinstance(manifest, dict):
        raise ManifestError("The manifest is not a mapping with version, type, streams and spec.")
    specification: Any = manifest.get("spec") or {}
    schema = specification.get("connection_specification", {}) if isinstance(specification, dict) else None
    if not isinstance(schema, dict):
        raise ManifestError("spec.connection_specification of the manifest is not a mapping.")
    found = read_specification({"type": "object"} | schema)
    if found.kind is Kind.ONE_OF:
        raise ManifestError("spec.connection_specification of the manifest is a choice. The form needs an object.")
    return tuple(one for one in found.fields if one.key != MANIFEST)


def with_fields(root: Field, fields: tuple[Field, ...]) -> Field:
    """Return the form of the connector with the fields of a manifest."""
    return replace(root, fields=(*root.fields, *fields))

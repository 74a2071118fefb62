"""Checks a connector's configuration against its specification. The messages never contain a secret."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from airbyte_lite.connectors.file_formats import format_faults, reads_files
from airbyte_lite.connectors.masking import MANIFEST, manifest_specification
from airbyte_lite.connectors.patterns import SECONDS, PatternError, has_patterns
from airbyte_lite.connectors.patterns import faults as faults_by_patterns
from airbyte_lite.problem import invalid
from platform_kit.specification import UnresolvedError

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


MOST_FAULTS = 100
"""Faults of a configuration that are found and named. A list can have thousands of faulty entries."""


def check_configuration(configuration: dict[str, Any], specification: dict[str, Any], connector: str) -> None:
    """Raise a 422 Problem that names the faults, if the configuration does not match the specification.

    The configuration of a low-code connector must also match the specification in its manifest.
    """
    faults = all_faults(configuration, specification)
    if reads_files(specification):
        faults |= {f"configuration.{path}": text for path, text in format_faults(configuration, connector).items()}
    try:
        own = manifest_specification(configuration)
    except UnresolvedError as error:
        own, faults[f"configuration.{MANIFEST}.spec"] = None, f"is not valid: {error}"
    if own is not None:
        values = {key: value for key, value in configuration.items() if key != MANIFEST}
        faults |= _schema_faults(own) or _own_faults(values, own)
    if faults:
        sentences = "; ".join(f"{path} {text}" for path, text in faults.items())
        raise invalid(f"The configuration does not match the specification of {connector}: {sentences}.", faults)


def _own_faults(configuration: dict[str, Any], specification: dict[str, Any]) -> dict[str, str]:
    if not has_patterns(specification):
        return all_faults(configuration, specification)
    try:
        return faults_by_patterns(configuration, specification)
    except PatternError:
        path = f"configuration.{MANIFEST}.spec.connection_specification"
        return {path: f"has a pattern that the configuration could not be checked against in {SECONDS:g} s"}


def all_faults(configuration: dict[str, Any], specification: dict[str, Any]) -> dict[str, str]:
    """Return the first MOST_FAULTS faults by path."""
    import jsonschema  # not at the top: the import takes 0.2 s, and the start of the server does not need it

    faults: dict[str, str] = {}
    errors = jsonschema.Draft7Validator(specification).iter_errors(configuration)
    for fault in itertools.islice(errors, MOST_FAULTS):
        faults.update(_faults(fault))
        if len(faults) >= MOST_FAULTS:  # one of `required` names all missing fields
            break
    return dict(itertools.islice(faults.items(), MOST_FAULTS))


def _schema_faults(specification: dict[str, Any]) -> dict[str, str]:
    """Return the first fault by path if the specification in a manifest is not a valid JSON schema."""
    import jsonschema

    try:
        jsonschema.Draft7Validator.check_schema(specification)
    except jsonschema.SchemaError as error:
        path = ["configuration", MANIFEST, "spec", "connection_specification", *map(str, error.absolute_path)]
        return {".".join(path): "is not a valid JSON schema"}
    return {}


def _faults(error: ValidationError) -> dict[str, str]:
    """Return the error as a text for each path. For oneOf and anyOf: the faults of the chosen alternative."""
    path = ".".join(["configuration", *(str(part) for part in error.absolute_path)])
    limit: Any = error.validator_value
    instance: Any = error.instance
    match error.validator:
        case "required":
            missing = [name for name in limit if name not in instance]
            return {f"{path}.{name}": "is required" for name in missing}
        case "type":
            return {path: f"must be of type {' or '.join(limit) if isinstance(limit, list) else limit}"}
        case "enum":
            return {path: f"must be one of {', '.join(str(item) for item in limit)}"}
        case "const":
            return {path: f"must be {limit}"}
        case "additionalProperties":
            known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
            extra = [name for name in instance if name not in known]
            return {f"{path}.{name}": "is not a property of this connector" for name in extra}
        case "oneOf" | "anyOf":
            return _chosen_alternative(error) or {path: "does not match any of the allowed alternatives"}
        case None:
            return {path: "is not allowed"}
        case _:
            return {path: f"does not satisfy {error.validator} {limit}"}


def _chosen_alternative(error: ValidationError) -> dict[str, str]:
    """Return the faults of the alternative that the configuration chose by its discriminator.

    If no alternative has that discriminator, return the valid discriminators. If several have it, return nothing.
    """
    alternatives: dict[Any, list[ValidationError]] = {}
    for fault in error.context or []:
        alternatives.setdefault(fault.schema_path[0], []).append(fault)
    chosen = [faults for faults in alternatives.values() if not any(_is_discriminator(fault) for fault in faults)]
    if len(chosen) == 1:
        return {path: text for fault in chosen[0] for path, text in _faults(fault).items()}
    choices: dict[str, list[str]] = {}
    for fault in (fault for faults in alternatives.values() for fault in faults if _is_discriminator(fault)):
        for path, text in _faults(fault).items():
            choices.setdefault(path, []).append(text.removeprefix("must be one of ").removeprefix("must be "))
    return {} if chosen else {path: f"must be one of {', '.join(texts)}" for path, texts in choices.items()}


def _is_discriminator(fault: ValidationError) -> bool:
    """Return whether the fault is in a discriminator, the constant (method, filetype, …) that names an alternative."""
    return fault.validator in ("const", "enum") and len(fault.relative_path) == 1

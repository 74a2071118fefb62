"""Checks a connector's configuration against its specification, in sentences that never repeat a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airbyte_lite.connectors.masking import MANIFEST, manifest_specification
from airbyte_lite.problem import invalid

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


def check_configuration(configuration: dict[str, Any], specification: dict[str, Any], connector: str) -> None:
    """Raise a 422 Problem that names every fault of the configuration.

    A low-code connector's configuration is held against the specification in its manifest too.
    """
    faults = _all_faults(configuration, specification)
    own = manifest_specification(configuration)
    if own is not None:
        values = {key: value for key, value in configuration.items() if key != MANIFEST}
        faults |= _schema_faults(own) or _all_faults(values, own)
    if faults:
        sentences = "; ".join(f"{path} {text}" for path, text in faults.items())
        raise invalid(f"The configuration does not fit the specification of {connector}: {sentences}.", faults)


def _all_faults(configuration: dict[str, Any], specification: dict[str, Any]) -> dict[str, str]:
    import jsonschema  # here, because it takes a fifth of a second that the start of the server does not need

    faults: dict[str, str] = {}
    for fault in jsonschema.Draft7Validator(specification).iter_errors(configuration):
        faults.update(_faults(fault))
    return faults


def _schema_faults(specification: dict[str, Any]) -> dict[str, str]:
    """Return where a manifest's specification is not a JSON schema."""
    import jsonschema

    try:
        jsonschema.Draft7Validator.check_schema(specification)
    except jsonschema.SchemaError as error:
        path = ["configuration", MANIFEST, "spec", "connection_specification", *map(str, error.absolute_path)]
        return {".".join(path): "is not a JSON schema"}
    return {}


def _faults(error: ValidationError) -> dict[str, str]:
    """Return the error as path and text; one in alternatives is told for the alternative that was meant."""
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
            return _meant_alternative(error) or {path: "does not fit any of its alternatives"}
        case _:
            return {path: f"does not fit {error.validator} {limit}"}


def _meant_alternative(error: ValidationError) -> dict[str, str]:
    """Return the faults of the alternative that its constant names, or the names there are."""
    alternatives: dict[Any, list[ValidationError]] = {}
    for fault in error.context or []:
        alternatives.setdefault(fault.schema_path[0], []).append(fault)
    meant = [faults for faults in alternatives.values() if not any(_is_discriminator(fault) for fault in faults)]
    if len(meant) == 1:
        return {path: text for fault in meant[0] for path, text in _faults(fault).items()}
    choices: dict[str, list[str]] = {}
    for fault in (fault for faults in alternatives.values() for fault in faults if _is_discriminator(fault)):
        for path, text in _faults(fault).items():
            choices.setdefault(path, []).append(text.removeprefix("must be one of ").removeprefix("must be "))
    return {} if meant else {path: f"must be one of {', '.join(texts)}" for path, texts in choices.items()}


def _is_discriminator(fault: ValidationError) -> bool:
    """Return whether the fault is in the constant (method, filetype, …) that names the alternative."""
    return fault.validator in ("const", "enum") and len(fault.relative_path) == 1

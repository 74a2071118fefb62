from typing import Any

import pytest

from airbyte_lite.connectors.masking import MANIFEST
from airbyte_lite.connectors.validation import check_configuration
from airbyte_lite.problem import Problem

LOW_CODE = {"type": "object", "required": [MANIFEST], "properties": {MANIFEST: {"type": "object"}}}


def manifest(**specification: Any) -> dict[str, Any]:
    return {"spec": {"connection_specification": specification}}


def faults(configuration: dict[str, Any], specification: dict[str, Any]) -> dict[str, str]:
    with pytest.raises(Problem) as raised:
        check_configuration(configuration, specification, "source-x")
    assert raised.value.status == 422
    return raised.value.faults


def test_low_code_configuration_is_held_against_its_manifest() -> None:
    own = manifest(required=["token"], properties={"token": {"type": "string"}}, additionalProperties=False)
    check_configuration({MANIFEST: own, "token": "t"}, LOW_CODE, "source-x")
    assert faults({MANIFEST: own}, LOW_CODE) == {"configuration.token": "is required"}
    assert faults({MANIFEST: own, "token": 4711}, LOW_CODE) == {"configuration.token": "must be of type string"}
    assert faults({"token": "t"}, LOW_CODE) == {f"configuration.{MANIFEST}": "is required"}


def test_manifest_with_a_broken_specification_is_refused() -> None:
    [(path, text)] = faults({MANIFEST: manifest(required="token")}, LOW_CODE).items()
    assert path == f"configuration.{MANIFEST}.spec.connection_specification.required"
    assert "JSON schema" in text


def test_manifest_without_a_specification_is_not_judged() -> None:
    check_configuration({MANIFEST: {"streams": []}, "anything": 1}, LOW_CODE, "source-x")

"""Configurations are checked, before the transaction, and refused with the reason."""

import json
from typing import Any

import pytest

from airbyte_lite.api import actors
from airbyte_lite.api.services import Services
from airbyte_lite.connectors import validation
from platform_kit.specification import MASK

from .airbyte_answers import PUBLIC
from .examples import BIGQUERY, WORKSPACE


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"dataset_location": None}, "configuration.dataset_location must be of type string"),
        ({"dataset_id": "a-b"}, "configuration.dataset_id does not satisfy pattern"),
        ({"loading_method": {"method": "GCS Staging"}}, "configuration.loading_method.method must be Standard"),
        ({"loading_method": {}}, "configuration.loading_method.method is required"),
        ({"credentials_json": MASK}, "field that has no stored secret"),
        ({"credentials_json": 12345}, "configuration.credentials_json must be of type string"),
        ({"destinationType": "snowflake"}, "destination connector snowflake is not installed"),
        ({"destinationType": None}, "definitionId or configuration.destinationType"),
    ],
)
def test_bad_configurations(api: Any, change: dict[str, Any], sentence: str) -> None:
    configuration = {"destinationType": "bigquery", **BIGQUERY, **change}
    body = {"workspaceId": WORKSPACE, "name": "warehouse", "configuration": configuration}
    answer = api.post(f"{PUBLIC}/destinations", json=body)
    assert answer.status_code == 422
    assert sentence in answer.json()["message"]
    assert "12345" not in answer.text


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (r'"\ud800-s3cret"', "surrogates"),
        ("NaN", "NaN"),
        ("[Infinity]", "Infinity"),
        ("1e999", "a double"),
        ("9223372036854775808", "64 bits"),
        ("1" * 5000, "64 bits"),
        ('{"twice": 1, "twice": 2}', "'twice'"),
        (r'"\u0000"', "NUL"),
        ('{"a":' * 150 + "1" + "}" * 150, "100 levels"),
        ("[" * 100_000, "100000 values"),
        ("[" * 50_000, "100 levels"),
    ],
)
def test_configuration_that_could_not_be_answered_is_not_kept(api: Any, value: str, reason: str) -> None:
    configuration = json.dumps({"destinationType": "bigquery", **BIGQUERY, "x": "VALUE"}).replace('"VALUE"', value)
    body = f'{{"workspaceId": "{WORKSPACE}", "name": "warehouse", "configuration": {configuration}}}'
    answer = api.post(f"{PUBLIC}/destinations", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert reason in answer.json()["message"]
    assert "s3cret" not in answer.text
    assert api.get(f"{PUBLIC}/destinations").json()["data"] == []


def test_a_configuration_is_checked_before_the_transaction(
    api: Any, services: Services, destination: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large one takes seconds, and the writer would keep the jobs waiting."""
    checked = []
    check = validation.check_configuration

    def spy(*arguments: Any) -> None:
        checked.append(services.database._write_lock.locked())
        check(*arguments)

    monkeypatch.setattr(actors, "check_configuration", spy)
    path = f"{PUBLIC}/destinations/{destination['destinationId']}"
    assert api.request("PATCH", path, json={"configuration": {"dataset_id": "other"}}).status_code == 200
    assert checked == [False]

"""Sources whose connector is gone, and streams that offer only incremental syncs."""

from typing import Any

import pytest

from airbyte_lite.api import configuration as configuration_api
from airbyte_lite.api.services import Services
from airbyte_lite.state.records import Actor
from platform_kit.specification import MASK

from .airbyte_answers import CONFIGURATION, PUBLIC
from .examples import WORKSPACE


@pytest.mark.parametrize(
    ("definition", "shown_type"),
    [("69589781-7828-43c5-9f63-8925b1c1ccc2", "s3"), ("00000000-0000-0000-0000-000000000001", "custom")],
    ids=["not installed", "removed from the registry"],
)
def test_source_whose_connector_is_gone_is_listed_masked_and_deleted(
    api: Any, services: Services, definition: str, shown_type: str
) -> None:
    configuration = {"bucket": "b", "credentials": {"key": "s3cret"}}
    services.store.add(Actor("s1", "source", WORKSPACE, "files", definition, configuration, 1.0))
    [shown] = api.get(f"{PUBLIC}/sources").json()["data"]
    assert api.get(f"{PUBLIC}/sources/s1").json() == shown
    assert (shown["name"], shown["definitionId"], shown["sourceType"]) == ("files", definition, shown_type)
    assert shown["configuration"] == {"bucket": MASK, "credentials": {"key": MASK}, "sourceType": shown_type}
    assert api.request("DELETE", f"{PUBLIC}/sources/s1").status_code == 204


def test_discovery_of_a_stream_that_offers_only_incremental(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = {"name": "events", "json_schema": {}, "supported_sync_modes": ["incremental"]}
    monkeypatch.setattr(configuration_api, "discover", lambda *_: [stream])
    answer = api.post(f"{CONFIGURATION}/sources/discover_schema", json={"sourceId": "s1"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["catalog"]["streams"][0]["config"]["syncMode"] == "incremental"

"""Destinations: shown masked, changed, deleted, checked."""

import contextlib
import threading
from dataclasses import replace
from typing import Any

import pytest
from airbyte_api import models
from airbyte_api.utils import unmarshal_json

from airbyte_lite.api.callers import CALLER
from airbyte_lite.api.services import Services
from airbyte_lite.connectors import slots
from airbyte_lite.connectors.runner import CheckResult
from airbyte_lite.loader.destination import BigQueryDestination
from airbyte_lite.loader.errors import SyncCancelled
from airbyte_lite.state.records import Connection
from platform_kit.specification import MASK

from .airbyte_answers import CONFIGURATION, PUBLIC
from .examples import BIGQUERY


def test_destination_is_shown_masked(api: Any, destination: dict[str, Any]) -> None:
    shown = api.get(f"{PUBLIC}/destinations/{destination['destinationId']}").json()
    assert shown == destination
    assert shown["destinationType"] == "bigquery"
    assert shown["configuration"] == {**BIGQUERY, "credentials_json": MASK, "destinationType": "bigquery"}
    assert isinstance(shown["createdAt"], int)


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_mask_that_is_sent_back_keeps_the_secret(
    api: Any, services: Services, destination: dict[str, Any], method: str
) -> None:
    path = f"{PUBLIC}/destinations/{destination['destinationId']}"
    configuration = {**destination["configuration"], "dataset_id": "other"}
    answer = api.request(method, path, json={"name": "warehouse", "configuration": configuration})
    assert answer.json()["configuration"]["dataset_id"] == "other"
    stored = services.store.actor("destination", destination["destinationId"]).configuration
    assert stored == {**BIGQUERY, "dataset_id": "other"}


def test_every_change_moves_the_time_of_the_last_change(api: Any, destination: dict[str, Any]) -> None:
    path = f"{PUBLIC}/destinations/{destination['destinationId']}"
    patched = api.request("PATCH", path, json={"configuration": {"credentials_json": "new"}}).json()
    assert patched["updatedAt"] > destination["updatedAt"]
    assert {**patched, "updatedAt": destination["updatedAt"]} == destination
    assert api.get(path).json() == patched


def test_patch_changes_a_part_and_put_the_whole(api: Any, destination: dict[str, Any]) -> None:
    path = f"{PUBLIC}/destinations/{destination['destinationId']}"
    patched = api.request("PATCH", path, json={"configuration": {"dataset_id": "b"}}).json()
    assert patched["configuration"]["project_id"] == "local-dev"
    assert patched["name"] == "warehouse"
    whole = {key: value for key, value in BIGQUERY.items() if key not in ("credentials_json", "loading_method")}
    replaced = api.request("PUT", path, json={"name": "n", "configuration": whole}).json()
    assert replaced["configuration"] == {**whole, "destinationType": "bigquery"}


@pytest.mark.parametrize("owner", ["destinations", "workspaces"])
def test_a_deleted_destination_is_listed_without_its_secrets(
    api: Any, services: Services, destination: dict[str, Any], owner: str
) -> None:
    """The official SDK refuses a list in which a configuration lacks its required fields."""
    identifier = destination["destinationId"] if owner == "destinations" else destination["workspaceId"]
    assert api.request("DELETE", f"{PUBLIC}/{owner}/{identifier}").status_code == 204
    [stored] = services.store.actors("destination", [], True, 10, 0)
    assert stored.configuration["credentials_json"] == MASK
    answer = api.get(f"{PUBLIC}/destinations?includeDeleted=true")
    [shown] = unmarshal_json(answer.text, models.DestinationsResponse).data
    assert isinstance(shown.configuration, models.DestinationBigquery)
    assert shown.configuration.project_id == destination["configuration"]["project_id"]


def test_deleting_a_destination_deletes_its_connections(
    api: Any, services: Services, connection: Connection, destination: dict[str, Any]
) -> None:
    services.store.change(connection, lambda now: replace(now, destination_id=destination["destinationId"]))
    assert api.request("DELETE", f"{PUBLIC}/destinations/{destination['destinationId']}").status_code == 204
    assert api.get(f"{PUBLIC}/connections/c1").json()["status"] == "deprecated"
    [deleted] = api.get(f"{PUBLIC}/connections?includeDeleted=true").json()["data"]
    assert deleted["status"] == "deprecated"


def test_a_check_of_a_destination_ends_with_its_client(
    api: Any, destination: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def check(_self: object, halt: threading.Event) -> None:
        CALLER.get().leave()
        assert halt.is_set()
        raise SyncCancelled

    monkeypatch.setattr(BigQueryDestination, "check", check)
    answer = api.post(
        f"{CONFIGURATION}/destinations/check_connection", json={"destinationId": destination["destinationId"]}
    )
    assert (answer.status_code, answer.json()["status"]) == (200, "failed")


def test_a_warehouse_that_hangs_keeps_no_source_waiting(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.runner, "check", lambda *_: CheckResult(True, ""))
    monkeypatch.setattr(slots, "WAIT_SECONDS", 0)
    connector = services.definitions.list("source")[0].connector
    assert connector is not None
    with contextlib.ExitStack() as stack:
        for _ in range(services.settings.commands):
            stack.enter_context(services.commands.destination_slot())
        assert services.commands.check(connector, {}).succeeded

"""Ids in upper case, and ids of nothing."""

import uuid
from typing import Any

import pytest

from airbyte_lite.api.services import Services
from airbyte_lite.state.records import Connection, Stream

from .airbyte_answers import CONFIGURATION, PUBLIC
from .examples import BIGQUERY, WORKSPACE


def test_ids_may_be_in_upper_case(api: Any, services: Services, destination: dict[str, Any]) -> None:
    """As in Airbyte, whose server parses them."""
    identifier, workspace = destination["destinationId"], WORKSPACE.upper()
    path = f"{PUBLIC}/destinations/{identifier.upper()}"
    assert api.get(path).json()["destinationId"] == identifier
    shown = api.get(path).json() | {"workspaceId": workspace, "destinationId": identifier.upper(), "name": "new name"}
    assert api.request("PATCH", path, json=shown).json()["name"] == "new name"
    assert api.get(f"{PUBLIC}/workspaces/{workspace}").json()["workspaceId"] == WORKSPACE
    [listed] = api.get(f"{PUBLIC}/destinations", params={"workspaceIds": workspace}).json()["data"]
    assert listed["destinationId"] == identifier
    definition = destination["definitionId"].upper()
    assert api.get(f"{PUBLIC}/workspaces/{workspace}/definitions/destinations/{definition}").status_code == 200
    body = {"workspaceId": workspace, "name": "second", "definitionId": definition, "configuration": BIGQUERY}
    assert api.post(f"{PUBLIC}/destinations", json=body).json()["workspaceId"] == WORKSPACE
    stream = Stream({"name": "orders"}, "full_refresh_overwrite", [], [])
    services.store.add(Connection(other := str(uuid.uuid4()), WORKSPACE, "orders", "s1", identifier, [stream], 1.0))
    for name in ("connections/get", "state/get", "connections/events/list"):
        assert api.post(f"{CONFIGURATION}/{name}", json={"connectionId": other.upper()}).status_code == 200, name
    assert (
        len(api.post(f"{CONFIGURATION}/connections/list", json={"workspaceId": workspace}).json()["connections"]) == 1
    )
    assert api.request("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "workspaces/x", None),
        ("GET", "sources/x", None),
        ("GET", "destinations/x", None),
        ("PATCH", "destinations/x", {"name": "y"}),
        ("PUT", "destinations/x", {"name": "y", "configuration": {}}),
        ("DELETE", "destinations/x", None),
        ("GET", "connections/x", None),
        ("PATCH", "connections/x", {}),
        ("DELETE", "connections/x", None),
        ("POST", "connections", {"sourceId": "x", "destinationId": "y"}),
        ("POST", "destinations", {"workspaceId": "x", "name": "n", "configuration": {}}),
        ("GET", "jobs/4711", None),
        ("GET", f"jobs/{2**63}", None),
        ("GET", f"jobs/-{2**64}", None),
        ("DELETE", "jobs/4711", None),
        ("POST", "jobs", {"connectionId": "x", "jobType": "sync"}),
        ("GET", "streams?sourceId=x", None),
        ("GET", "workspaces/x/definitions/sources", None),
        ("GET", f"workspaces/{WORKSPACE}/definitions/sources/x", None),
    ],
)
def test_unknown_ids(api: Any, method: str, path: str, body: object) -> None:
    answer = api.request(method, f"{PUBLIC}/{path}", json=body)
    assert (answer.status_code, answer.json()["title"]) == (404, "resource-not-found"), answer.text

"""Workspaces, and lists, which have pages and are limited to workspaces."""

from typing import Any

from .airbyte_answers import CONFIGURATION, PUBLIC
from .examples import WORKSPACE


def test_workspace_is_created_once(api: Any) -> None:
    again = {"id": WORKSPACE, "name": "another name"}
    assert api.post(f"{CONFIGURATION}/workspaces/create_if_not_exist", json=again).json()["name"] == "one"
    assert len(api.get(f"{PUBLIC}/workspaces").json()["data"]) == 1
    assert api.post(f"{CONFIGURATION}/workspaces/create_if_not_exist", json={"id": "x", "name": "y"}).status_code == 422


def test_workspace_life(api: Any) -> None:
    created = api.post(f"{PUBLIC}/workspaces", json={"name": "two"}).json()
    path = f"{PUBLIC}/workspaces/{created['workspaceId']}"
    assert api.request("PATCH", path, json={"name": "renamed"}).json()["name"] == "renamed"
    assert api.get(path).json() == {**created, "name": "renamed"}
    assert api.request("DELETE", path).status_code == 204
    assert api.get(path).status_code == 404
    ids = [
        row["workspaceId"] for row in api.get(f"{PUBLIC}/workspaces", params={"includeDeleted": True}).json()["data"]
    ]
    assert created["workspaceId"] in ids


def test_lists_have_pages(api: Any) -> None:
    for name in ("two", "three"):
        api.post(f"{PUBLIC}/workspaces", json={"name": name})
    names: list[str] = []
    url = f"{PUBLIC}/workspaces?limit=2"
    while url:
        page = api.get(url).json()
        names += [row["name"] for row in page["data"]]
        url = page["next"]
    assert names == ["one", "two", "three"]
    assert page["previous"].endswith("limit=2&offset=0")


def test_lists_are_limited_to_workspaces(api: Any, destination: dict[str, Any]) -> None:
    def count(*ids: str) -> int:
        return len(api.get(f"{PUBLIC}/destinations", params=[("workspaceIds", value) for value in ids]).json()["data"])

    assert (count(), count(WORKSPACE), count("other"), count(f"other,{WORKSPACE}"), count("x", WORKSPACE)) == (
        1,
        1,
        0,
        1,
        1,
    )

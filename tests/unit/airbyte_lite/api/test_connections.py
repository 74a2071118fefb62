"""Connections: as Dagster reads them, changed while something else happens, with a prefix."""

from dataclasses import replace
from typing import Any

import pytest

from airbyte_lite.api import connections
from airbyte_lite.api.services import Services
from airbyte_lite.state.records import Connection

from .airbyte_answers import CONFIGURATION, PUBLIC


def test_connection_for_dagster(api: Any, connection: Connection) -> None:
    found = api.post(f"{CONFIGURATION}/connections/get", json={"connectionId": "c1"}).json()
    assert (found["connectionId"], found["name"], found["destinationId"], found["prefix"]) == ("c1", "orders", "d1", "")
    [stream] = found["syncCatalog"]["streams"]
    assert stream["stream"]["name"] == "orders"
    assert stream["stream"]["jsonSchema"] == {"properties": {"id": {"type": "integer"}}}
    assert stream["config"]["selected"] is True


def test_patch_connection_keeps_what_is_left_out(api: Any, connection: Connection) -> None:
    changed = {"prefix": "raw_", "nonBreakingSchemaUpdatesBehavior": "propagate_columns", "status": "inactive"}
    answer = api.request("PATCH", f"{PUBLIC}/connections/c1", json=changed).json()
    assert {key: answer[key] for key in changed} == changed
    answer = api.request("PATCH", f"{PUBLIC}/connections/c1", json={"name": "new"}).json()
    assert (answer["name"], answer["prefix"]) == ("new", "raw_")
    assert answer["configurations"]["streams"][0]["primaryKey"] == [["id"]]
    assert api.request("PATCH", f"{PUBLIC}/connections/c1", json={"prefix": ""}).json()["prefix"] == ""


def test_a_prefix_with_which_two_streams_fill_one_table_is_refused(
    api: Any, services: Services, connection: Connection
) -> None:
    [stream] = connection.streams
    twin = replace(stream, stream={**stream.stream, "name": " orders"})
    services.store.change(connection, lambda now: replace(now, streams=[stream, twin]))
    answer = api.request("PATCH", f"{PUBLIC}/connections/c1", json={"prefix": "a "})
    assert answer.status_code == 422
    assert "a_orders" in answer.text
    assert services.store.connection("c1").prefix == ""


@pytest.mark.parametrize("change", ["deleted", "renamed"])
def test_patch_connection_sees_what_happened_while_it_discovered(
    api: Any, services: Services, connection: Connection, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    def discover(*_: object) -> list[dict[str, Any]]:
        if change == "deleted":
            services.store.delete(connection)
        else:
            services.store.change(connection, lambda now: replace(now, name="renamed"))
        return [connection.streams[0].stream]

    monkeypatch.setattr(connections, "discover", discover)
    streams = [{"name": "orders", "syncMode": "full_refresh_append"}]
    answer = api.request("PATCH", f"{PUBLIC}/connections/c1", json={"configurations": {"streams": streams}})
    if change == "deleted":
        assert answer.status_code == 404
        assert api.get(f"{PUBLIC}/connections/c1").json()["status"] == "deprecated"
    else:
        assert answer.json()["name"] == "renamed"
        assert answer.json()["configurations"]["streams"][0]["syncMode"] == "full_refresh_append"

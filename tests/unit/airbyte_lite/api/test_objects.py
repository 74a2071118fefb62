"""The endpoints that need no connector: everything but sources and what is made of them."""

import base64
import contextlib
import json
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from airbyte_api import models
from airbyte_api.utils import unmarshal_json

from airbyte_lite.api import actors, connections
from airbyte_lite.api import configuration as configuration_api
from airbyte_lite.api.app import create_app
from airbyte_lite.api.callers import CALLER
from airbyte_lite.api.services import Services
from airbyte_lite.connectors import slots, validation
from airbyte_lite.connectors.runner import CheckResult
from airbyte_lite.loader.destination import BigQueryDestination
from airbyte_lite.loader.errors import SyncCancelled
from airbyte_lite.settings import Settings
from airbyte_lite.state.records import Actor, Connection, Stream
from platform_kit.specification import MASK

PUBLIC = "/api/public/v1"
CONFIGURATION = "/api/v1"
WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"
BIGQUERY = {
    "project_id": "local-dev",
    "dataset_id": "jaffle",
    "dataset_location": "US",
    "loading_method": {"method": "Standard"},
    "credentials_json": '{"private_key": "s3cret"}',
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        connector_environments=tmp_path / "environments",
        emulator_address="http://127.0.0.1:9",
    )


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    services = Services.open(settings)
    yield services
    services.close()


@pytest.fixture
def api(services: Services, serving: Any) -> Any:
    client = serving(services)
    body = {"id": WORKSPACE, "name": "one", "organizationId": "00000000-0000-0000-0000-000000000000"}
    assert client.post(f"{CONFIGURATION}/workspaces/create_if_not_exist", json=body).json()["workspaceId"] == WORKSPACE
    return client


@pytest.fixture
def destination(api: Any) -> dict[str, Any]:
    body = {"workspaceId": WORKSPACE, "name": "warehouse", "configuration": {"destinationType": "bigquery", **BIGQUERY}}
    answer = api.post(f"{PUBLIC}/destinations", json=body)
    assert answer.status_code == 200, answer.text
    created: dict[str, Any] = answer.json()
    return created


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


@pytest.fixture
def connection(services: Services) -> Connection:
    offered = {"name": "orders", "json_schema": {"properties": {"id": {"type": "integer"}}}}
    stream = Stream(offered, "full_refresh_overwrite", [["id"]], [])
    connection = Connection("c1", WORKSPACE, "orders", "s1", "d1", [stream], 1.0)
    services.store.add(connection)
    return connection


def test_health_needs_no_authentication(settings: Settings, client_of: Any) -> None:
    services = Services.open(settings.model_copy(update={"client_id": "me", "client_secret": "s"}))
    client = client_of(create_app(services))
    assert client.get(f"{PUBLIC}/health").text == "Successful operation"
    assert client.get(f"{CONFIGURATION}/health").json() == {"available": True}
    refused = client.get(f"{PUBLIC}/workspaces")
    assert (refused.status_code, refused.json()["title"]) == (401, "unauthorized")
    assert refused.headers["www-authenticate"] == "Bearer, Basic"
    assert "message" in client.post(f"{CONFIGURATION}/connections/get", json={}).json()
    services.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("127.0.0.1:8000", 200),
        ("[::1]:8000", 200),
        ("airbyte-lite:8000", 200),
        ("evil.example:8000", 403),
        ("localhost.evil.example", 403),
        ("localhost@evil.example", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
def test_open_server_answers_for_its_own_names_only(settings: Settings, client_of: Any, host: str, status: int) -> None:
    services = Services.open(settings.model_copy(update={"host": "airbyte-lite"}))
    answer = client_of(create_app(services)).get(f"{PUBLIC}/workspaces", headers={"Host": host})
    assert answer.status_code == status
    if status == 403:
        assert "127.0.0.1, ::1, airbyte-lite, localhost" in answer.json()["message"]
    services.close()


def test_server_with_credentials_answers_for_every_name(settings: Settings, client_of: Any) -> None:
    services = Services.open(settings.model_copy(update={"username": "ada", "password": "x"}))
    client = client_of(create_app(services))
    headers = {"Host": "airbyte.example.com", "Authorization": "Basic YWRhOng="}
    assert client.get(f"{PUBLIC}/workspaces", headers=headers).status_code == 200
    services.close()


def test_kind_of_authentication_is_told_to_everybody(settings: Settings, client_of: Any) -> None:
    services = Services.open(settings.model_copy(update={"username": "ada", "password": "x"}))
    answer = client_of(create_app(services)).get(f"{CONFIGURATION}/instance_configuration")
    assert (answer.status_code, answer.json()["auth"]) == (200, {"mode": "simple"})
    services.close()


@pytest.mark.parametrize("encoding", ["json", "data"])
@pytest.mark.parametrize("api_path", [PUBLIC, CONFIGURATION])  # Airbyte's documentation names both
def test_token_as_json_and_as_form(settings: Settings, client_of: Any, encoding: str, api_path: str) -> None:
    services = Services.open(settings.model_copy(update={"client_id": "me", "client_secret": "s&cret=1"}))
    client = client_of(create_app(services))
    path = f"{api_path}/applications/token"
    given = {"client_id": "me", "client_secret": "s&cret=1", "grant_type": "client_credentials"}
    answer = client.post(path, **{encoding: given}).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 900)
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    assert client.get(f"{PUBLIC}/workspaces", headers=headers).status_code == 200
    assert client.post(path, **{encoding: {"client_id": "me", "client_secret": "no"}}).status_code == 401
    assert client.post(path, **{encoding: {"client_id": "me"}}).status_code == 422
    assert "password" in client.post(path, **{encoding: given | {"grant_type": "password"}}).json()["message"]
    wrong = client.post(path, json=given | {"grant_type": ["client_credentials"]})
    assert (wrong.status_code, "grant type" in wrong.json()["message"]) == (422, True)
    assert client.post(path, content=b"\xff", headers={"content-type": "application/json"}).status_code == 422
    services.close()


def test_basic_authentication_takes_names_and_passwords_beyond_ascii(settings: Settings, client_of: Any) -> None:
    services = Services.open(settings.model_copy(update={"username": "ada", "password": "pässword"}))
    client = client_of(create_app(services))
    for password, status in (("pässword", 200), ("password", 401)):
        header = "Basic " + base64.b64encode(f"ada:{password}".encode()).decode()
        assert client.get(f"{PUBLIC}/workspaces", headers={"Authorization": header}).status_code == status
    services.close()


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


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "workspaces", {}),
        ("POST", "workspaces", {"name": ""}),
        ("POST", "jobs", {"connectionId": "c1", "jobType": "nonsense"}),
        ("POST", "jobs", {"connectionId": "c1", "jobType": "refresh"}),
        ("GET", "jobs/nonsense", None),
        ("GET", "jobs?limit=0", None),
        ("GET", "jobs?limit=101", None),
        ("GET", f"jobs?offset={2**63}", None),
        ("GET", "jobs?orderBy=createdAt", None),
        ("GET", "jobs?createdAtStart=yesterday", None),
        ("PATCH", "connections/c1", {"status": "deprecated"}),
        ("PATCH", "connections/c1", {"schedule": {"scheduleType": "basic"}}),
        ("PATCH", "connections/c1", {"schedule": {"scheduleType": "cron"}}),
        ("PATCH", "connections/c1", {"namespaceDefinition": "source"}),
        ("PATCH", "connections/c1", {"configurations": {"streams": [{"name": "orders", "mappers": [{}]}]}}),
    ],
)
def test_bad_requests(api: Any, connection: Connection, method: str, path: str, body: object) -> None:
    answer = api.request(method, f"{PUBLIC}/{path}", json=body)
    assert (answer.status_code, answer.json()["title"]) == (422, "unprocessable-entity"), answer.text


def test_schedules(api: Any, services: Services, connection: Connection) -> None:
    def patch(**changes: Any) -> Any:
        return api.request("PATCH", f"{PUBLIC}/connections/c1", json=changes).json()

    daily = {"scheduleType": "cron", "cronExpression": "0 0 12 * * ? UTC"}
    assert services.store.scheduled_connections() == []
    assert patch(schedule=daily)["schedule"] == daily
    assert patch(name="other", schedule=None)["schedule"] == daily
    read = api.post(f"{CONFIGURATION}/connections/get", json={"connectionId": "c1"}).json()
    assert read["scheduleType"] == "cron"
    assert read["scheduleData"] == {"cron": {"cronExpression": "0 0 12 * * ?", "cronTimeZone": "UTC"}}
    assert [found.cron for found in services.store.scheduled_connections()] == ["0 0 12 * * ?"]
    assert patch(status="inactive")["schedule"] == daily
    assert services.store.scheduled_connections() == []
    assert patch(status="active", schedule={"scheduleType": "manual"})["schedule"] == {"scheduleType": "manual"}
    assert services.store.scheduled_connections() == []
    read = api.post(f"{CONFIGURATION}/connections/get", json={"connectionId": "c1"}).json()
    assert (read["scheduleType"], "scheduleData" in read) == ("manual", False)


@pytest.mark.parametrize(("expression", "reason"), [("0 12 * * *", "5 fields"), ("0 0 12 * * ? CET", "must be UTC")])
def test_wrong_cron_expressions(
    api: Any, services: Services, connection: Connection, expression: str, reason: str
) -> None:
    schedule = {"scheduleType": "cron", "cronExpression": expression}
    answer = api.request("PATCH", f"{PUBLIC}/connections/c1", json={"name": "other", "schedule": schedule})
    assert (answer.status_code, answer.json()["title"]) == (422, "unprocessable-entity")
    assert answer.json()["message"].startswith("Invalid schedule.cronExpression: ")
    assert reason in answer.json()["message"]
    assert services.store.connection("c1") == connection


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


def test_inactive_connection_does_not_run(api: Any, services: Services, connection: Connection) -> None:
    services.store.change(connection, lambda now: replace(now, status="inactive"))
    answer = api.post(f"{PUBLIC}/jobs", json={"connectionId": "c1", "jobType": "sync"})
    assert (answer.status_code, answer.json()["title"]) == (409, "state-conflict")


def test_job_list_and_order(api: Any, services: Services, connection: Connection) -> None:
    for _ in range(3):
        services.job_store.finish(services.job_store.create("c1", WORKSPACE, "sync").id, "succeeded")

    def ids(query: str) -> list[int]:
        return [job["jobId"] for job in api.get(f"{PUBLIC}/jobs?{query}").json()["data"]]

    assert ids(f"workspaceIds={WORKSPACE}&connectionId=c1&createdAtStart=2020-01-01T00:00:00Z") == [1, 2, 3]
    assert ids("orderBy=createdAt|DESC&limit=2&offset=1") == [2, 1]
    assert ids("status=failed") == ids("jobType=reset") == ids("createdAtEnd=2020-01-01T00:00:00Z") == []


def test_damaged_job_does_not_break_the_list(
    api: Any, services: Services, connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        services.job_store.finish(services.job_store.create("c1", WORKSPACE, "sync").id, "succeeded")
    with services.database.write() as database:
        database.execute("update jobs set created_at = 'yesterday' where id = 2")
    assert [job["jobId"] for job in api.get(f"{PUBLIC}/jobs").json()["data"]] == [1, 3]
    assert "Job 2 is left out" in caplog.text


def test_definitions(api: Any) -> None:
    found = api.get(f"{PUBLIC}/workspaces/{WORKSPACE}/definitions/sources").json()["data"]
    assert {row["dockerRepository"] for row in found} >= {"airbyte/source-s3", "airbyte/source-declarative-manifest"}
    [bigquery] = api.post(f"{CONFIGURATION}/destination_definitions/list").json()["destinationDefinitions"]
    body = {"destinationDefinitionId": bigquery["destinationDefinitionId"], "workspaceId": WORKSPACE}
    specification = api.post(f"{CONFIGURATION}/destination_definition_specifications/get", json=body).json()
    assert specification["connectionSpecification"]["properties"]["credentials_json"]["airbyte_secret"] is True
    assert "append_dedup" in specification["supportedDestinationSyncModes"]


def test_openapi_page(api: Any) -> None:
    operations = [
        (path, method, operation)
        for path, methods in api.get("/openapi.json").json()["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 40
    assert [(path, method) for path, method, operation in operations if not operation.get("tags")] == []
    summaries = [operation["summary"] for _, _, operation in operations]
    assert all(summary and summary[0].isupper() for summary in summaries)
    assert api.get("/docs").status_code == 200


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

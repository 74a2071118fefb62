"""No field of a request is ignored: a field without effect is refused by name, unless its value means nothing."""

from collections.abc import Iterator
from typing import Any

import pytest

from airbyte_lite.api.app import create_app
from airbyte_lite.api.services import Services
from airbyte_lite.connectors.definitions import BIGQUERY_ID
from airbyte_lite.settings import Settings
from airbyte_lite.state.records import Actor, Connection, Stream, Workspace

from .airbyte_answers import CONFIGURATION, PUBLIC
from .examples import WORKSPACE

ORGANIZATION = "00000000-0000-0000-0000-000000000000"
BIGQUERY = {"project_id": "p", "dataset_id": "d", "dataset_location": "US", "credentials_json": "{}"}
NEW = {"name": "n", "workspaceId": WORKSPACE, "configuration": BIGQUERY | {"destinationType": "bigquery"}}
BOTH = {"sourceId": "s1", "destinationId": "d1"}
CREATE = "workspaces/create_if_not_exist"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, client_of: Any) -> Iterator[Any]:
    """A server for all tests of this file: one takes as long to create as ten requests."""
    directory = tmp_path_factory.mktemp("fields")
    services = Services.open(Settings(data_dir=directory / "data", connector_environments=directory))
    services.store.add(Workspace(WORKSPACE, "one", 1.0))
    services.store.add(Actor("d1", "destination", WORKSPACE, "warehouse", BIGQUERY_ID, BIGQUERY, 1.0))
    stream = Stream({"name": "orders", "json_schema": {}}, "full_refresh_overwrite", [], [])
    services.store.add(Connection("c1", WORKSPACE, "orders", "s1", "d1", [stream], 1.0, cron="0 0 12 * * ?"))
    yield client_of(create_app(services))
    services.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", f"{PUBLIC}/workspaces", {"name": "n"}, {"organizationId": "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"}),
        ("POST", f"{PUBLIC}/workspaces", {"name": "n"}, {"regionId": "r"}),
        ("POST", f"{PUBLIC}/workspaces", {"name": "n"}, {"notifications": {"failure": {"email": {"enabled": True}}}}),
        ("PATCH", f"{PUBLIC}/workspaces/{WORKSPACE}", {}, {"regionId": "r"}),
        ("PATCH", f"{PUBLIC}/workspaces/{WORKSPACE}", {}, {"notifications": {"success": {"webhook": {"url": "u"}}}}),
        ("POST", f"{PUBLIC}/destinations", NEW, {"resourceAllocation": {"default": {"cpu_limit": "1"}}}),
        ("POST", f"{PUBLIC}/destinations", NEW, {"secretId": "s"}),
        ("PATCH", f"{PUBLIC}/destinations/d1", {}, {"workspaceId": "another"}),
        ("PATCH", f"{PUBLIC}/destinations/d1", {}, {"secretId": "s"}),
        (
            "PUT",
            f"{PUBLIC}/destinations/d1",
            {"name": "n", "configuration": BIGQUERY},
            {"resourceAllocation": {"a": 1}},
        ),
        ("PUT", f"{PUBLIC}/destinations/d1", {"name": "n", "configuration": BIGQUERY}, {"definitionId": "another"}),
        ("PATCH", f"{PUBLIC}/destinations/d1", {}, {"configuration": {"destinationType": "snowflake"}}),
        (
            *("POST", f"{PUBLIC}/destinations", NEW | {"definitionId": BIGQUERY_ID}),
            {"configuration": BIGQUERY | {"destinationType": "snowflake"}},
        ),
        ("POST", f"{PUBLIC}/connections", BOTH, {"tags": [{"tagId": "t"}]}),
        ("POST", f"{PUBLIC}/connections", BOTH, {"dataResidency": "eu"}),
        ("POST", f"{PUBLIC}/connections", BOTH, {"namespaceFormat": "x"}),
        ("PATCH", f"{PUBLIC}/connections/c1", {}, {"sourceId": "another"}),
        ("PATCH", f"{PUBLIC}/connections/c1", {}, {"tags": [{"tagId": "t"}]}),
        ("PATCH", f"{PUBLIC}/connections/c1", {}, {"namespaceDefinition": "source"}),
        ("PATCH", f"{PUBLIC}/connections/c1", {}, {"schedule": {"scheduleType": "manual", "basicTiming": "1 hour"}}),
        ("POST", f"{PUBLIC}/jobs", {"connectionId": "c1", "jobType": "sync"}, {"jobParameters": {"a": 1}}),
        ("POST", f"{CONFIGURATION}/{CREATE}", {"id": WORKSPACE, "name": "n"}, {"email": "a@b"}),
        ("POST", f"{CONFIGURATION}/{CREATE}", {"id": WORKSPACE, "name": "n"}, {"anonymousDataCollection": True}),
        ("POST", f"{CONFIGURATION}/{CREATE}", {"id": WORKSPACE, "name": "n"}, {"notifications": [{"a": 1}]}),
        ("POST", f"{CONFIGURATION}/{CREATE}", {"id": WORKSPACE, "name": "n"}, {"organizationId": "another"}),
        ("POST", f"{CONFIGURATION}/sources/discover_schema", {"sourceId": "s1"}, {"connectionId": "c1"}),
        ("POST", f"{CONFIGURATION}/sources/discover_schema", {"sourceId": "s1"}, {"priority": "high"}),
        (
            "POST",
            f"{CONFIGURATION}/web_backend/connections/get",
            {"connectionId": "c1"},
            {"withRefreshedCatalog": True},
        ),
        ("POST", f"{CONFIGURATION}/jobs/list", {"configTypes": ["sync"]}, {"statuses": ["done"]}),
        ("POST", f"{CONFIGURATION}/jobs/list", {"configTypes": ["sync"]}, {"pagination": {"page": 2}}),
        ("POST", f"{CONFIGURATION}/connections/events/list", {"connectionId": "c1"}, {"eventTypes": ["SYNC"]}),
    ],
)
def test_field_without_effect_is_refused_by_name(
    api: Any, method: str, path: str, body: dict[str, Any], field: dict[str, Any]
) -> None:
    [name] = field
    before = [api.get(f"{PUBLIC}/{kind}").json() for kind in ("workspaces", "destinations", "connections")]
    answer = api.request(method, path, json=body | field)
    assert answer.status_code == 422, answer.text
    assert f"body.{name}" in answer.json()["message"]
    assert "Value error" not in answer.text
    assert [api.get(f"{PUBLIC}/{kind}").json() for kind in ("workspaces", "destinations", "connections")] == before


@pytest.mark.parametrize("field", ["mappers", "destinationObjectName", "includeFiles", "nameSpace", "selected_fields"])
def test_field_of_a_stream_is_refused_with_its_place(api: Any, field: str) -> None:
    streams = [{"name": "orders"}, {"name": "users", field: [{}]}]
    answer = api.request("PATCH", f"{PUBLIC}/connections/c1", json={"configurations": {"streams": streams}})
    assert answer.status_code == 422
    assert f"body.configurations.streams.1.{field}: this server does not implement it" in answer.json()["message"]


def test_no_endpoint_ignores_an_unknown_field(api: Any) -> None:
    document = api.get("/openapi.json").json()
    bodies = [
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    ]
    assert len(bodies) > 25
    for method, path in bodies:
        existing = path.format(workspace_id=WORKSPACE, actor_id="d1", connection_id="c1").replace(
            "sources/d1", "destinations/d1"
        )
        whole = {"name": "n", "configuration": BIGQUERY} if method == "PUT" else {}
        answer = api.request(method, existing, json=whole | {"nobodyKnows": 1})
        assert answer.status_code == 422, (method, path)
        assert "nobodyKnows" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{PUBLIC}/workspaces", {"name": "n", "organizationId": ORGANIZATION, "regionId": None}),
        ("POST", f"{PUBLIC}/workspaces", {"name": "n", "notifications": {"failure": {"email": {"enabled": False}}}}),
        ("PATCH", f"{PUBLIC}/workspaces/{WORKSPACE}", {"notifications": {}, "regionId": ""}),
        ("POST", f"{PUBLIC}/destinations", NEW | {"resourceAllocation": {"default": {}, "jobSpecific": []}}),
        ("PATCH", f"{PUBLIC}/destinations/d1", {"workspaceId": WORKSPACE, "secretId": None, "configuration": None}),
        ("PATCH", f"{PUBLIC}/connections/c1", {"tags": [], "namespaceFormat": None, "dataResidency": "auto"}),
        (
            "PATCH",
            f"{PUBLIC}/connections/c1",
            {"configurations": {"streams": []}, "newField": {"inner": [], "on": False}},
        ),
        (
            *("POST", f"{CONFIGURATION}/{CREATE}"),
            {"id": WORKSPACE, "name": "n", "organizationId": ORGANIZATION, "news": False, "email": ""},
        ),
        ("POST", f"{CONFIGURATION}/jobs/list", {"configTypes": ["sync"], "pagination": None, "statuses": None}),
        ("POST", f"{CONFIGURATION}/connections/list", {"workspaceId": WORKSPACE, "includeTombstone": None}),
        ("GET", f"{PUBLIC}/destinations/d1?includeSecretCoordinates=false", None),
        ("GET", f"{PUBLIC}/connections?tagIds=&workspaceId=x&configTypes=sync", None),
    ],
)
def test_value_that_means_nothing_is_accepted(api: Any, method: str, path: str, body: object) -> None:
    answer = api.request(method, path, json=body)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", [f"workspaces/{WORKSPACE}", "destinations/d1", "connections/c1"])
def test_object_can_be_sent_back_as_it_was_shown(api: Any, path: str) -> None:
    shown = api.get(f"{PUBLIC}/{path}").json()
    sent = {name: value for name, value in shown.items() if name != "configurations"}  # that would start a discovery
    again = api.request("PATCH", f"{PUBLIC}/{path}", json=sent)
    assert again.status_code == 200, again.text
    assert {**again.json(), "updatedAt": 0} == {**shown, "updatedAt": 0}
    assert api.request("PATCH", f"{PUBLIC}/{path}", json=sent).status_code == 200, "also when it has changed since"
    wrong = api.request("PATCH", f"{PUBLIC}/{path}", json=shown | {"createdAt": 7, "workspaceId": "another"})
    assert "body.createdAt" in wrong.json()["message"]


def test_query_that_has_no_effect(api: Any) -> None:
    assert api.get(f"{PUBLIC}/connections?tagIds=t").json()["data"] == []
    answer = api.get(f"{PUBLIC}/destinations/d1?includeSecretCoordinates=true")
    assert answer.status_code == 422
    assert "includeSecretCoordinates" in answer.json()["message"]

"""The answers of the endpoints against the facts of Airbyte's API: fields, types, what is required."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from airbyte_lite.api import configuration as configuration_api
from airbyte_lite.api.services import Services
from airbyte_lite.connectors.definitions import BIGQUERY_ID
from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.settings import Settings
from airbyte_lite.state.records import Actor, Connection, Stream, Workspace

PUBLIC = "/api/public/v1"
CONFIGURATION = "/api/v1"
S3_ID = "69589781-7828-43c5-9f63-8925b1c1ccc2"
# Required fields of Airbyte 2.0's answers, with their types. A path "a.b" is the field b of the object a.
JOB = {"id": int, "configType": str, "configId": str, "createdAt": int, "updatedAt": int, "status": str}
INFO = {f"job.{name}": kind for name, kind in JOB.items()} | {"attempts": list}
CONNECTION = {
    "connectionId": str,
    "name": str,
    "sourceId": str,
    "destinationId": str,
    "syncCatalog": dict,
    "status": str,
}
ANSWERS: list[tuple[str, str, dict[str, Any] | None, dict[str, type]]] = [
    ("POST", "/jobs/get", {"id": 1}, INFO),
    ("POST", "/jobs/cancel", {"id": 1}, INFO),
    ("POST", "/jobs/list", {"configTypes": ["sync"], "configId": "c1"}, {"jobs": list, "totalJobCount": int}),
    (
        "POST",
        "/jobs/get_debug_info",
        {"id": 1},
        {"job.airbyteVersion": str, "job.sourceDefinition": dict, "job.destinationDefinition": dict, "attempts": list},
    ),
    ("POST", "/attempt/get_for_job", {"jobId": 1, "attemptNumber": 0}, {"attempt.id": int, "attempt.status": str}),
    ("POST", "/state/get", {"connectionId": "c1"}, {"connectionId": str, "stateType": str}),
    ("POST", "/connections/get", {"connectionId": "c1"}, CONNECTION | {"breakingChange": bool, "created_at": int}),
    ("POST", "/connections/list", {"workspaceId": "w1"}, {"connections": list}),
    ("POST", "/connections/events/list", {"connectionId": "c1"}, {"events": list}),
    (
        "POST",
        "/web_backend/connections/get",
        {"connectionId": "c1"},
        CONNECTION
        | {"source": dict, "destination": dict, "isSyncing": bool, "schemaChange": str, "tags": list}
        | {"sourceActorDefinitionVersion.dockerImageTag": str, "createdAt": int},
    ),
    (
        "GET",
        "/instance_configuration",
        None,
        {"airbyteUrl": str, "auth.mode": str, "edition": str, "version": str, "licenseStatus": str}
        | {"defaultUserId": str, "defaultWorkspaceId": str, "defaultOrganizationId": str}
        | {"defaultOrganizationEmail": str, "initialSetupComplete": bool, "trackingStrategy": str},
    ),
    ("GET", "/organizations", None, {"data": list}),
    ("GET", "/tags?workspaceIds=w1", None, {"data": list}),
]


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = Services.open(Settings(data_dir=tmp_path / "data", connector_environments=tmp_path / "environments"))
    store = services.store
    store.add(Workspace("w1", "one", 1.0))
    store.add(Actor("s1", "source", "w1", "files", S3_ID, {}, 1.0))
    store.add(Actor("d1", "destination", "w1", "warehouse", BIGQUERY_ID, {}, 1.0))
    stream = Stream({"name": "orders", "json_schema": {}}, "full_refresh_overwrite", [], [])
    store.add(Connection("c1", "w1", "orders", "s1", "d1", [stream], 1.0, prefix="raw_"))
    job = services.job_store.create("c1", "w1", "sync")
    services.job_store.start(job.id)
    services.job_store.finish(job.id, "succeeded")
    yield services
    services.close()


@pytest.fixture
def api(services: Services, serving: Any) -> Any:
    return serving(services)


@pytest.mark.parametrize(("method", "path", "body", "fields"), ANSWERS, ids=[row[1] for row in ANSWERS])
def test_answer_has_the_required_fields(
    api: Any, method: str, path: str, body: object, fields: dict[str, type]
) -> None:
    prefix = PUBLIC if path.startswith(("/organizations", "/tags")) else CONFIGURATION
    answer = api.request(method, prefix + path, json=body)
    assert answer.status_code == 200, answer.text
    for name, kind in fields.items():
        value = answer.json()
        for part in name.split("."):
            value = value[part]
        assert type(value) is kind, name
    assert ":null" not in answer.text


def test_paths_with_a_slash_at_the_end_and_head(api: Any) -> None:
    for path in (f"{CONFIGURATION}/health", f"{PUBLIC}/connections"):
        assert api.get(f"{path}/").status_code == 200
        assert api.get(f"{path}//").status_code == 404
        head = api.request("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
    assert api.request("HEAD", f"{PUBLIC}/nothing").status_code == 404


def test_null_leaves_every_field_of_a_connection_unchanged(api: Any) -> None:
    before = api.get(f"{PUBLIC}/connections/c1").json()
    names = ("name", "prefix", "status", "schedule", "configurations", "namespaceDefinition", "tags")
    answer = api.request("PATCH", f"{PUBLIC}/connections/c1", json=dict.fromkeys(names))
    assert answer.json() == before
    assert before["prefix"] == "raw_"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("connections/c1", {"configurations": {"streams": [{"name": "a", "destinationObjectName": "b"}]}}, None),
        ("connections/c1", {"configurations": {"streams": [{"name": "a", "includeFiles": True}]}}, "includeFiles"),
        ("connections/c1", {"tags": [{"tagId": "t"}]}, "tags"),
        ("connections/c1", {"namespaceFormat": "x"}, "namespaceFormat"),
        ("connections/c1", {"dataResidency": "eu"}, "dataResidency"),
        ("workspaces/w1", {"regionId": "x"}, "regionId"),
    ],
)
def test_what_is_not_implemented_is_refused_by_name(api: Any, path: str, body: object, field: str | None) -> None:
    answer = api.request("PATCH", f"{PUBLIC}/{path}", json=body)
    assert answer.status_code == 422
    assert (field or "destinationObjectName") in answer.json()["message"]


def test_workspace_patch_without_a_name(api: Any) -> None:
    answer = api.request("PATCH", f"{PUBLIC}/workspaces/w1", json={"notifications": {}})
    assert (answer.status_code, answer.json()["name"]) == (200, "one")


def test_failed_discovery_is_answered(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def discover(*_: object) -> list[dict[str, Any]]:
        raise ConnectorError("no such bucket")

    monkeypatch.setattr(configuration_api, "discover", discover)
    answer = api.post(f"{CONFIGURATION}/sources/discover_schema", json={"sourceId": "s1"})
    assert (answer.status_code, answer.json()["jobInfo"]["succeeded"]) == (200, False)
    assert answer.json()["jobInfo"]["failureReason"]["externalMessage"] == "no such bucket"


def test_token_is_a_jwt(api: Any) -> None:
    answer = api.post(f"{PUBLIC}/applications/token", json={"client_id": "a", "client_secret": "b"}).json()
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (claims["aud"], set(claims)) == ("airbyte-server", {"iss", "aud", "sub", "roles", "exp"})


def test_openapi_declares_the_errors_that_are_answered(api: Any) -> None:
    document = api.get("/openapi.json").json()
    assert "HTTPValidationError" not in str(document)
    answer = api.get(f"{PUBLIC}/workspaces?limit=0")
    declared = document["paths"][f"{PUBLIC}/workspaces"]["get"]["responses"][str(answer.status_code)]
    assert declared["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorBody")
    assert set(document["components"]["schemas"]["ErrorBody"]["required"]) <= set(answer.json())

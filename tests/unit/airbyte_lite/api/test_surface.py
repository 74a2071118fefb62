"""How the endpoints take what clients send: paths, null, fields without effect, failed discoveries, tokens."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from airbyte_lite.api.services import Services
from airbyte_lite.connectors.definitions import BIGQUERY_ID
from airbyte_lite.connectors.runner import ConnectorError, ConnectorRunner
from airbyte_lite.settings import Settings
from airbyte_lite.state.records import Actor, Connection, Stream, Workspace

PUBLIC = "/api/public/v1"
CONFIGURATION = "/api/v1"
S3_ID = "69589781-7828-43c5-9f63-8925b1c1ccc2"


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


@pytest.mark.parametrize("failure_type", ["config_error", "system_error", "transient_error"])
def test_failed_discovery_is_answered(api: Any, monkeypatch: pytest.MonkeyPatch, failure_type: str) -> None:
    def discover(*_: object) -> list[dict[str, Any]]:
        raise ConnectorError("no such bucket", failure_type=failure_type)

    monkeypatch.setattr(ConnectorRunner, "discover", discover)
    monkeypatch.setattr(ConnectorRunner, "spec", lambda *_: {"connectionSpecification": {}})
    streams = {"configurations": {"streams": [{"name": "orders"}]}}
    for method, path, body in (
        ("GET", "streams?sourceId=s1", None),
        ("POST", "connections", {"sourceId": "s1", "destinationId": "d1"}),
        ("PATCH", "connections/c1", streams),
    ):
        answer = api.request(method, f"{PUBLIC}/{path}", json=body)
        assert (answer.status_code, answer.json()["title"]) == (422, "unprocessable-entity"), path
        assert "no such bucket" in answer.json()["message"]
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
    assert [name for name in document["components"]["schemas"] if not name.isalpha()] == [], "the page /docs shows them"

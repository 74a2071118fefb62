"""How the endpoints take what clients send: paths, null, fields without effect, failed discoveries, tokens."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import Any
from urllib.parse import unquote

import jwt
import pytest

from airbyte_lite.api.paths import REPEATED, without_host
from airbyte_lite.api.services import Services
from airbyte_lite.connectors.definitions import BIGQUERY_ID
from airbyte_lite.connectors.runner import ConnectorError, ConnectorRunner
from airbyte_lite.settings import Settings
from airbyte_lite.state.records import Actor, Connection, Stream, Workspace
from platform_kit.specification import MASK

from .airbyte_answers import CONFIGURATION, PUBLIC
from .examples import S3_ID


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


@pytest.mark.parametrize("path", ["//api/public/v1/connections", "/api/public/v1//connections/", "///api//v1/health"])
def test_clients_may_join_a_path_to_an_address_that_ends_with_a_slash(api: Any, path: str) -> None:
    """Kestra does: http://airbyte:8000/ and /api/v1/connections/sync/."""
    assert api.get(f"http://localhost:8000{path}").status_code == 200


def test_a_path_of_slashes_is_answered_at_once() -> None:
    """The thread that serves every connection reads it, before the login."""
    before = process_time()
    assert not REPEATED.search("/api" + 40_000 * "/")
    assert process_time() - before < 1


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://localhost:8000/api/public/v1/connections", 200),
        ("HTTP://127.0.0.1/api/public/v1/connections/", 200),
        ("http://localhost/api/public/v1/connections/%20c1", 404),
        ("http://localhost", 307),
        ("http://evil.example/api/public/v1/connections", 403),
        ("http:///api/public/v1/connections", 403),
    ],
)
def test_target_may_be_a_whole_url(api: Any, target: str, status: int) -> None:
    scope = {
        "type": "http",
        "method": "GET",
        "path": unquote(target),
        "raw_path": target.encode(),
        "query_string": b"limit=1",
        "headers": [(b"host", b"localhost:8000")],
    }
    answers: list[Any] = []
    parts: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        return parts.pop() if parts else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        answers.append(message)

    asyncio.run(api.app(scope, receive, send))
    assert answers[0]["status"] == status


def test_host_of_a_whole_url_replaces_the_header_host() -> None:
    scope = {
        "type": "http",
        "path": "/",
        "raw_path": b"http://[::1]:8000/a%20b",
        "headers": [(b"host", b"evil.example"), (b"accept", b"*/*")],
    }
    found = without_host(scope)
    assert (found["path"], found["raw_path"]) == ("/a b", b"/a%20b")
    assert found["headers"] == [(b"host", b"[::1]:8000"), (b"accept", b"*/*")]


def test_wrong_method_names_the_allowed_ones(api: Any) -> None:
    assert api.request("PUT", f"{PUBLIC}/sources/s1/x").status_code == 404
    assert api.get(f"{CONFIGURATION}/jobs/get").headers["allow"] == "POST"
    answer = api.request("PUT", f"{PUBLIC}/connections")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, HEAD")
    assert "GET, POST, HEAD" in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "users"), ("POST", "tags"), ("POST", "sources/initiateOAuth"), ("DELETE", "permissions/p1")],
)
def test_endpoint_of_airbyte_that_is_missing_here_is_not_a_missing_object(api: Any, method: str, path: str) -> None:
    answer = api.request(method, f"{PUBLIC}/{path}")
    assert answer.status_code in (404, 405)
    assert "does not have this endpoint" in answer.json()["message"]


def test_fields_that_cannot_be_changed_are_told_from_those_that_do_not_exist(api: Any) -> None:
    body = {"workspaceId": "another", "tags": [{"name": "finance"}], "geography": "us"}
    answer = api.request("PATCH", f"{PUBLIC}/connections/c1", json=body)
    texts = answer.json()["message"].split("; body.")
    assert ["cannot change it" in text for text in texts] == [False, True, True], answer.text
    assert "does not implement it" in texts[0]


def test_reason_why_a_connection_is_inactive_is_answered_and_may_be_sent_back(api: Any, services: Services) -> None:
    before = services.store.connection("c1")
    services.store.change(before, lambda now: replace(now, status="inactive", status_reason="no column id"))
    reason = api.get(f"{PUBLIC}/connections/c1").json()["statusReason"]
    assert reason == "no column id"
    services.store.change(before, lambda now: replace(now, status_reason="no column key"))
    body = {"name": "new", "statusReason": reason}
    assert api.request("PATCH", f"{PUBLIC}/connections/c1", json=body).json()["statusReason"] == "no column key"


def test_job_that_failed_before_its_start_has_an_attempt_with_the_reason(api: Any, services: Services) -> None:
    job = services.job_store.create("c1", "w1", "sync")
    assert api.post(f"{CONFIGURATION}/jobs/get", json={"id": job.id}).json()["attempts"] == []
    services.job_store.fail_interrupted()
    [attempt] = api.post(f"{CONFIGURATION}/jobs/get", json={"id": job.id}).json()["attempts"]
    [failure] = attempt["attempt"]["failureSummary"]["failures"]
    assert "before the job had started" in failure["externalMessage"]
    body = {"jobId": job.id, "attemptNumber": 0}
    assert api.post(f"{CONFIGURATION}/attempt/get_for_job", json=body).json() == attempt


def test_type_clear_finds_the_jobs_that_it_starts(api: Any, services: Services) -> None:
    job = services.job_store.create("c1", "w1", "reset")
    for name in ("clear", "reset"):
        assert [found["jobId"] for found in api.get(f"{PUBLIC}/jobs?jobType={name}").json()["data"]] == [job.id]


def test_parameter_with_one_value_is_refused_when_it_is_repeated(api: Any) -> None:
    """Only the last value had an effect: the succeeded jobs were missing in the answer."""
    answer = api.get(f"{PUBLIC}/jobs?status=succeeded&status=failed")
    assert (answer.status_code, "query.status" in answer.json()["message"]) == (422, True)
    assert len(api.get(f"{PUBLIC}/jobs?workspaceIds=w1&workspaceIds=w2&status=succeeded").json()["data"]) == 1
    # A client may add its own limit to the address of the next page, which has it already.
    assert api.get(f"{PUBLIC}/jobs?limit=1&offset=0&limit=1").status_code == 200


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


@pytest.mark.parametrize("call", ["check_connection", "discover_schema"])
def test_mask_in_a_configuration_that_is_not_saved_is_not_taken_for_the_secret(
    api: Any, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(ConnectorRunner, "spec", lambda *_: {"connectionSpecification": {}})
    body = {"sourceDefinitionId": S3_ID, "connectionConfiguration": {"credentials": {"aws_secret_access_key": MASK}}}
    answer = api.post(f"{CONFIGURATION}/scheduler/sources/{call}", json=body)
    assert (answer.status_code, "Send the secret itself" in answer.json()["message"]) == (422, True)


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
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            success = "204" if method == "delete" and "/jobs/" not in path else "200"
            assert [status for status in operation["responses"] if status < "3"] == [success], (method, path)
            assert {"408", "413"} <= set(operation["responses"])
    assert api.request("DELETE", f"{PUBLIC}/connections/c1").status_code == 204
    assert [name for name in document["components"]["schemas"] if not name.isalpha()] == [], "the page /docs shows them"

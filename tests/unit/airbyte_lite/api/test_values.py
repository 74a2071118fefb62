"""Odd values, bodies and content types are refused with the place and the reason, and never stored."""

import gzip
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from airbyte_lite.api import bodies
from airbyte_lite.api.app import create_app
from airbyte_lite.api.requests import PARSED_AT_ONCE
from airbyte_lite.api.services import Services
from airbyte_lite.settings import Settings
from airbyte_lite.state.records import Connection, Stream, Workspace

from .airbyte_answers import CONFIGURATION, PUBLIC
from .examples import WORKSPACE

CONNECTION = "0c6ffb1b-3d5b-4c4e-9d3f-3b8b0f7f1c11"
SYNC = ["sync"]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, client_of: Any) -> Iterator[Any]:
    """A server for all tests of this file."""
    directory = tmp_path_factory.mktemp("values")
    services = Services.open(Settings(data_dir=directory / "data", connector_environments=directory))
    services.store.add(Workspace(WORKSPACE, "one", 1.0))
    stream = Stream({"name": "orders", "json_schema": {}}, "full_refresh_overwrite", [], [])
    services.store.add(Connection(CONNECTION, WORKSPACE, "orders", "s1", "d1", [stream], 1.0))
    services.job_store.finish(services.job_store.create(CONNECTION, WORKSPACE, "sync").id, "succeeded")
    yield client_of(create_app(services))
    services.close()


@pytest.mark.parametrize(
    ("method", "path", "body", "place"),
    [
        ("POST", f"{PUBLIC}/workspaces", ["name"], "body: Input should be a JSON object"),
        ("POST", f"{PUBLIC}/workspaces", {"name": "n" * 257}, "body.name: String should have at most 256"),
        ("POST", f"{PUBLIC}/workspaces", {"name": "red\x1b[31m"}, "body.name: control characters"),
        ("PATCH", f"{PUBLIC}/workspaces/{WORKSPACE}", {"name": "two\nlines"}, "body.name: control characters"),
        ("PATCH", f"{PUBLIC}/connections/{CONNECTION}", {"prefix": "p" * 257}, "body.prefix"),
        ("PATCH", f"{PUBLIC}/connections/{CONNECTION}", {"prefix": "\n"}, "body.prefix: control characters"),
        ("PATCH", f"{PUBLIC}/connections/{CONNECTION}", {"status": "ACTIVE"}, "'active' or 'inactive'"),
        (
            *("PATCH", f"{PUBLIC}/connections/{CONNECTION}"),
            *({"schedule": {"scheduleType": "manual", "cronExpression": "0 0 12 * * ?"}}, "schedule.cronExpression"),
        ),
        (
            *("PATCH", f"{PUBLIC}/connections/{CONNECTION}"),
            *({"configurations": {"streams": [{"name": "n" * 2000}]}}, "configurations.streams.0.name"),
        ),
        ("POST", f"{CONFIGURATION}/jobs/get", {"id": True}, "body.id: not a whole number"),
        ("POST", f"{CONFIGURATION}/jobs/cancel", {"id": "1_0"}, "body.id: not a whole number"),
        ("POST", f"{CONFIGURATION}/jobs/get", {"id": 1.5}, "body.id"),
        ("POST", f"{CONFIGURATION}/jobs/get", {"id": None}, "body.id: Field required"),
        ("POST", f"{CONFIGURATION}/jobs/list", {"configTypes": ["nope"]}, "body.configTypes.0"),
        ("POST", f"{CONFIGURATION}/jobs/list", {"configTypes": SYNC, "pagination": {"pageSize": 0}}, "pageSize"),
        ("POST", f"{CONFIGURATION}/jobs/list", {"configTypes": SYNC, "pagination": {"rowOffset": -1}}, "rowOffset"),
        (
            "POST",
            f"{CONFIGURATION}/jobs/list",
            {"configTypes": SYNC, "createdAtStart": 5},
            "createdAtStart: not a time",
        ),
        ("GET", f"{PUBLIC}/jobs?createdAtStart=99999999999999", None, "createdAtStart: not a time"),
        ("GET", f"{PUBLIC}/jobs?updatedAtEnd=-1", None, "updatedAtEnd: not a time"),
        (
            *("PATCH", f"{PUBLIC}/connections/{CONNECTION}"),
            *({"schedule": {"scheduleType": "cron", "cronExpression": f"0 {'0,' * 200}0 * * * ?"}}, "at most 256"),
        ),
        (
            *("PATCH", f"{PUBLIC}/connections/{CONNECTION}"),
            *({"configurations": {"streams": [{"name": "orders", "primaryKey": [[]]}]}}, "streams.0.primaryKey.0"),
        ),
        ("POST", f"{PUBLIC}/workspaces", {"name": "n", "dataResidency": "eu"}, "body.dataResidency"),
        ("GET", f"{PUBLIC}/jobs?orderBy=createdAt", None, "createdAt|ASC"),
        ("GET", f"{PUBLIC}/jobs?limit=1_0", None, "query.limit: not a whole number"),
        ("GET", f"{PUBLIC}/jobs?offset=-1", None, "query.offset"),
        ("DELETE", f"{PUBLIC}/jobs/0_1", None, "path.job_id: not a whole number"),
        ("GET", f"{PUBLIC}/jobs/%201", None, "path.job_id: not a whole number"),
        ("GET", f"{PUBLIC}/jobs/{'9' * 5000}", None, "path.job_id: not a whole number"),
        ("POST", f"{PUBLIC}/applications/token", {"client_id": None, "client_secret": ["x"]}, "missing or not a text"),
    ],
)
def test_odd_value_is_refused_with_its_place(api: Any, method: str, path: str, body: object, place: str) -> None:
    before = api.get(f"{PUBLIC}/connections").json(), api.get(f"{PUBLIC}/workspaces").json()
    answer = api.request(method, path, json=body)
    assert answer.status_code == 422, answer.text
    assert place in answer.json()["message"]
    assert (api.get(f"{PUBLIC}/connections").json(), api.get(f"{PUBLIC}/workspaces").json()) == before


@pytest.mark.parametrize(
    ("path", "body", "place"),
    [
        (
            f"connections/{CONNECTION}",
            {f"f{number}": 1 for number in range(30_000)},
            "body: an object with 30000 fields",
        ),
        (
            f"connections/{CONNECTION}",
            {"configurations": {"streams": [{"name": ""}] * 20_000}},
            "body.configurations.streams.0.name",
        ),
        (
            f"connections/{CONNECTION}",
            {"configurations": {"streams": [{"name": "orders", "primaryKey": [[1]] * 9000}]}},
            "body.configurations.streams.0.primaryKey.0.0",
        ),
    ],
)
def test_of_thousands_of_faults_few_are_answered(api: Any, path: str, body: Any, place: str) -> None:
    answer = api.request("PATCH", f"{PUBLIC}/{path}", json=body)
    assert answer.status_code == 422
    assert place in answer.json()["message"]
    assert len(answer.content) < 3000


def test_long_bodies_are_validated_in_a_thread(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = set()
    means_nothing = bodies._means_nothing

    def spy(value: object) -> bool:
        threads.add(threading.get_ident())
        return means_nothing(value)

    monkeypatch.setattr(bodies, "_means_nothing", spy)
    for length, elsewhere in ((10, False), (PARSED_AT_ONCE, True)):
        threads.clear()
        answer = api.post(f"{PUBLIC}/workspaces", json={"name": "n", "note": "n" * length})
        assert "body.note" in answer.json()["message"]
        assert (threads != {threading.get_ident()}) is elsewhere


def test_compressed_body_is_refused(api: Any) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = api.post(f"{PUBLIC}/workspaces", content=gzip.compress(b'{"name": "n"}'), headers=headers)
    assert answer.status_code == 415
    assert "'gzip'" in answer.json()["message"]


def test_data_residency_as_it_is_shown(api: Any) -> None:
    [workspace] = api.get(f"{PUBLIC}/workspaces").json()["data"]
    created = api.post(f"{PUBLIC}/workspaces", json={"name": "n", "dataResidency": workspace["dataResidency"]})
    assert created.status_code == 200
    assert api.request("DELETE", f"{PUBLIC}/workspaces/{created.json()['workspaceId']}").status_code == 204


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/x-www-form-urlencoded", "application/jsonx"])
@pytest.mark.parametrize("path", [f"{PUBLIC}/workspaces", f"{CONFIGURATION}/jobs/get"])
def test_body_that_is_not_sent_as_json(api: Any, path: str, content_type: str) -> None:
    answer = api.post(path, content=b'{"name": "n", "id": 1}', headers={"content-type": content_type})
    assert answer.status_code == 415
    assert "Content-Type: application/json" in answer.json()["message"]
    assert len(api.get(f"{PUBLIC}/workspaces").json()["data"]) == 1


def test_time_without_a_zone_is_in_utc(api: Any) -> None:
    assert api.get(f"{PUBLIC}/jobs?createdAtStart=2020-01-01T00:00:00").json()["data"]
    assert api.get(f"{PUBLIC}/jobs?createdAtEnd=2020-01-01T00:00:00%2B02:00").json()["data"] == []


def test_number_may_be_sent_as_a_text(api: Any) -> None:
    """Templates of Airflow and Prefect make texts of job ids."""
    assert api.post(f"{CONFIGURATION}/jobs/get", json={"id": "1"}).json()["job"]["id"] == 1


def test_message_does_not_repeat_what_is_very_long(api: Any) -> None:
    for path in ("connections/" + "x" * 60_000, "x" * 60_000):
        answer = api.get(f"{PUBLIC}/{path}")
        assert answer.status_code == 404
        assert len(answer.content) < 40_000


def test_id_of_another_object_is_no_workspace(api: Any) -> None:
    answer = api.post(f"{CONFIGURATION}/workspaces/create_if_not_exist", json={"id": CONNECTION, "name": "n"})
    assert answer.status_code == 409
    assert CONNECTION in answer.json()["message"]
    assert api.get(f"{PUBLIC}/workspaces/{CONNECTION}").status_code == 404

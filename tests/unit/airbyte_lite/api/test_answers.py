"""The answer of every endpoint has the fields of Airbyte's API: required ones, their types, and no unknown one."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airbyte_lite.api.app import create_app
from airbyte_lite.api.services import Services
from airbyte_lite.connectors.definitions import BIGQUERY_ID
from airbyte_lite.connectors.runner import CheckResult, ConnectorRunner
from airbyte_lite.loader.destination import BigQueryDestination
from airbyte_lite.settings import Settings
from airbyte_lite.state.records import Actor, Connection, Stream, Workspace
from airbyte_lite.sync.worker import Worker

from .airbyte_answers import ANSWERS, CONFIGURATION, NOTHING, PUBLIC, TEXT, faults
from .examples import S3_ID, WORKSPACE

BIGQUERY = {"project_id": "p", "dataset_id": "d", "dataset_location": "US"}
COLUMNS = {"id": {"type": "integer"}, "at": {"type": "string"}}
ORDERS = {
    **{"name": "orders", "namespace": "shop", "json_schema": {"properties": COLUMNS}},
    **{"supported_sync_modes": ["full_refresh", "incremental"], "default_cursor_field": ["at"]},
}
IDS = {"workspace_id": WORKSPACE, "connection_id": "c1", "job_id": "1"}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", f"{PUBLIC}/applications/token"): {"client_id": "a", "client_secret": "b"},
    ("POST", f"{CONFIGURATION}/applications/token"): {"client_id": "a", "client_secret": "b"},
    ("POST", f"{PUBLIC}/workspaces"): {"name": "two"},
    ("PATCH", f"{PUBLIC}/workspaces/{{workspace_id}}"): {"name": "two"},
    ("POST", f"{PUBLIC}/sources"): {"name": "s", "workspaceId": WORKSPACE, "configuration": {"sourceType": "s3"}},
    ("PATCH", f"{PUBLIC}/sources/{{actor_id}}"): {"name": "s"},
    ("PUT", f"{PUBLIC}/sources/{{actor_id}}"): {"name": "s", "configuration": {}},
    ("POST", f"{PUBLIC}/destinations"): {
        **{"name": "d", "workspaceId": WORKSPACE, "configuration": BIGQUERY | {"destinationType": "bigquery"}},
    },
    ("PATCH", f"{PUBLIC}/destinations/{{actor_id}}"): {"name": "d"},
    ("PUT", f"{PUBLIC}/destinations/{{actor_id}}"): {"name": "d", "configuration": BIGQUERY},
    ("POST", f"{PUBLIC}/connections"): {"sourceId": "s1", "destinationId": "d1"},
    ("PATCH", f"{PUBLIC}/connections/{{connection_id}}"): {"configurations": {"streams": [{"name": "orders"}]}},
    ("POST", f"{PUBLIC}/jobs"): {"connectionId": "c1", "jobType": "sync"},
    ("POST", f"{CONFIGURATION}/workspaces/create_if_not_exist"): {"id": WORKSPACE, "name": "one"},
    ("POST", f"{CONFIGURATION}/sources/check_connection"): {"sourceId": "s1"},
    ("POST", f"{CONFIGURATION}/destinations/check_connection"): {"destinationId": "d1"},
    ("POST", f"{CONFIGURATION}/sources/discover_schema"): {"sourceId": "s1"},
    **{
        ("POST", f"{CONFIGURATION}/scheduler/sources/{call}"): {
            **{"sourceDefinitionId": S3_ID, "connectionConfiguration": {}, "workspaceId": WORKSPACE},
        }
        for call in ("check_connection", "discover_schema")
    },
    ("POST", f"{CONFIGURATION}/connections/clear/stream"): {
        **{"connectionId": "c3", "streams": [{"streamName": "orders", "streamNamespace": "shop"}]},
    },
    ("POST", f"{CONFIGURATION}/source_definition_specifications/get"): {
        **{"sourceDefinitionId": S3_ID, "workspaceId": WORKSPACE},
    },
    ("POST", f"{CONFIGURATION}/destination_definition_specifications/get"): {
        **{"destinationDefinitionId": BIGQUERY_ID, "workspaceId": WORKSPACE},
    },
    ("POST", f"{CONFIGURATION}/connections/list"): {"workspaceId": WORKSPACE},
    ("POST", f"{CONFIGURATION}/jobs/list"): {"configTypes": ["sync"]},
    ("POST", f"{CONFIGURATION}/attempt/get_for_job"): {"jobId": 1, "attemptNumber": 0},
    **{("POST", f"{CONFIGURATION}/jobs/{call}"): {"id": 1} for call in ("get", "cancel", "get_debug_info")},
    **{
        ("POST", f"{CONFIGURATION}/{call}"): {"connectionId": "c1"}
        for call in ("connections/get", "connections/events/list", "state/get", "web_backend/connections/get")
    },
    ("POST", f"{CONFIGURATION}/connections/sync"): {"connectionId": "c2"},
}
QUERIES = {f"{PUBLIC}/streams": "?sourceId=s1"}


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """One object of each kind; connectors and the warehouse answer at once."""
    specification = {"connectionSpecification": {"type": "object"}}
    monkeypatch.setattr(ConnectorRunner, "spec", lambda *_: specification)
    monkeypatch.setattr(ConnectorRunner, "check", lambda *_: CheckResult(False, "no such bucket"))
    monkeypatch.setattr(ConnectorRunner, "discover", lambda *_: [ORDERS])
    monkeypatch.setattr(BigQueryDestination, "check", lambda *_: None)
    monkeypatch.setattr(Worker, "run", lambda *_: None)
    services = Services.open(Settings(data_dir=tmp_path / "data", connector_environments=tmp_path / "environments"))
    store = services.store
    store.add(Workspace(WORKSPACE, "one", 1.0))
    store.add(Actor("s1", "source", WORKSPACE, "files", S3_ID, {}, 1.0))
    store.add(Actor("d1", "destination", WORKSPACE, "warehouse", BIGQUERY_ID, BIGQUERY, 1.0))
    stream = Stream(ORDERS, "incremental_append", [], ["at"], ["id", "at"])
    connection = Connection("c1", WORKSPACE, "orders", "s1", "d1", [stream], 1.0, cron="0 0 12 * * ?")
    store.add(connection)
    store.add(replace(connection, id="c2"))
    store.add(replace(connection, id="c3"))
    descriptor = {"name": "orders", "namespace": "shop"}
    state = {"type": "STREAM", "stream": {"stream_descriptor": descriptor, "stream_state": {"at": "2026"}}}
    store.save_states(connection, [state])
    job = services.job_store.create("c1", WORKSPACE, "sync")
    services.job_store.start(job.id)
    services.job_store.finish(job.id, "failed", "no such bucket", "config_error")
    yield services
    services.close()


def test_answers_of_every_endpoint(services: Services, client_of: Any) -> None:
    app = create_app(services)
    client = client_of(app)
    routes = {(method.upper(), path) for path, methods in app.openapi()["paths"].items() for method in methods}
    assert routes - set(ANSWERS) == {("GET", f"{PUBLIC}/tags/{{tag_id}}")}, "there are no tags: always 404"
    deletions_last = sorted(ANSWERS, key=lambda route: (route[0] == "DELETE", "workspaces" in route[1], route[1]))
    found = []
    for method, path in deletions_last:
        kind = "source" if "source" in path else "destination"
        ids = IDS | {"actor_id": f"{kind[0]}1", "definition_id": S3_ID if kind == "source" else BIGQUERY_ID}
        answer = client.request(method, path.format(**ids) + QUERIES.get(path, ""), json=BODIES.get((method, path)))
        fact = ANSWERS[method, path]
        assert answer.status_code == (204 if fact is NOTHING else 200), (method, path, answer.text)
        if fact is NOTHING or fact is TEXT:
            assert bool(answer.content) == (fact is TEXT)
        else:
            found += [f"{method} {path}: {fault}" for fault in faults(answer.json(), fact)]
            assert ":null" not in answer.text, (method, path)
    assert found == []

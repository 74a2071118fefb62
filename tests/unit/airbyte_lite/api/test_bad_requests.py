"""Requests whose fields have invalid values."""

from typing import Any

import pytest

from airbyte_lite.state.records import Connection

from .airbyte_answers import PUBLIC


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

"""Jobs: their list, and which connection has none."""

from dataclasses import replace
from typing import Any

import pytest

from airbyte_lite.api.services import Services
from airbyte_lite.state.records import Connection

from .airbyte_answers import PUBLIC
from .examples import WORKSPACE


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


def test_inactive_connection_does_not_run(api: Any, services: Services, connection: Connection) -> None:
    services.store.change(connection, lambda now: replace(now, status="inactive"))
    answer = api.post(f"{PUBLIC}/jobs", json={"connectionId": "c1", "jobType": "sync"})
    assert (answer.status_code, answer.json()["title"]) == (409, "state-conflict")

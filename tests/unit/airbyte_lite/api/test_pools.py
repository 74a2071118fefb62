"""Requests that wait do not keep reads from being answered."""

import asyncio
import threading
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from fastapi.routing import APIRoute

from airbyte_lite.api import (
    configuration,
    configuration_connections,
    configuration_jobs,
    connections,
    jobs,
    organizations,
    workspaces,
)
from airbyte_lite.api.actors import actor_router
from airbyte_lite.api.app import create_app
from airbyte_lite.api.pools import PATIENT, PIECE, READS, SPECIFIED, _threaded
from airbyte_lite.api.services import Services
from airbyte_lite.jobs.queue import Jobs
from airbyte_lite.settings import Settings
from airbyte_lite.state.records import Connection, Workspace
from airbyte_lite.state.store import Store

from .airbyte_answers import CONFIGURATION, PUBLIC

READ_PATHS = (
    *(
        f"{PUBLIC}/health",
        f"{PUBLIC}/workspaces",
        f"{PUBLIC}/connections",
        f"{PUBLIC}/jobs",
        f"{PUBLIC}/connections/c1",
    ),
    *(f"{CONFIGURATION}/health", f"{CONFIGURATION}/instance_configuration"),
)
MORE_THAN_THREADS = 45  # FastAPI has 40


@pytest.mark.parametrize(
    ("method", "path", "body", "blocked"),
    [
        ("DELETE", f"{PUBLIC}/jobs/1", None, (Jobs, "cancel")),
        ("PATCH", f"{PUBLIC}/connections/c1", {"name": "n"}, (Store, "change")),
        ("GET", f"{PUBLIC}/sources", None, (Store, "actors")),
        ("POST", f"{CONFIGURATION}/jobs/get", {"id": 1}, (Jobs, "log")),
    ],
)
def test_reads_are_answered_while_many_requests_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: object, blocked: tuple[type, str]
) -> None:
    services = Services.open(Settings(data_dir=tmp_path / "data", connector_environments=tmp_path))
    services.store.add(Workspace("w1", "one", 1.0))
    services.store.add(Connection("c1", "w1", "orders", "s1", "d1", [], 1.0))
    services.job_store.create("c1", "w1", "sync")
    release = threading.Event()

    def wait(*_: object, **__: object) -> Any:
        assert release.wait(30)
        raise RuntimeError

    monkeypatch.setattr(*blocked, wait)

    async def use() -> list[int]:
        transport = httpx.ASGITransport(create_app(services), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            requests = [asyncio.create_task(client.request(method, path, json=body)) for _ in range(MORE_THAN_THREADS)]
            reads = [client.get(read) for read in READ_PATHS]
            if blocked[0] is Store:  # for example while a connector does not give its specification
                reads.append(client.post(f"{CONFIGURATION}/jobs/get", json={"id": 1}))
            try:
                return [(await asyncio.wait_for(read, 20)).status_code for read in reads]
            finally:
                release.set()
                await asyncio.gather(*requests)

    assert set(asyncio.run(use())) == {200}
    services.close()


def test_only_quick_reads_use_the_threads_of_reads() -> None:
    modules = (
        workspaces,
        connections,
        jobs,
        organizations,
        configuration,
        configuration_connections,
        configuration_jobs,
    )
    routers = [*(module.router for module in modules), actor_router("source")]
    quick = [
        route
        for router in routers
        for route in router.routes
        if isinstance(route, APIRoute) and route.endpoint.__dict__.get("pool") is READS
    ]
    posts = {route.path.removeprefix(f"{CONFIGURATION}/") for route in quick if route.methods != {"GET"}}
    reads = {"connections/get", "connections/list", "connections/events/list", "state/get", "jobs/list"}
    assert posts == reads | {"source_definitions/list", "destination_definitions/list"}


@pytest.mark.parametrize("pool", [READS, PATIENT, SPECIFIED])
def test_few_reads_compute_at_the_same_time(pool: Any) -> None:
    """With 40 threads that made lists of 7 MB at once, health was answered after 2 s."""
    release = threading.Event()
    inside: list[int] = []

    def read() -> dict[str, Any]:
        inside.append(1)
        assert release.wait(30)
        return {}

    async def use() -> int:
        requests = [asyncio.create_task(_threaded(read, pool)()) for _ in range(MORE_THAN_THREADS)]
        await asyncio.sleep(0.2)
        found = len(inside)
        release.set()
        await asyncio.gather(*requests)
        return found

    assert 0 < asyncio.run(use()) <= 8


def test_other_requests_are_answered_while_a_long_answer_is_sent() -> None:
    sent: list[Any] = []
    text = "x" * (3 * PIECE)

    async def receive() -> Any:
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message | {"turn": turns[0]})

    turns = [0]

    async def others() -> None:
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    async def use() -> None:
        answer = await _threaded(lambda: {"text": text}, READS)()
        other = asyncio.create_task(others())
        await answer({"type": "http"}, receive, send)
        other.cancel()

    asyncio.run(use())
    start, *pieces = sent
    assert start["status"] == 200
    assert b"".join(piece["body"] for piece in pieces) == orjson.dumps({"text": text})
    assert [piece["more_body"] for piece in pieces] == [True] * (len(pieces) - 1) + [False]
    assert len({piece["turn"] for piece in pieces}) == len(pieces) == 4


def test_the_description_of_the_api_is_made_in_a_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(Services.open(Settings(data_dir=tmp_path / "data", connector_environments=tmp_path)))
    made_in = []

    def describe() -> dict[str, Any]:
        made_in.append(threading.current_thread())
        return {}

    monkeypatch.setattr(app, "openapi", describe)

    async def use() -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
            return (await client.get("/openapi.json")).status_code

    assert asyncio.run(use()) == 200
    assert made_in
    assert threading.main_thread() not in made_in
    app.state.services.close()

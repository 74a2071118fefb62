"""A server with one workspace, for each test, and what a test may need in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airbyte_lite.api.services import Services
from airbyte_lite.settings import Settings
from airbyte_lite.state.records import Connection, Stream

from .airbyte_answers import CONFIGURATION, PUBLIC
from .examples import BIGQUERY, WORKSPACE


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


@pytest.fixture
def connection(services: Services) -> Connection:
    offered = {"name": "orders", "json_schema": {"properties": {"id": {"type": "integer"}}}}
    stream = Stream(offered, "full_refresh_overwrite", [["id"]], [])
    connection = Connection("c1", WORKSPACE, "orders", "s1", "d1", [stream], 1.0)
    services.store.add(connection)
    return connection

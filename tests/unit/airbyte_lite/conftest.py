"""An HTTP client of an app that is called in this process, without a server."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import croniter  # noqa: F401 - here, since its import starts a process: `file`, for the size of an integer
import httpx
import pytest
from fastapi import FastAPI

from airbyte_lite.api.app import create_app
from airbyte_lite.api.services import Services
from airbyte_lite.settings import Settings


@dataclass(frozen=True)
class Client:
    """Sends requests to an app; an exception that the app does not handle is answered as a server would."""

    app: FastAPI

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return the app's answer; options are httpx's."""

        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
                return await client.request(method, path, **options)

        return asyncio.run(send())

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Send GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        """Send POST."""
        return self.request("POST", path, **options)


@pytest.fixture(scope="session")
def client_of() -> Callable[[FastAPI], Client]:
    """A function that returns a client of an app."""
    return Client


@pytest.fixture(scope="session")
def open_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """An app that asks for no credentials, made once, as making its routes takes 0.15 s; see `serving`."""
    folder = tmp_path_factory.mktemp("app")
    services = Services.open(Settings(data_dir=folder / "data", connector_environments=folder / "environments"))
    yield create_app(services)
    services.close()


@pytest.fixture
def serving(open_app: FastAPI) -> Callable[[Services], Client]:
    """A function that has the app serve these services, which ask for no credentials, and returns a client of it."""

    def serve(services: Services) -> Client:
        assert not services.settings.authenticated
        open_app.state.services = services
        return Client(open_app)

    return serve

"""The app: every endpoint and the shape of every error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline

from airbyte_lite.api import configuration, connections, errors, jobs, workspaces
from airbyte_lite.api.actors import actor_router
from airbyte_lite.api.listening import HostGuard
from airbyte_lite.api.services import Services
from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.problem import Problem

NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False)
DESCRIPTION = """The part of Airbyte's API that bootstrap, Dagster and the official SDK use.

`/api/public/v1` is Airbyte's public API, `/api/v1` its configuration API. Sources are run by Airbyte's own connectors;
the destination is BigQuery."""


def create_app(services: Services) -> FastAPI:
    """Return the app over these services; they are closed with it."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        services.scheduler.open()
        services.pruner.open()
        yield
        services.close()

    # /docs with its scripts from here: FastAPI's own page loads them from a content delivery network.
    app = FastAPIOffline(
        title="airbyte-lite",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        telemetry=NO_TELEMETRY,
    )
    app.state.services = services
    errors.install(app)
    app.add_exception_handler(ConnectorError, _on_connector_error)
    if not services.settings.authenticated:
        app.add_middleware(HostGuard, host=services.settings.host)
    for router in (
        workspaces.open_router,
        configuration.open_router,
        workspaces.router,
        actor_router("source"),
        actor_router("destination"),
        connections.router,
        jobs.router,
        configuration.router,
    ):
        app.include_router(router)
    return app


def _on_connector_error(request: Request, error: Exception) -> JSONResponse:
    """Answer 422 where the configuration is to blame, 500 where the connector is."""
    assert isinstance(error, ConnectorError)  # noqa: S101 -- for the type checker: registered for this class
    status = 422 if error.failure_type == "config_error" else 500
    problem = Problem(status, error.message)
    return JSONResponse(errors.body(problem, request.url.path), status)

"""Creates the FastAPI app: its endpoints, error handlers and life cycle."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.telemetry import TelemetryConfig
from fastapi_offline import FastAPIOffline

from airbyte_lite.api import (
    configuration,
    configuration_connections,
    configuration_jobs,
    configuration_unsaved,
    connections,
    errors,
    jobs,
    openapi,
    organizations,
    workspaces,
)
from airbyte_lite.api.actors import actor_router
from airbyte_lite.api.listening import HostGuard
from airbyte_lite.api.paths import LenientPaths
from airbyte_lite.api.requests import RequestReader
from airbyte_lite.api.services import Services
from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.problem import Problem

NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False)
DESCRIPTION = """The part of Airbyte's API that bootstrap, Dagster and the official SDK use.

`/api/public/v1` is Airbyte's public API, `/api/v1` its configuration API. Airbyte's own connectors read the sources;
the destination is BigQuery."""


def create_app(services: Services) -> FastAPI:
    """Return the app. It starts the scheduler and the pruner, and closes all services when it stops."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        services.scheduler.open()
        services.pruner.open()
        yield
        services.close()

    # FastAPIOffline serves the scripts of /docs itself. FastAPI's own page loads them from the internet.
    app = FastAPIOffline(
        title="airbyte-lite",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        redoc_url=None,
        redirect_slashes=False,
        responses=openapi.ERRORS,
        telemetry=NO_TELEMETRY,
    )
    _describe_in_a_thread(app)
    app.state.services = services
    app.add_middleware(RequestReader, authenticator=services.authenticator)
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
        organizations.router,
        configuration.router,
        configuration_connections.router,
        configuration_jobs.router,
        configuration_unsaved.router,
    ):
        app.include_router(router)
    app.add_middleware(LenientPaths)

    @app.get("/", include_in_schema=False)
    def pages() -> RedirectResponse:
        """Lead to the platform's pages: Airbyte's own user interface is at this address."""
        return RedirectResponse(services.settings.console_link)

    return app


def _describe_in_a_thread(app: FastAPI) -> None:
    """Make the OpenAPI document in a thread, when it is first asked for: it takes 0.1 s."""

    def document(_request: Request) -> JSONResponse:
        return JSONResponse(app.openapi())

    assert app.openapi_url  # noqa: S101 -- for the type checker
    app.router.routes[:] = [route for route in app.router.routes if getattr(route, "path", "") != app.openapi_url]
    app.add_route(app.openapi_url, document, include_in_schema=False)


def _on_connector_error(request: Request, error: Exception) -> JSONResponse:
    """Answer 422 for an error in the configuration, 500 for any other connector error."""
    assert isinstance(error, ConnectorError)  # noqa: S101 -- for the type checker: registered for this class
    status = 422 if error.failure_type == "config_error" else 500
    problem = Problem(status, error.message)
    return JSONResponse(errors.body(problem, request.url.path), status)

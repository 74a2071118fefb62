"""Error answers in the formats of Airbyte's two APIs.

The public API answers with problem details (RFC 9457; "Airbyte API Problems" in Airbyte's platform). The configuration
API answers with `message` and, for invalid bodies, `validationErrors`.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Receive, Scope, Send

from airbyte_lite.api.bodies import NOT_IMPLEMENTED
from airbyte_lite.json_values import SHOWN_CHARACTERS
from airbyte_lite.problem import Problem, invalid_fields

PUBLIC_PREFIX = "/api/public/"
REFERENCE = "https://reference.airbyte.com/reference/errors"

MOST_CHARACTERS = 10_000
"""Of a message: a request may have a name or an id of any length, which the message repeats."""

HEADERS = {401: {"WWW-Authenticate": "Bearer, Basic"}, 503: {"Retry-After": "10"}}

log = logging.getLogger("airbyte_lite")


def body(problem: Problem, path: str) -> dict[str, Any]:
    """Return the problem in the format of the API that `path` belongs to."""
    message = problem.message
    if len(message) > MOST_CHARACTERS:
        message = f"{message[: MOST_CHARACTERS // 2]} … {message[-MOST_CHARACTERS // 2 :]}"
    if path.startswith(PUBLIC_PREFIX):
        return {
            "status": problem.status,
            "type": f"{REFERENCE}#{problem.title}",
            "title": problem.title,
            "detail": message,
            "message": message,
            "data": {"message": message},
        }
    answer: dict[str, Any] = {"message": message, "exceptionStack": []}
    if problem.status == 422:
        answer["validationErrors"] = [{"propertyPath": path, "message": text} for path, text in problem.faults.items()]
    return answer


def response(problem: Problem, path: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return the answer to a request for `path` that failed."""
    return JSONResponse(body(problem, path), problem.status, headers or HEADERS.get(problem.status))


def install(app: FastAPI) -> None:
    """Make the app answer every error in Airbyte's format. No message repeats a configuration's value."""

    def respond(request: Request, problem: Problem) -> JSONResponse:
        return response(problem, request.url.path)

    def on_problem(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Problem)  # noqa: S101 -- for the type checker: registered for this class
        return respond(request, error)

    def on_validation(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        return respond(request, invalid_fields(dict(map(_fault, error.errors()))))

    def on_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101
        allowed = _methods(request) if error.status_code == 405 else ""
        detail = error.detail
        if error.status_code in (404, 405):
            detail = "airbyte-lite, which has a part of Airbyte's API, does not have this endpoint"
        if allowed:
            detail += f". Allowed: {allowed}"
        message = f"{request.method} {request.url.path}: {detail}. The server's page /docs lists every endpoint."
        headers = {"Allow": allowed} if allowed else None
        return response(Problem(error.status_code, message), request.url.path, headers)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)
    app.add_middleware(CrashGuard)


def _methods(request: Request) -> str:
    """Return the methods that the endpoints with this path have. Starlette's own answer names those of one endpoint."""
    routes = request.app.routes
    found = [
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    return ", ".join([*found, "HEAD"] if "GET" in found else found)


def _fault(error: dict[str, Any]) -> tuple[str, str]:
    """Return the path and the text of one of pydantic's errors."""
    path = ".".join(str(part)[:SHOWN_CHARACTERS] for part in error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return path, NOT_IMPLEMENTED
        case "model_attributes_type" | "model_type" | "dict_type":
            return path, "Input should be a JSON object"
        case "value_error":
            return path, str(error["ctx"]["error"])
        case _:
            return path, str(error["msg"])


class CrashGuard:
    """Answers 500 to a request that raised an unexpected exception, and logs the stack trace.

    The exception's message is neither logged nor answered, because it may contain a secret of the request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request; answer 500 if an exception reaches this middleware."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:
            if scope["type"] != "http":
                raise
            places = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)))
            log.error("%s %s failed with %s\n%s", scope["method"], scope["path"], type(error).__name__, places)
            message = f"Unexpected error: {type(error).__name__}. The server's log has the details."
            await response(Problem(500, message), scope["path"])(scope, receive, send)

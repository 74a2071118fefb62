"""Runs endpoints in threads. There are four pools, so that requests that wait never keep reads from being answered."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import checkpoint
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send

READS = CapacityLimiter(4)
"""For endpoints that only read the database. They never wait, and Python runs one thread at a time: more threads would
answer nobody sooner, and would keep the thread that serves the connections from running."""
PATIENT = CapacityLimiter(8)
"""For reads that may wait for the database's writer."""
SPECIFIED = CapacityLimiter(8)
"""For reads that may wait for the specification of a connector, whose command has ten minutes."""
SLOW = CapacityLimiter(200)
"""For endpoints that write, run a connector, or wait for the end of a job. A waiting thread needs no processor."""
PARSED = "airbyte_lite.body"
"""`api.requests` stores the parsed JSON body under this key of the request's scope."""
LONG = "airbyte_lite.long"
"""Whether the body is so long that its parsing and its validation could keep other requests waiting."""
ONE_AT_A_TIME = CapacityLimiter(1)
"""For the parsing and the validation of long bodies."""

PIECE = 256 * 1024
"""Bytes of an answer that are sent at once. Other requests wait meanwhile."""

Endpoint = Callable[..., Any]
Threaded = Callable[..., Coroutine[Any, Any, Response]]


def slow(endpoint: Endpoint) -> Threaded:
    """Run an endpoint in a thread of SLOW."""
    return _threaded(endpoint, SLOW)


def patient(endpoint: Endpoint) -> Threaded:
    """Run an endpoint in a thread of PATIENT."""
    return _threaded(endpoint, PATIENT)


def specified(endpoint: Endpoint) -> Threaded:
    """Run an endpoint in a thread of SPECIFIED."""
    return _threaded(endpoint, SPECIFIED)


class Route(APIRoute):
    """A route that runs its endpoint in a thread. The answer's JSON is written there too, which can take 0.1 s.

    An endpoint that is neither `slow` nor `patient` nor `specified` nor asynchronous gets a thread of READS.
    """

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        if not inspect.iscoroutinefunction(endpoint):
            endpoint = _threaded(endpoint, READS)
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler for a request whose body is already parsed, and validated if it is long."""
        handler = super().get_route_handler()
        field = self.body_field

        async def handle(request: Request) -> Response:
            if field is not None and request.scope.get(LONG):
                validate = functools.partial(field.validate, request.scope[PARSED], loc=("body",))
                body, faults = await to_thread.run_sync(validate, limiter=ONE_AT_A_TIME)
                if faults:
                    raise RequestValidationError(faults)
                request.scope[PARSED] = body
            return await handler(_ParsedRequest(request.scope, request.receive))

        return handle


class _ParsedRequest(Request):
    async def json(self) -> Any:
        return self.scope[PARSED]


class _InPieces(Response):
    """An answer that is sent in pieces, so that other requests are answered meanwhile. A list can have megabytes."""

    media_type = "application/json"

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for start in range(0, len(self.body), PIECE):
            piece = self.body[start : start + PIECE]
            await send({"type": "http.response.body", "body": piece, "more_body": start + PIECE < len(self.body)})
            await checkpoint()


def _threaded(endpoint: Endpoint, pool: CapacityLimiter) -> Threaded:
    def respond(*arguments: Any, **options: Any) -> Response:
        answer = endpoint(*arguments, **options)
        if isinstance(answer, Response):
            return answer
        return _InPieces(orjson.dumps(answer))

    @functools.wraps(endpoint)
    async def run(*arguments: Any, **options: Any) -> Response:
        return await to_thread.run_sync(functools.partial(respond, *arguments, **options), limiter=pool)

    run.__dict__["pool"] = pool
    return run

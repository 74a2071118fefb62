"""Reads the whole body of a request before an endpoint is called, and notices when the client hangs up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import Message as ContentType
from typing import Any

from anyio import to_thread
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airbyte_lite import json_values
from airbyte_lite.api import errors
from airbyte_lite.api.auth import Authenticator
from airbyte_lite.api.callers import CALLER, Caller
from airbyte_lite.api.pools import LONG, ONE_AT_A_TIME, PARSED
from airbyte_lite.problem import Problem, busy, invalid

LARGEST_BODY = 10 * 1024 * 1024
LARGEST_TOKEN_BODY = 16 * 1024
MOST_HELD = 200 * 1024 * 1024
"""Bytes of the bodies of all requests that arrive or are answered. Beyond it, only short bodies are accepted."""
PARSED_AT_ONCE = 16 * 1024
"""Bytes of a body that are parsed in less than a millisecond. Other requests wait meanwhile."""
STOPPING = Problem(
    503, "The server is stopping. It may still carry out the request: check this before you send the request again."
)
"""For the requests that are not answered yet: uvicorn cancels them, but not the threads of their endpoints."""
TOKEN_PATH = "/applications/token"  # noqa: S105 -- the end of the paths that issue tokens

type Hold = Callable[[int], None]


class RequestReader:
    """Refuses bodies that are too large or not plain JSON, before they are read or parsed.

    The limit is LARGEST_BODY, and LARGEST_TOKEN_BODY for the endpoints that issue tokens and for clients without valid
    credentials: everybody can send those.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self._app = app
        self._authenticator = authenticator
        self._held = 0  # bytes of all bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 413, 415, 422 or 503. A client that hangs up gets no answer.

        Nothing is logged.
        """
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            with self._holding() as hold:
                await self._answer(scope, receive, answer, hold)
        except asyncio.CancelledError:
            if not started:
                await errors.response(STOPPING, scope["path"])(scope, receive, send)

    @contextmanager
    def _holding(self) -> Iterator[Hold]:
        """Yield a function that counts the bytes of a body, and raises a 503 Problem if they are too many."""
        held = 0

        def hold(count: int) -> None:
            nonlocal held
            held += count
            self._held += count
            if held > PARSED_AT_ONCE and self._held > MOST_HELD:
                raise busy(
                    f"The bodies of all requests have more than {MOST_HELD >> 20} MiB. Send this one again later."
                )

        try:
            yield hold
        finally:
            self._held -= held

    async def _answer(self, scope: Scope, receive: Receive, send: Send, hold: Hold) -> None:
        headers = Headers(scope=scope)
        try:
            body = await _read(receive, headers, self._limit(scope["path"], headers), hold)
            if body is None:
                return
            if body and headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
                raise _encoded(headers["content-encoding"])
            if body and is_json(headers.get("content-type", "")):
                scope = {**scope, PARSED: await _parsed(body), LONG: len(body) > PARSED_AT_ONCE}
            elif body and scope["method"] in ("POST", "PUT", "PATCH") and not _is_token(scope["path"]):
                raise _no_json(headers.get("content-type", ""))
        except Problem as problem:
            await errors.response(problem, scope["path"])(scope, receive, send)
            return
        await self._serve(scope, body, receive, send)

    def _limit(self, path: str, headers: Headers) -> int:
        if _is_token(path) or not self._authenticator.allows(headers.get("authorization")):
            return LARGEST_TOKEN_BODY
        return LARGEST_BODY

    async def _serve(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        """Call the endpoint with the body, and meanwhile wait for the client to hang up."""
        caller = Caller()
        CALLER.set(caller)
        watch = asyncio.create_task(_watch(receive, caller))
        given = False

        async def give() -> Message:
            nonlocal given
            if given:
                await watch
                return {"type": "http.disconnect"}
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        try:
            await self._app(scope, give, send)
        finally:
            watch.cancel()


async def _watch(receive: Receive, caller: Caller) -> None:
    """Wait until the client hangs up; then tell whoever works for it."""
    while (await receive())["type"] != "http.disconnect":
        pass
    caller.leave()


async def _read(receive: Receive, headers: Headers, limit: int, hold: Hold) -> bytes | None:
    """Return the body, or None if the client hangs up. Raises a 413 Problem for a body above the limit (bytes).

    `hold` is called with the size of each part.
    """
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > limit:
        raise _too_large(limit)
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        hold(len(part))
        body += part
        if len(body) > limit:
            raise _too_large(limit)
        more = message.get("more_body", False)
    return bytes(body)


def _is_token(path: str) -> bool:
    return path.rstrip("/").endswith(TOKEN_PATH)


def _no_json(content_type: str) -> Problem:
    given = f"{content_type[:100]!r}" if content_type else "missing"
    return Problem(415, f"The Content-Type is {given}. Send the body as JSON, with Content-Type: application/json.")


def _encoded(encoding: str) -> Problem:
    return Problem(415, f"The Content-Encoding is {encoding[:100]!r}. Send the body uncompressed, without this header.")


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        f"The body is larger than {limit // 1024} KiB, the limit of this endpoint. Requests for tokens and requests "
        f"without valid credentials may have {LARGEST_TOKEN_BODY // 1024} KiB, all others {LARGEST_BODY // 1024} KiB.",
    )


def is_json(content_type: str) -> bool:
    """Return whether the endpoints parse a body of this type as JSON."""
    parsed = ContentType()
    parsed["content-type"] = content_type
    subtype = parsed.get_content_subtype()
    return parsed.get_content_maintype() == "application" and (subtype == "json" or subtype.endswith("+json"))


async def _parsed(body: bytes) -> Any:
    """Return the value of a JSON body. Raises a 422 Problem. A long body is parsed in a thread, one at a time."""
    try:
        if len(body) <= PARSED_AT_ONCE:
            return json_values.parse(body)
        return await to_thread.run_sync(json_values.parse, body, limiter=ONE_AT_A_TIME)
    except json_values.InvalidJson as error:
        raise invalid(f"Invalid request: the body has {error}.", {"body": str(error)}) from error

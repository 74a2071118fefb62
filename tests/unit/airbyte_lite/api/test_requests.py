"""Bodies are limited before they are read, and the work for a client ends when the client hangs up."""

import asyncio
import logging
import time
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from airbyte_lite.api import requests
from airbyte_lite.api.auth import Authenticator
from airbyte_lite.api.callers import CALLER
from airbyte_lite.api.requests import LARGEST_BODY, LARGEST_TOKEN_BODY, PARSED_AT_ONCE, RequestReader
from airbyte_lite.settings import Settings

TOKEN = "/api/public/v1/applications/token"
SOURCES = "/api/public/v1/sources"
BASIC = (b"authorization", b"Basic YWRhOng=")  # ada:x
JSON = (b"content-type", b"application/json")


class Served:
    """A request that was served by the middleware: the answer's status, and what the app and the server saw."""

    def __init__(self, path: str, messages: list[Message], headers: list[tuple[bytes, bytes]], **settings: Any) -> None:
        self.status = 0
        self.bodies: list[bytes] = []
        self.left: list[str] = []
        self.received = 0
        self._messages = iter(messages)
        reader = RequestReader(self._app, Authenticator(Settings(**settings), b"key"))
        scope = {"type": "http", "method": "GET", "path": path, "headers": headers}
        asyncio.run(reader(scope, self._receive, self._send))

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        CALLER.get().when_gone(lambda: self.left.append("gone"))
        self.bodies.append((await receive())["body"])
        if "wait" in scope["path"]:
            await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def _receive(self) -> Message:
        self.received += 1
        message = next(self._messages, None)
        if message is None:
            await asyncio.Event().wait()
        assert message is not None
        return message

    async def _send(self, message: Message) -> None:
        self.status = message.get("status", self.status)


def chunks(*bodies: bytes) -> list[Message]:
    return [
        {"type": "http.request", "body": body, "more_body": number < len(bodies)}
        for number, body in enumerate(bodies, 1)
    ]


def length(size: int) -> tuple[bytes, bytes]:
    return b"content-length", str(size).encode()


@pytest.mark.parametrize(
    ("path", "size", "headers", "status"),
    [
        (TOKEN, LARGEST_TOKEN_BODY, [], 200),
        (TOKEN, LARGEST_TOKEN_BODY + 1, [], 413),
        (TOKEN, LARGEST_TOKEN_BODY + 1, [BASIC], 413),
        ("/api/v1/applications/token/", LARGEST_TOKEN_BODY + 1, [BASIC], 413),
        (SOURCES, LARGEST_TOKEN_BODY + 1, [], 413),
        (SOURCES, LARGEST_TOKEN_BODY + 1, [BASIC], 200),
        (SOURCES, LARGEST_BODY + 1, [BASIC], 413),
    ],
)
def test_limits_of_announced_and_of_chunked_bodies(
    path: str, size: int, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    credentials = {"username": "ada", "password": "x"}
    announced = Served(path, chunks(b"x" * size), [*headers, length(size)], **credentials)
    chunked = Served(path, chunks(b"x" * (size - 1), b"x"), headers, **credentials)
    assert (announced.status, chunked.status) == (status, status)
    assert announced.received == 0 or status == 200, "refused before it is read"


@pytest.mark.parametrize("announced", ["9" * 5000, "-1", "x", "²"])
def test_odd_content_length_does_not_lift_the_limit(announced: str) -> None:
    headers = [(b"content-length", announced.encode("utf-8"))]
    assert Served(TOKEN, chunks(b"x" * (LARGEST_TOKEN_BODY + 1)), headers).status == 413


def test_unauthenticated_forms_and_lists_cost_nothing() -> None:
    form = b"&".join([b"a=1"] * 5_000_000)
    begin = time.thread_time()
    assert Served(TOKEN, chunks(form), [length(len(form))]).status == 413
    assert Served(TOKEN, chunks(b"[" * 100_000), [JSON]).status == 413
    assert Served(TOKEN, chunks(b"[" * LARGEST_TOKEN_BODY), [JSON]).status == 422
    assert time.thread_time() - begin < 1


@pytest.mark.parametrize(
    "content_type", [b"application/json", b"Application/JSON; charset=utf-8", b"application/x+json"]
)
@pytest.mark.parametrize("body", [b"[" * 5000, b"{", b"\xff", "{}".encode("utf-16"), b'{"a": NaN}', b'{"a":1,"a":1}'])
def test_bad_json_is_refused_on_every_path(content_type: bytes, body: bytes) -> None:
    served = Served("/anything", chunks(body), [(b"content-type", content_type)])
    assert (served.status, served.bodies) == (422, [])


def test_body_arrives_whole() -> None:
    served = Served(SOURCES, chunks(b'{"a"', b":1}"), [JSON])
    assert (served.status, served.bodies) == (200, [b'{"a":1}'])


def test_client_that_hangs_up_in_its_body_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    served = Served(SOURCES, [*chunks(b"{", b"")[:1], {"type": "http.disconnect"}], [JSON])
    assert (served.status, served.bodies, caplog.records) == (0, [], [])


def test_client_that_hangs_up_while_it_waits_is_noticed() -> None:
    served = Served("/wait", [*chunks(b""), {"type": "http.disconnect"}], [])
    assert served.left == ["gone"]


def test_deep_bodies_of_every_route(serving: Any, tmp_path: Any) -> None:
    from airbyte_lite.api.services import Services

    services = Services.open(Settings(data_dir=tmp_path, connector_environments=tmp_path))
    client = serving(services)
    deep = b'{"name": "x", "a": ' + b"[" * 150 + b"]" * 150 + b"}"
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        for method in {"post", "put", "patch"} & set(operations):
            answer = client.request(method.upper(), path, content=deep, headers={"content-type": "application/json"})
            assert answer.status_code == 422, (method, path)
            assert "100 levels" in answer.json()["message"]
    assert client.get("/api/public/v1/workspaces").json()["data"] == []
    services.close()


@pytest.mark.parametrize(("stage", "statuses"), [("arrives", [503, None]), ("waits", [503, None]), ("answered", [200])])
def test_what_is_not_answered_when_the_server_stops_gets_503(stage: str, statuses: list[int | None]) -> None:
    begun = asyncio.Event()
    sent = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        if stage == "answered":
            await send({"type": "http.response.start", "status": 200, "headers": []})
        begun.set()
        await asyncio.Event().wait()

    async def receive() -> Message:
        if stage == "arrives":
            begun.set()
        elif not begun.is_set():
            return {"type": "http.request", "body": b""}
        return await asyncio.Event().wait() and {}

    async def send(message: Message) -> None:
        sent.append(message)

    async def stop() -> None:
        scope = {"type": "http", "method": "GET", "path": SOURCES, "headers": []}
        request = asyncio.create_task(RequestReader(app, Authenticator(Settings(), b"key"))(scope, receive, send))
        await begun.wait()
        request.cancel()
        await request  # uvicorn would log the stack trace of an exception

    asyncio.run(stop())
    assert [message.get("status") for message in sent] == statuses
    assert stage == "answered" or (b"retry-after", b"10") in sent[0]["headers"]


def test_the_bodies_of_all_requests_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "MOST_HELD", 3 * PARSED_AT_ONCE)

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask(reader: RequestReader, size: int) -> int:
        messages = iter(chunks(b" " * size))
        statuses: list[int] = []

        async def receive() -> Message:
            message = next(messages, None)
            if message is None:
                await asyncio.Event().wait()
            assert message is not None
            return message

        async def send(message: Message) -> None:
            statuses.append(message.get("status", 0))

        await reader({"type": "http", "method": "GET", "path": SOURCES, "headers": []}, receive, send)
        return statuses[0]

    async def use() -> list[int]:
        reader = RequestReader(app, Authenticator(Settings(), b"key"))
        begun = [asyncio.create_task(ask(reader, size)) for size in (2 * PARSED_AT_ONCE, 2 * PARSED_AT_ONCE, 10)]
        await asyncio.wait([begun[1]])
        release.set()
        return [await task for task in begun] + [await ask(reader, 2 * PARSED_AT_ONCE)]

    release = asyncio.Event()
    assert asyncio.run(use()) == [200, 503, 200, 200]

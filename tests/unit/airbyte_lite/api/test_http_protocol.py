"""Requests that do not arrive completely, and bytes that are not HTTP."""

import asyncio
import contextlib
import logging
import socket
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from airbyte_lite.api import http_protocol
from airbyte_lite.api.http_protocol import TimedProtocol


class Transport(asyncio.Transport):
    """Keeps what was written, and whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False
        self.end = asyncio.Event()

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True
        self.end.set()

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.close()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def app(_scope: Any, receive: Any, send: Any) -> None:
    while (message := await receive()).get("more_body"):
        pass
    if message["type"] == "http.request":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


def answer(*parts: bytes, pause: float = 0.03, keep_alive: float = 5) -> Transport:
    """Return the connection after these parts of requests: when it is closed, at the latest after the pause (seconds).

    Every pause is longer than the limit.
    """

    async def send() -> Transport:
        config = uvicorn.Config(app, log_config=None, access_log=False)
        protocol, transport = TimedProtocol(config, ServerState(), {}), Transport()
        protocol.timeout_keep_alive = keep_alive  # type: ignore[assignment]
        protocol.connection_made(transport)
        for part in parts:
            protocol.data_received(part)
            await asyncio.sleep(0)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(transport.end.wait(), pause)
        return transport

    return asyncio.run(send())


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "ARRIVAL_SECONDS", 0.01)
    monkeypatch.setattr(http_protocol, "LINGER_SECONDS", 0.01)


HEAD = b"POST /api/v1/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n"


@pytest.mark.parametrize(
    "parts",
    [[], [b"GET / HT"], [HEAD], [HEAD, b"ab"], [HEAD + b"abcde", b"GET / HTTP/1.1\r\nhost"]],
    ids=["nothing", "half a head", "no body", "half a body", "half a second request"],
)
def test_half_sent_request_times_out(parts: list[bytes], caplog: pytest.LogCaptureFixture) -> None:
    transport = answer(*parts, pause=10)
    assert transport.closed
    assert b"408 Request Timeout" in transport.written
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_whole_request_has_no_time_limit() -> None:
    transport = answer(HEAD[:20], HEAD[20:], b"abcde")
    assert transport.written.startswith(b"HTTP/1.1 200")
    assert not transport.closed


def test_empty_lines_before_a_request_are_ignored() -> None:
    transport = answer(b"\r\n\r\n" + HEAD, b"abcde\r\n" + HEAD, b"abcde", b"\r\n", b"\r", b"\n" + HEAD, b"abcde")
    assert transport.written.count(b"HTTP/1.1 200") == 3
    assert b"HTTP/1.1 4" not in transport.written


def test_empty_line_after_an_answer_does_not_keep_the_connection_open() -> None:
    transport = answer(HEAD + b"abcde", *[b"\r\n"] * 20, pause=1, keep_alive=0.05)
    assert transport.closed
    assert transport.written.count(b"HTTP/1.1 ") == 1


def test_client_that_goes_on_sending_after_its_answer_is_cut_off() -> None:
    transport = answer(HEAD.replace(b" 5", b" 900000") + b"a" * 10, pause=10)
    assert transport.closed


@pytest.mark.parametrize(
    ("request_", "status"),
    [(b"GET /" + b"a" * 100_000, b"431"), (b"nonsense\r\n\r\n", b"400"), (b"GET /\xff HTTP/1.1\r\n\r\n", b"400")],
)
def test_what_is_not_http_is_refused_with_the_reason(request_: bytes, status: bytes) -> None:
    transport = answer(request_, b"and more of it")
    assert transport.written.startswith(b"HTTP/1.1 " + status)
    assert transport.written.count(b"connection: close") == 1
    assert b"Invalid HTTP request: " in transport.written
    assert transport.closed


@pytest.mark.parametrize("reads", [False, True])
def test_a_client_that_reads_nothing_of_its_answer_is_cut_off(reads: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "STALLED_SECONDS", 0.01)

    async def send() -> bool:
        protocol = TimedProtocol(uvicorn.Config(app, log_config=None), ServerState(), {})
        protocol.connection_made(transport := Transport())
        protocol.data_received(HEAD + b"abcde")
        protocol.pause_writing()  # asyncio calls this while its buffer for the client is full
        if reads:
            protocol.resume_writing()
        await asyncio.sleep(0.03)
        closed = transport.closed
        protocol.connection_lost(None)  # else the answer waits for its client for ever
        return closed

    assert asyncio.run(send()) is not reads


def test_a_client_that_reads_only_the_start_of_a_short_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "STALLED_SECONDS", 0.05)

    async def long(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"60000")]})
        await send({"type": "http.response.body", "body": b"a" * 60_000})

    async def use() -> set[Any]:
        state = ServerState()
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        config = uvicorn.Config(long, log_config=None)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: TimedProtocol(config, state, {}), sock=listening)
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(listening.getsockname())
            client.sendall(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n")
            for _ in range(100):
                await asyncio.sleep(0.02)
                if state.total_requests and not state.connections:
                    break
            left = set(state.connections)
            server.close()
        return left

    assert asyncio.run(use()) == set()


def connect(state: ServerState, *parts: bytes) -> Transport:
    """Return a new connection to a server after these parts of a request."""
    protocol, transport = TimedProtocol(uvicorn.Config(app, log_config=None), state, {}), Transport()
    protocol.connection_made(transport)
    for part in parts:
        protocol.data_received(part)
    return transport


@pytest.mark.parametrize("parts", [[], [b"GET / HT"], [HEAD], [HEAD, b"ab"], [b"GET / HTTP/1.1\r\nhost: h\r\n\r\n"]])
def test_of_too_many_connections_the_one_is_refused_that_waits_longest_for_its_client(
    parts: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(http_protocol, "ARRIVAL_SECONDS", 10)

    async def use() -> list[tuple[bool, bool]]:
        state = ServerState()
        first = connect(state, *parts)
        await asyncio.sleep(0.001)  # a complete request is answered
        others = [connect(state), connect(state)]
        await asyncio.sleep(0.03)
        return [(transport.closed, b" 503 " in transport.written) for transport in (first, *others)]

    assert asyncio.run(use()) == [(True, True), (False, False), (False, False)]


def test_a_connection_too_many_is_refused_when_all_others_wait_for_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "ARRIVAL_SECONDS", 10)
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 2)

    async def use() -> list[Transport]:
        state = ServerState()
        working = [connect(state, HEAD, b"abcde") for _ in range(2)]  # nothing is answered before the loop goes on
        return [*working, connect(state)]

    *working, late = asyncio.run(use())
    assert [transport.closed for transport in working] == [False, False]
    assert b"503 Service Unavailable" in late.written
    assert b"retry-after: 10" in late.written


def test_refused_connections_make_no_room_for_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "ARRIVAL_SECONDS", 10)
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(http_protocol, "MOST_LEAVING", 2)

    async def use() -> list[Transport]:
        state = ServerState()
        for _ in range(2):
            connect(state, HEAD, b"abcde")
        late = []
        for _ in range(5):
            late.append(connect(state))
            for protocol in [each for each in state.connections if each.transport.is_closing()]:
                protocol.connection_lost(None)
        return late

    late = asyncio.run(use())
    assert [b"503 Service Unavailable" in transport.written for transport in late] == [True] * 5
    assert [transport.closed for transport in late] == [True, True, False, False, False], "else they could be thousands"


def test_connections_that_are_closing_keep_nobody_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their clients read nothing of their answers."""
    monkeypatch.setattr(http_protocol, "ARRIVAL_SECONDS", 10)
    monkeypatch.setattr(http_protocol, "MOST_CONNECTIONS", 2)

    async def use() -> list[Transport]:
        state = ServerState()
        for _ in range(3):
            connect(state).close()
        return [connect(state) for _ in range(2)]

    assert [(transport.closed, transport.written) for transport in asyncio.run(use())] == [(False, b"")] * 2

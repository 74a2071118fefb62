"""Connects a caller to a container's input and output (Engine API, "attach").

After the engine's answer 101 the connection carries plain bytes in both directions.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from socket_proxy.calls import Call
from socket_proxy.errors import Refused

CHUNK = 64 * 1024  # bytes
HEAD_SECONDS = 30
LINGER_SECONDS = 10  # for a caller to read the last output and close
HEAD = b"HTTP/1.1 101 UPGRADED\r\nContent-Type: %b\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
STREAM_TYPES = (b"application/vnd.docker.raw-stream", b"application/vnd.docker.multiplexed-stream")


class Ended(web.StreamResponse):
    """A response that has been written already: aiohttp writes nothing more and closes the connection."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:  # noqa: ARG002
        """Writes nothing."""
        self.force_close()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Writes nothing."""


async def attach(request: web.BaseRequest, call: Call, path: Path) -> web.StreamResponse:
    """Connects caller and container until the container's output ends; raises Refused when the engine does not attach.

    Either side may close its direction first: a destination reports after its input has ended, and a container that
    crashes prints the reason while its input goes on. The failure of one direction must not end the other. That rules
    out asyncio's transports, which fail as a whole; this function reads and writes plain sockets.
    """
    loop = asyncio.get_running_loop()
    transport = request.transport
    if transport is None:
        raise Refused("the connection is gone", 400)
    with socket.socket(socket.AF_UNIX) as engine:
        engine.setblocking(False)
        await loop.sock_connect(engine, str(path))
        stream_type, output = await _upgrade(call, engine)
        transport.pause_reading()  # from here on aiohttp does not read the socket
        with transport.get_extra_info("socket").dup() as caller:
            caller.setblocking(False)
            try:
                async with asyncio.TaskGroup() as directions:
                    incoming = directions.create_task(_input(caller, engine))
                    await _output(engine, caller, HEAD % stream_type + output)
                    loop.call_later(LINGER_SECONDS, incoming.cancel)
            except* OSError:  # the caller is gone
                pass
    return Ended()


async def _upgrade(call: Call, engine: socket.socket) -> tuple[bytes, bytes]:
    """Sends the engine a new attach request; returns the type of the stream and the first bytes of the output."""
    loop = asyncio.get_running_loop()
    headers = "Host: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0"
    answer, end, output = b"", b"", b""
    async with asyncio.timeout(HEAD_SECONDS):
        await loop.sock_sendall(engine, f"POST {call.target} HTTP/1.1\r\n{headers}\r\n\r\n".encode("ascii"))
        while not end:
            data = await loop.sock_recv(engine, CHUNK)
            if not data or len(answer) > CHUNK:
                raise Refused("the engine did not answer", 502)
            answer, end, output = (answer + data).partition(b"\r\n\r\n")
    if not answer.startswith(b"HTTP/1.1 101 "):
        raise Refused(f"the engine did not attach: {answer.splitlines()[0].decode(errors='replace')}", 409)
    found = [kind for kind in STREAM_TYPES if kind in answer]
    return (found[0] if found else STREAM_TYPES[0]), output


async def _input(caller: socket.socket, engine: socket.socket) -> None:
    """Copies the input until the caller closes its direction; discards the rest once the container takes no more.

    Unread input would reset the connection when it is closed, and the caller would lose output not yet read.
    """
    loop = asyncio.get_running_loop()
    accepted = True
    while data := await loop.sock_recv(caller, CHUNK):
        try:
            if accepted:
                await loop.sock_sendall(engine, data)
        except OSError:
            accepted = False
    with contextlib.suppress(OSError):
        engine.shutdown(socket.SHUT_WR)


async def _output(engine: socket.socket, caller: socket.socket, data: bytes) -> None:
    """Sends `data` and the rest of the container's output; then closes the direction."""
    loop = asyncio.get_running_loop()
    while data:
        await loop.sock_sendall(caller, data)
        try:
            data = await loop.sock_recv(engine, CHUNK)
        except OSError:  # the container ended before it read all of its input
            break
    caller.shutdown(socket.SHUT_WR)

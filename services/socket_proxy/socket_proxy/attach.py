"""A container's input and output on one connection: after the engine's 101 it is a pipe (Engine API, "attach")."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from socket_proxy.calls import Call
from socket_proxy.errors import Refused

CHUNK = 64 * 1024  # bytes
HEAD_SECONDS = 30
STREAM_TYPES = (b"application/vnd.docker.raw-stream", b"application/vnd.docker.multiplexed-stream")


class Hijacked(web.StreamResponse):
    """Stands for an answer that was given on the bare connection; nothing more is written."""

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:  # noqa: ARG002
        """Writes no head."""
        self.force_close()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Writes no end."""


async def attach(request: web.BaseRequest, call: Call, socket: Path) -> web.StreamResponse:
    """Connects caller and container until the container's output ends; raises Refused when the engine does not attach.

    The caller may end its direction before: a destination reads its input to the end and then still reports.
    """
    transport = request.transport
    if not isinstance(transport, asyncio.Transport):
        raise Refused("the connection is gone", 400)
    engine_reader, engine_writer = await asyncio.open_unix_connection(str(socket), limit=CHUNK)
    try:
        stream_type = await _upgrade(call, engine_reader, engine_writer)
        ours = transport.get_protocol()
        reader = asyncio.StreamReader(limit=CHUNK)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport.set_protocol(protocol)  # aiohttp's own would close the connection when the caller ends its direction
        protocol.connection_made(transport)
        writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
        writer.write(
            b"HTTP/1.1 101 UPGRADED\r\nContent-Type: "
            + stream_type
            + b"\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
        )
        incoming = asyncio.create_task(_pump(reader, engine_writer))
        try:
            await _pump(engine_reader, writer)
        finally:
            incoming.cancel()
            await asyncio.wait([incoming])
            transport.set_protocol(ours)
        return Hijacked()
    finally:
        engine_writer.close()
        with contextlib.suppress(OSError):
            await engine_writer.wait_closed()


async def _upgrade(call: Call, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Asks the engine to attach, as a request of our own; returns the type of the stream."""
    headers = "Host: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0"
    writer.write(f"POST {call.target} HTTP/1.1\r\n{headers}\r\n\r\n".encode("ascii"))
    try:
        async with asyncio.timeout(HEAD_SECONDS):
            answer = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
        raise Refused("the engine did not answer", 502) from error
    if not answer.startswith(b"HTTP/1.1 101 "):
        raise Refused(f"the engine did not attach: {answer.splitlines()[0].decode(errors='replace')}", 409)
    found = [kind for kind in STREAM_TYPES if kind in answer]
    return found[0] if found else STREAM_TYPES[0]


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Copies until the source ends, then ends the target's direction; a broken connection ends it too."""
    with contextlib.suppress(OSError):
        while data := await source.read(CHUNK):
            target.write(data)
            await target.drain()
        target.write_eof()

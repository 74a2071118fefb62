"""The port of the Storage Read API. It serves plain gRPC, gRPC over TLS, and a proxy's CONNECT to Google's host.

Google's client takes no address for this API from `api_endpoint` or BIGQUERY_EMULATOR_HOST: it always opens TLS to
bigquerystorage.googleapis.com. gRPC itself reads two environment variables, `grpc_proxy` and
`GRPC_DEFAULT_SSL_ROOTS_FILE_PATH`; with them, an unmodified client connects to this port.
"""

import asyncio
import contextlib
import logging
import re
import socket
import threading
from typing import Any

from warehouse.read_api import certificates

CONNECT = re.compile(rb"CONNECT ([\w.-]+):\d+ ")
PIECE = 1 << 16  # bytes that are passed on at once
HEAD_LIMIT = 1 << 14  # bytes of a CONNECT request
logger = logging.getLogger(__name__)


class Port:
    """Accepts connections, and starts the gRPC server with the first of them: it takes 40 MB of memory."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        self.sockets = sockets
        self.starting = threading.Lock()
        self.servers: tuple[Any, int, int] | None = None

    def start(self) -> None:
        """Accept connections in a background thread."""
        threading.Thread(target=lambda: asyncio.run(self._serve()), name="storage-api", daemon=True).start()

    async def _serve(self) -> None:
        servers = [await asyncio.start_server(self._accept, sock=sock, limit=HEAD_LIMIT) for sock in self.sockets]
        await asyncio.gather(*(server.serve_forever() for server in servers))

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.readexactly(1)
            if first == b"C":
                head = first + await reader.readuntil(b"\r\n\r\n")
                if refusal := _refusal(head):
                    writer.write(refusal)
                    await writer.drain()
                    return
                writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
                first = b""
            _, plain, tls = await asyncio.to_thread(self._grpc)
            await _join(reader, writer, plain if first == b"P" else tls, first)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # the client went away, or speaks neither HTTP nor TLS
        except Exception:
            logger.exception("the Storage Read API could not be started")
        finally:
            writer.close()

    def _grpc(self) -> tuple[Any, int, int]:
        """Return the gRPC server and its two ports of 127.0.0.1: without and with TLS."""
        with self.starting:
            if self.servers is None:
                from warehouse.read_api import server

                self.servers = server.serve(certificates.ensure())
            return self.servers


def _refusal(head: bytes) -> bytes | None:
    """Return the answer to a CONNECT that is not for the Storage Read API, or None."""
    match = CONNECT.match(head)
    if match and match[1].decode() == certificates.HOST:
        return None
    reason = f"This is the BigQuery emulator: only {certificates.HOST} is here. Add the other hosts to no_grpc_proxy.\n"
    return f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(reason)}\r\n\r\n{reason}".encode()


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, first: bytes) -> None:
    """Pass bytes between a client and a port of this process, until one of them closes."""
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    inner_writer.write(first)
    try:
        await asyncio.gather(_pass(reader, inner_writer), _pass(inner_reader, writer))
    finally:
        inner_writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()
    writer.close()

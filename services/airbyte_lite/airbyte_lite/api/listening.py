"""The server's port, and the host names that requests may use."""

from __future__ import annotations

import errno
import socket
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from airbyte_lite.api import errors
from airbyte_lite.problem import Problem
from platform_kit import listening

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")


class PortError(Exception):
    """The server cannot listen on its address. The message has the reason and the settings to change."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Return a listening socket for each of the host's addresses on this machine. Raises PortError."""
    try:
        return listening.listen(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = (
                f"Port {port} of {host} is in use by another program. Stop that program, "
                "or set AIRBYTE_LITE_PORT to a free port."
            )
        else:
            message = (
                f"airbyte-lite cannot listen on {host}, port {port}: {error.strerror}. "
                "Set AIRBYTE_LITE_HOST to an address of this machine and AIRBYTE_LITE_PORT to a free port above 1023."
            )
        raise PortError(message) from error


class HostGuard:
    """Refuses requests whose Host header is neither a local name nor `host`.

    This prevents DNS rebinding: the owner of a web page makes its host name resolve to 127.0.0.1. The page can then
    call this server, which requires no password. The browser sends the page's host name in the Host header.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._names = {*LOCAL_NAMES, host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 403."""
        if scope["type"] == "http" and _name(Headers(scope=scope).get("host", "")) not in self._names:
            names = ", ".join(sorted(self._names))
            message = (
                f"This server has no authentication, so it answers only requests for the host names {names}. Use one "
                "of these names in the URL, or set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET."
            )
            await JSONResponse(errors.body(Problem(403, message), scope["path"]), 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None

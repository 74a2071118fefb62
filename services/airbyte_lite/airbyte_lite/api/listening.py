"""The server's port, and the host names that requests may use."""

from __future__ import annotations

import errno
import socket

from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from airbyte_lite.api import errors
from airbyte_lite.problem import Problem
from platform_kit import hosts, listening


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
    """Refuses what a page of another site sends (platform_kit.hosts): this server requires no password."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._names = {*hosts.LOCAL_NAMES, host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 403."""
        if scope["type"] == "http" and (reason := hosts.reason_to_refuse(scope, self._names)):
            message = f"{reason} With AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET, any name is served."
            await JSONResponse(errors.body(Problem(403, message), scope["path"]), 403)(scope, receive, send)
            return
        await self._app(scope, receive, send)

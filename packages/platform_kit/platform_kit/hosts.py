"""Refuses requests that a page of another site makes through the user's browser. For every ASGI server.

Two ways lead from a foreign page to a server on 127.0.0.1. The page can send a request to that address: the browser
then names the page in the header Origin. Or the owner of the page makes its host name resolve to 127.0.0.1 (DNS
rebinding): the browser then takes the server for the page's own, and names the page's host in the header Host.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from platform_kit.settings_table import TABLE

type Scope = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
type Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
type Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
CROSS_SITE = ("cross-site", "same-site")
"""The values of Sec-Fetch-Site for a request of a page of another site, or of another port of this machine."""
READING = ("GET", "HEAD")
POLICY_VIOLATION = 1008  # the code with which a WebSocket is closed


def names(more: str | None) -> list[str]:
    """Return the host names of ALLOWED_HOSTS, separated by commas. Raises ValueError if it is invalid."""
    if reason := TABLE["ALLOWED_HOSTS"].refusal(more or ""):
        raise ValueError(reason)
    return [name.strip() for name in (more or "").split(",") if name.strip()]


def reason_to_refuse(scope: Scope, allowed: Collection[str], *, needs_origin: bool = False) -> str | None:
    """Return why a request is refused, or None if it is allowed.

    Refused: a Host that is not allowed, another site's page.

    With `needs_origin`, a request that changes something is refused if it does not name its page.
    """
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get("host", "")  # no browser leaves it out; health checks do
    if "host" in headers and (_name(host) or "") not in allowed:
        return (
            f"The host name in the request, {host!r}, is not allowed here. Allowed: {', '.join(sorted(allowed))}. "
            "Use one of these in the address, or set ALLOWED_HOSTS."
        )
    origin = headers.get("origin")
    if origin is not None and origin.lower().partition("://")[2] != host.lower():
        return f"The request comes from a page of another site: {origin!r}. Only this server's own pages may send it."
    changes = scope["type"] == "websocket" or scope.get("method") not in READING
    if origin is None and changes and (needs_origin or (scope["type"] == "websocket" and "sec-fetch-site" in headers)):
        return "The request has no Origin. Only this server's own pages may send it."
    if changes and headers.get("sec-fetch-site") in CROSS_SITE:
        return "The request comes from a page of another site. Only this server's own pages may send it."
    return None


class HostGuard:
    """Answers 403 to requests for other host names than these, and to requests of other sites' pages."""

    def __init__(self, app: Application, allowed: Iterable[str], *, needs_origin: bool = False) -> None:
        """Guard an ASGI application. `localhost`, 127.0.0.1 and ::1 are allowed too.

        `needs_origin` is for a server that only pages use: what changes something must name its page.
        """
        self._app, self._needs_origin = app, needs_origin
        self._allowed = frozenset(name.lower() for name in (*LOCAL_NAMES, *allowed))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or refuse it."""
        if scope["type"] in ("http", "websocket"):
            reason = reason_to_refuse(scope, self._allowed, needs_origin=self._needs_origin)
            if reason is not None:
                await refuse(scope, send, 403, reason)
                return
        await self._app(scope, receive, send)


async def refuse(scope: Scope, send: Send, status: int, reason: str, headers: Iterable[tuple[str, str]] = ()) -> None:
    """Answer a request with an error in the form that BigQuery's client shows, or close the WebSocket."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": reason[:120]})
        return
    errors = [{"reason": "forbidden", "message": reason}]
    body = json.dumps({"error": {"code": status, "message": reason, "errors": errors}}).encode()
    sent = [("content-type", "application/json"), ("content-length", str(len(body))), *headers]
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


def _name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None

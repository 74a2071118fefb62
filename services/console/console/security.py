"""Protects the pages: a password, and the headers that tell the browser what a page may do.

Requests of other sites' pages are refused before, by platform_kit.hosts.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import MutableMapping
from typing import Any

from platform_kit.hosts import Application, Receive, Scope, Send, refuse

USER = "console"
HEALTH = "/healthz"
"""The path of the health check, which has no password."""
HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def policy(nonce: str) -> str:
    """Return the Content-Security-Policy of a page: nothing from other sites; scripts only with the page's own nonce.

    'unsafe-eval' stays, because NiceGUI evaluates the handlers of its events in the browser. A script in the data
    cannot use that: it would have to run already. Styles are inline, because Vue sets them.
    """
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


class Password:
    """Asks for user and password (HTTP Basic), also at the WebSocket."""

    def __init__(self, app: Application, password: str) -> None:
        self._app = app
        self._expected = f"{USER}:{password}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 401."""
        open_to_all = scope["type"] == "lifespan" or scope["path"] == HEALTH
        if not open_to_all and not self._knows(dict(scope["headers"])):
            question = [("www-authenticate", 'Basic realm="console", charset="UTF-8"')]
            await refuse(scope, send, 401, f"User ({USER}) or password (CONSOLE_PASSWORD) is wrong.", question)
            return
        await self._app(scope, receive, send)

    def _knows(self, headers: dict[bytes, bytes]) -> bool:
        kind, _, given = headers.get(b"authorization", b"").partition(b" ")
        try:
            return kind.lower() == b"basic" and secrets.compare_digest(base64.b64decode(given), self._expected)
        except binascii.Error:
            return False


class SafeHeaders:
    """Adds the headers to every answer, and the nonce to the scripts of a page.

    NiceGUI writes the scripts of a page itself and has escaped every `<` of the data by then (a test holds this), so
    that each `<script` in the page is its own.
    """

    def __init__(self, app: Application) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        started: MutableMapping[str, Any] = {}
        chunks: list[bytes] = []

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _headers(message["headers"], nonce)
                if (b"x-nicegui-content", b"page") in message["headers"]:
                    started.update(message)  # sent with the whole body, whose length changes
                    return
            elif started and message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))
                if message.get("more_body"):
                    return
                body = b"".join(chunks).replace(b"<script", f'<script nonce="{nonce}"'.encode())
                headers = [item for item in started["headers"] if item[0] != b"content-length"]
                await send({**started, "headers": [*headers, (b"content-length", str(len(body)).encode())]})
                await send({"type": "http.response.body", "body": body})
                return
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _headers(headers: list[tuple[bytes, bytes]], nonce: str) -> list[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in headers}
    ours = {**HEADERS, "content-security-policy": policy(nonce)}
    added = [(name.encode(), value.encode()) for name, value in ours.items() if name.encode() not in present]
    return [(name.lower(), value) for name, value in headers] + added

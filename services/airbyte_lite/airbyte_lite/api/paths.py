"""Answers the requests that Airbyte's server also answers: slashes too many in the path, HEAD, and whole URLs."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

WHOLE_URL = re.compile(rb"https?://([^/]*)", re.IGNORECASE)
"""The start of the target of a request in the absolute form of RFC 9112, 3.2.2: GET http://host/path HTTP/1.1."""
REPEATED = re.compile("(?<!/)/{2,}(?=[^/])")
"""Slashes where one is meant. Clients join paths to an address that ends with a slash: //api/v1/connections/sync.

A match begins at the first of the slashes only: the time for a path of slashes would grow by the square of its length.
"""


class LenientPaths:
    """Removes one slash at the end of the path and repeated ones in it, and answers HEAD like GET, without the body.

    The target of a request may be a whole URL. Its host then replaces the header Host, also for the check of the host.

    A redirect instead would lose requests: some clients follow none.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        scope = without_host(scope)
        path = REPEATED.sub("/", scope["path"])
        path = path[:-1] if len(path) > 1 and path.endswith("/") else path
        if path != scope["path"]:
            scope = {**scope, "path": path, "raw_path": quote(path).encode()}
        if scope["method"] == "HEAD":
            await self._app({**scope, "method": "GET"}, receive, send_head)
            return
        await self._app(scope, receive, send)


def without_host(scope: Scope) -> Scope:
    """Return the request with a path as its target, and the host of the target in the header Host."""
    target: bytes = scope.get("raw_path") or b""
    found = WHOLE_URL.match(target)
    if found is None:
        return scope
    path = target[found.end() :] or b"/"
    headers = [(b"host", found[1]), *((name, value) for name, value in scope["headers"] if name != b"host")]
    return {**scope, "raw_path": path, "path": unquote(path.decode("ascii")), "headers": headers}

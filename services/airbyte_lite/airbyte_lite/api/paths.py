"""Answers the requests that Airbyte's server also answers: with a slash at the end of the path, and HEAD."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class LenientPaths:
    """Removes one slash at the end of the path, and answers HEAD like GET, without the body.

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

        path: str = scope["path"]
        if len(path) > 1 and path.endswith("/"):
            scope = {**scope, "path": path[:-1], "raw_path": scope.get("raw_path", path.encode()).removesuffix(b"/")}
        if scope["method"] == "HEAD":
            await self._app({**scope, "method": "GET"}, receive, send_head)
            return
        await self._app(scope, receive, send)

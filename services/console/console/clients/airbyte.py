"""Client of Airbyte's API: the configuration API by `post`, the public API by `get`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from console.clients.calls import SECONDS, Service, ServiceError, reason
from console.settings import Settings
from platform_kit.redaction import Redactor

type Json = dict[str, Any]

CONFIGURATION, PUBLIC = "/api/v1", "/api/public/v1"
MOST_CONNECTIONS = 11
LONG_ANSWERS = 3
"""Logs that pages read at the same time, and as many that are downloaded. The other connections are for all else."""
SLOT_SECONDS = 30.0
"""How long a log waits until one of the others has ended."""
PIECE_SECONDS = 30.0
"""The time limit of one piece of a long answer."""


class TokenAuth(httpx.Auth):
    """A bearer token for a client id and secret. A 401 answer makes it fetch a new token."""

    def __init__(self, public: str, client_id: str, client_secret: str) -> None:
        self._url = f"{public}/applications/token"
        self._application = {"client_id": client_id, "client_secret": client_secret, "grant_type": "client_credentials"}
        self._token = ""

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send the request with the token; after a 401, once more with a new token."""
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
            response = yield request
            if response.status_code != httpx.codes.UNAUTHORIZED:
                return
        answer = yield httpx.Request("POST", self._url, json=self._application)
        if answer.status_code == httpx.codes.OK:
            await answer.aread()
            self._token = answer.json()["access_token"]
            request.headers["Authorization"] = f"Bearer {self._token}"
            yield request


class Airbyte:
    """One Airbyte server. Every method raises ServiceError if it refuses or does not answer."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        remedy = "make logs s=airbyte" if settings.airbyte_mode == "lite" else f"Look at {settings.airbyte_url}."
        self.service = Service("airbyte", "Airbyte", remedy)
        self._public = settings.public_api_url or settings.airbyte_url + PUBLIC
        self._configuration = settings.airbyte_url + CONFIGURATION
        self.secrets = settings.secrets()
        self._redacted = Redactor(self.secrets)
        limits = httpx.Limits(max_connections=MOST_CONNECTIONS)
        self._shown, self._downloaded = asyncio.Semaphore(LONG_ANSWERS), asyncio.Semaphore(LONG_ANSWERS)
        self._http = httpx.AsyncClient(auth=_auth(settings, self._public), limits=limits, transport=transport)

    async def get(self, path: str, seconds: float = SECONDS, **query: str | int) -> Json:
        """Return an answer of the public API: `await airbyte.get("/connections", limit=50)`."""
        return await self._send("GET", self._public + path, None, query, seconds)

    async def post(self, path: str, body: Json | None = None, seconds: float = SECONDS) -> Json:
        """Return an answer of the configuration API: `await airbyte.post("/connections/get", {…})`."""
        return await self._send("POST", self._configuration + path, body or {}, {}, seconds)

    async def pieces(self, path: str, body: Json, *, download: bool = False) -> AsyncGenerator[bytes]:
        """Yield an answer of the configuration API in pieces: it may be larger than the memory.

        A download lasts as long as the browser reads it, so downloads do not take the places of the pages.
        """
        url = self._configuration + path
        async with self._place(download=download):
            try:
                async with self._http.stream("POST", url, json=body, timeout=PIECE_SECONDS) as response:
                    if not response.is_success:
                        await response.aread()
                        raise self._refusal("POST", url, response)
                    async for piece in response.aiter_bytes():
                        yield piece
            except httpx.HTTPError as error:
                raise self.service.error(f"{httpx.URL(url).path}: {self._redacted(reason(error))}") from error

    @asynccontextmanager
    async def _place(self, *, download: bool) -> AsyncGenerator[None]:
        """Wait for one of the places for long answers. Raises ServiceError after SLOT_SECONDS."""
        places = self._downloaded if download else self._shown
        try:
            await asyncio.wait_for(places.acquire(), SLOT_SECONDS)
        except TimeoutError:
            what = f"the console {'downloads' if download else 'reads'} {LONG_ANSWERS} logs already"
            raise self.service.error(what, "Try again when one of them has ended.") from None
        try:
            yield
        finally:
            places.release()

    async def public(self, method: str, path: str, body: Json | None = None, seconds: float = SECONDS) -> Json:
        """Return the answer to a request of any kind to the public API."""
        return await self._send(method, self._public + path, body, {}, seconds)

    async def health(self) -> None:
        """Return if Airbyte reports that it is healthy."""
        await self._send("GET", f"{self._public}/health", None, {}, SECONDS)

    async def close(self) -> None:
        """Close the connections to the server."""
        await self._http.aclose()

    async def _send(self, method: str, url: str, body: Json | None, query: dict[str, Any], seconds: float) -> Json:
        request = self._http.request(method, url, json=body, params=query, timeout=seconds)
        try:
            response = await self.service.awaited(request, seconds)
        except ServiceError as error:
            raise self.service.error(f"{httpx.URL(url).path}: {self._redacted(error.what)}") from error
        if not response.is_success:
            raise self._refusal(method, url, response)
        if not response.content.strip() or url == f"{self._public}/health":  # Airbyte answers /health with plain text
            return {}
        try:
            answer = response.json()
        except ValueError as error:
            what = f"{response.status_code} to {method} {httpx.URL(url).path}: not JSON; a proxy may have sent it"
            raise self.service.error(what) from error
        return answer if isinstance(answer, dict) else {"data": answer}

    def _refusal(self, method: str, url: str, response: httpx.Response) -> ServiceError:
        what = f"{response.status_code} to {method} {httpx.URL(url).path}: {_message(response)}"
        return self.service.error(self._redacted(what))


def _auth(settings: Settings, public: str) -> httpx.Auth | None:
    if settings.client_id and settings.client_secret:
        return TokenAuth(public, settings.client_id, settings.client_secret)
    if settings.username and settings.airbyte_password:
        return httpx.BasicAuth(settings.username, settings.airbyte_password)
    return None


def _message(response: httpx.Response) -> str:
    """Return the message in an error of the public API (problem details) or of the configuration API."""
    try:
        problem = response.json()
        texts = [(problem.get("data") or {}).get("message"), *map(problem.get, ("detail", "message", "title"))]
    except (ValueError, AttributeError):
        texts = []
    return next((str(text) for text in texts if text), response.text[:300] or "no explanation")

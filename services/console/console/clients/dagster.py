"""Client of Dagster's GraphQL API."""

from __future__ import annotations

from typing import Any

import httpx

from console.clients.calls import SECONDS, Service
from console.settings import Settings

type Json = dict[str, Any]

MOST_CONNECTIONS = 8


class Dagster:
    """One Dagster webserver."""

    def __init__(self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.service = Service("webserver", "Dagster", "make logs s=webserver")
        self.link = settings.dagster_link
        self._url = f"{settings.dagster_url}/graphql"
        limits = httpx.Limits(max_connections=MOST_CONNECTIONS)
        self._http = httpx.AsyncClient(limits=limits, transport=transport)

    async def query(self, document: str, seconds: float = SECONDS, **variables: Any) -> Json:
        """Return the data of a GraphQL query or mutation. Raises ServiceError, also for an error in the answer."""
        body = {"query": document, "variables": variables}
        response = await self.service.awaited(self._http.post(self._url, json=body, timeout=seconds), seconds)
        try:
            answer = response.json()
        except ValueError:
            raise self.service.error(f"{response.status_code}: the answer is not JSON") from None
        if answer.get("errors"):
            raise self.service.error(str(answer["errors"][0].get("message", "the query was refused"))[:500])
        data: Json = answer["data"]
        return data

    async def close(self) -> None:
        """Close the connections to the webserver."""
        await self._http.aclose()

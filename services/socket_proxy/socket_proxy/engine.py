"""A client of the Docker engine's API (v1.41 and later), over the engine's Unix socket."""

from __future__ import annotations

import io
import json
from typing import Any

import aiohttp
from yarl import URL

from socket_proxy.errors import Refused
from socket_proxy.settings import Settings

SECONDS = 120  # after which a request has failed; stop, wait and logs have no limit


class Engine:
    """Each request has a connection of its own, so no bytes of one request can reach another."""

    def __init__(self, settings: Settings) -> None:
        """Needs a running event loop."""
        self.settings = settings
        connector = aiohttp.UnixConnector(str(settings.socket), force_close=True)
        self.session = aiohttp.ClientSession(connector=connector, auto_decompress=False)

    async def close(self) -> None:
        """Ends every open connection."""
        await self.session.close()

    def request(
        self, method: str, target: str, body: dict[str, Any] | bytes | None = None, seconds: float | None = SECONDS
    ) -> aiohttp.client._RequestContextManager:
        """Sends a request, bytes as a tar archive. `target` is sent exactly as given; redirects are not followed."""
        content: dict[str, Any] = {"json": body}
        if isinstance(body, bytes):
            content = {"data": io.BytesIO(body), "headers": {"Content-Type": "application/x-tar"}}
        return self.session.request(
            method,
            URL(f"http://docker{target}", encoded=True),
            **content,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=seconds),
        )

    async def state_of_worker(self, version: str, identifier: str) -> str:
        """Returns a container's state; raises Refused without its full identifier or without this platform's label."""
        async with self.request("GET", f"{version}/containers/{identifier}/json") as response:
            if response.status == 404:
                raise Refused(f"no such container: {identifier}", 404)
            if response.status != 200:
                raise Refused(f"the engine answered {response.status}: {(await response.text())[:200]}", 502)
            found = await response.json()
        labels = found["Config"]["Labels"] or {}
        if found["Id"] != identifier or labels.get(self.settings.label_name) != self.settings.project:
            raise Refused(f"that container is not one of this platform's {self.settings.noun}s")
        return str(found["State"]["Status"])

    async def workers(self) -> list[dict[str, Any]]:
        """Lists this platform's containers in every state, newest first."""
        filters = URL.build(query={"all": "1", "filters": json.dumps({"label": [self.settings.label]})})
        async with self.request("GET", f"/containers/json?{filters.raw_query_string}") as response:
            response.raise_for_status()
            found: list[dict[str, Any]] = await response.json()
        return sorted(found, key=lambda worker: -int(worker["Created"]))

    async def remove(self, identifier: str) -> bool:
        """Removes a finished container and returns whether it is gone. The engine refuses to remove a running one."""
        async with self.request("DELETE", f"/containers/{identifier}") as response:
            return response.ok or response.status == 404

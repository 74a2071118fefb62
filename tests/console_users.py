"""Users of the console without a browser: they open pages, click, leave. Shows whether its memory grows.

`python -m tests.console_users http://127.0.0.1:8080 PID` visits a console for five minutes; PID is its process.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import re
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
import psutil
import socketio  # type: ignore[import-untyped]
from socketio.exceptions import BadNamespaceError  # type: ignore[import-untyped]

USERS, SECONDS = 20, 300
LOOK_SECONDS = 10.0
SETTLED_SECONDS = 30.0
"""The longest time until a page has its content."""
REMOVED_SECONDS = 20.0
"""The console removes a page ten seconds after its user has left."""
PAGES: dict[str, list[str]] = {
    "/": ["Materialize all", "Cancel"],
    "/files?folder=jaffle_shop&file=jaffle_shop/jaffle_shop_orders.csv": ["Delete", "Cancel"],
    "/connections": [],
    "/connections/new": [],
    "/changes": [],
    "/tables/jaffle_trusted/dim_customers": ["Rows", "Profile", "Lineage", "Checks", "SQL"],
    "/sql": ["Run", "History"],
    "/quality": [],
    "/lineage": [],
}
"""The pages that users open, with what they click there: buttons and tabs."""
ELEMENTS = re.compile(r"parseElements\(String\.raw`(.*?)`\)", re.DOTALL)
QUERY = re.compile(r"query: (\{.*?\}),")
ESCAPED = {"&#36;": "$", "&#96;": "`", "&gt;": ">", "&lt;": "<", "&amp;": "&"}
SELECTION = ["select status, count(*) as orders from jaffle_trusted.fct_orders group by 1", 0, 0]


class Visit:
    """One opened page, as NiceGUI's script in the browser holds it: its elements, and the socket that changes them."""

    def __init__(self, http: aiohttp.ClientSession, console: str, path: str) -> None:
        self._http, self._console, self._path = http, console, path
        self._socket = socketio.AsyncClient(reconnection=False, http_session=http)
        self._socket.on("*", self._received)
        self._elements: dict[str, Any] = {}
        self._client, self._next = "", 0
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Load the page and connect its socket."""
        async with self._http.get(self._console + self._path) as answer:
            page = await answer.text()
            assert answer.status == 200, f"{answer.status} for {self._path}"
        found, query = ELEMENTS.search(page), QUERY.search(page)
        assert found, f"{self._path} is no page of NiceGUI"
        assert query, f"{self._path} has no socket"
        text = found[1]
        for escape, character in ESCAPED.items():
            text = text.replace(escape, character)
        self._elements = json.loads(text)
        self._client = re.findall(r"'client_id': '(.*?)'", query[1])[0]
        own = {name: str(uuid.uuid4()) for name in ("document_id", "tab_id")}
        asked = {"client_id": self._client, "next_message_id": 0, "implicit_handshake": "true", "old_tab_id": ""} | own
        await self._socket.connect(
            f"{self._console}?{urlencode(asked)}",
            headers={"origin": self._console},
            transports=["websocket"],
            socketio_path="/_nicegui_ws/socket.io",
            wait_timeout=SETTLED_SECONDS,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        """Leave the page."""
        await self._socket.disconnect()

    async def _received(self, kind: str, content: dict[str, Any]) -> None:
        self._next = content.pop("_id", self._next - 1) + 1
        if kind == "update":
            self._elements |= content
            self._elements = {number: each for number, each in self._elements.items() if each is not None}
            self._changed.set()
        elif kind == "run_javascript" and "request_id" in content:
            result = SELECTION if "selection" in content["code"] else None
            await self._emit("javascript_response", request_id=content["request_id"], result=result)
        await self._emit("ack", next_message_id=self._next)

    async def _emit(self, kind: str, **content: Any) -> None:
        with contextlib.suppress(BadNamespaceError):  # the page is being left
            await self._socket.emit(kind, content | {"client_id": self._client})

    async def settled(self) -> None:
        """Wait until every part of the page has its content."""
        await self._until(lambda: all("skeleton" not in each.get("class", ()) for each in self._elements.values()))

    async def click(self, label: str) -> None:
        """Click a button, which may come only now (with a dialog), or open a tab."""
        number, found = await self._until(lambda: self._labelled(label))
        if found["tag"] == "q-tab":
            tabs = next(item for item in self._elements.items() if int(number) in item[1].get("children", ()))
            await self._event(*tabs, "update:modelValue", label)
        else:
            await self._event(number, found, "click", {})

    async def _until[T](self, look: Callable[[], T | None]) -> T:
        async with asyncio.timeout(SETTLED_SECONDS):
            while not (found := look()):
                self._changed.clear()
                await self._changed.wait()
        return found

    def _labelled(self, label: str) -> tuple[str, dict[str, Any]] | None:
        return next((item for item in self._elements.items() if item[1].get("props", {}).get("label") == label), None)

    async def _event(self, number: str, element: dict[str, Any], kind: str, argument: object) -> None:
        [listener] = [each["listener_id"] for each in element["events"] if each["type"] == kind]
        await self._emit("event", id=int(number), listener_id=listener, args=[json.dumps(argument)])


@dataclass
class Users:
    """Users who visit one page after the other until a moment; `openings`: the seconds until a page has its content."""

    console: str
    pause: float = 1.0
    """Mean seconds between two actions of a user."""
    openings: list[tuple[float, str]] = field(default_factory=list)

    async def visit(self, until: float, first: int) -> None:
        """Be one user."""
        async with aiohttp.ClientSession(cookies={"zone": "UTC"}) as http:
            for path in itertools.islice(itertools.cycle(PAGES), first, None):
                if time.monotonic() > until:
                    return
                started = time.monotonic()
                async with Visit(http, self.console, path) as visit:
                    await visit.settled()
                    self.openings.append((time.monotonic() - started, path))
                    for label in PAGES[path]:
                        await self._think()
                        await visit.click(label)
                        await visit.settled()
                    await self._think()

    async def _think(self) -> None:
        await asyncio.sleep(random.uniform(0.5, 1.5) * self.pause)  # noqa: S311 -- not a secret

    async def all(self, seconds: float, users: int = USERS) -> None:
        """Be all users for so many seconds. Raises what any of them finds."""
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            for number in range(users):
                group.create_task(self.visit(until, number % len(PAGES)))


async def main(console: str, pid: int, seconds: float = SECONDS) -> None:
    """Print the memory of the console every LOOK_SECONDS, and at the end when its pages are gone."""
    process, users = psutil.Process(pid), Users(console)
    started, cpu = time.monotonic(), sum(process.cpu_times()[:2])

    def look() -> None:
        memory = process.memory_info().rss / 2**20
        print(f"{time.monotonic() - started:5.0f} s  {len(users.openings):5} openings  {memory:5.0f} MiB", flush=True)

    async def watch() -> None:
        while True:
            look()
            await asyncio.sleep(LOOK_SECONDS)

    watching = asyncio.create_task(watch())
    await users.all(seconds)
    await asyncio.sleep(REMOVED_SECONDS)
    watching.cancel()
    look()
    for path in PAGES:
        taken = sorted(seconds for seconds, opened in users.openings if opened == path)
        print(f"{path:70} {statistics.median(taken):5.2f} s (median) {taken[-1]:5.2f} s (worst)")
    print(f"{sum(process.cpu_times()[:2]) - cpu:.0f} s of CPU")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:])))

"""Users of the console without a browser: they open pages, click, leave. Shows whether its memory grows.

`make console-users` visits a console for five minutes. The end-to-end tests have a shorter form.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import random
import re
import statistics
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlencode

import aiohttp
import httpx
import psutil
import socketio  # type: ignore[import-untyped]
from socketio.exceptions import BadNamespaceError  # type: ignore[import-untyped]

USERS, SECONDS = 20, 300
LOOK_SECONDS = 10.0
SETTLED_SECONDS = 30.0
"""The longest time until a page has its content."""
ANSWER_SECONDS = 12.0
"""The longest time until a button asks its question: a service may take ten seconds to answer before it."""
REMOVED_SECONDS = 15.0
"""The console removes a page ten seconds after its user has left."""
PAGES: dict[str, list[str | tuple[str, str]]] = {
    "/": [("Materialize all", "Cancel")],
    "/files?folder=jaffle_shop&file=jaffle_shop/jaffle_shop_orders.csv": [("Delete", "Cancel")],
    "/connections": [],
    "/connections/new": [],
    "/changes": [],
    "/tables/jaffle_trusted/dim_customers": ["Rows", "Profile", "Lineage", "Checks", "SQL"],
    "/sql": ["Run", "History"],
    "/quality": [],
    "/lineage": [],
}
"""The pages that users open, and what they click: tabs, buttons, and buttons with the answer to their question."""
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
        self._notices = 0

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
        elif kind == "notify":
            self._notices += 1
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

    async def click(self, label: str) -> bool:
        """Click a button or open a tab. Return False if the page does not offer it now, for example during a run."""
        item = self._labelled(label)
        if item is None or item[1]["props"].get("disable"):
            return False
        number, found = item
        if found["tag"] == "q-tab":
            tabs = next(item for item in self._elements.items() if int(number) in item[1].get("children", ()))
            await self._event(*tabs, "update:modelValue", label)
        else:
            await self._event(number, found, "click", {})
        return True

    async def ask(self, label: str, answer: str) -> None:
        """Click a button that asks a question, and answer it; the page may refuse with a notice instead."""
        noticed = self._notices
        async with asyncio.timeout(SETTLED_SECONDS):
            while await self.click(label):
                with contextlib.suppress(TimeoutError):  # the page may have shown the button anew just then
                    await self._until(lambda: self._labelled(answer) or self._notices > noticed, ANSWER_SECONDS)
                    await self.click(answer)
                    return

    async def _until[T](self, look: Callable[[], T | None], seconds: float = SETTLED_SECONDS) -> T:
        async with asyncio.timeout(seconds):
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
        """Open and use one page after the other, as one user, until the moment `until`."""
        async with aiohttp.ClientSession(cookies={"zone": "UTC"}) as http:
            for path in itertools.islice(itertools.cycle(PAGES), first, None):
                if time.monotonic() > until:
                    return
                started = time.monotonic()
                async with Visit(http, self.console, path) as visit:
                    await visit.settled()
                    self.openings.append((time.monotonic() - started, path))
                    for step in PAGES[path]:
                        await self._think()
                        await (visit.click(step) if isinstance(step, str) else visit.ask(*step))
                        await visit.settled()
                    await self._think()

    async def _think(self) -> None:
        await asyncio.sleep(random.uniform(0.5, 1.5) * self.pause)  # noqa: S311 -- not a secret

    async def all(self, seconds: float, users: int = USERS) -> None:
        """Run all users for so many seconds. Raises the exception of the first one that fails."""
        until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            for number in range(users):
                group.create_task(self.visit(until, number % len(PAGES)))


@dataclass
class Load:
    """The results of a load: the memory (MiB) of the console at each look, and the seconds until pages opened."""

    memory: list[float]
    users: Users


async def load(console: str, memory: Callable[[], float], seconds: float, users: int = USERS) -> Load:
    """Run all users for so many seconds and measure the console's memory, also after its pages are closed."""
    found = Load([], Users(console))
    started = time.monotonic()

    async def look() -> None:
        found.memory.append(await asyncio.to_thread(memory))
        passed, openings = time.monotonic() - started, len(found.users.openings)
        print(f"{passed:5.0f} s  {openings:5} openings  {found.memory[-1]:5.0f} MiB", flush=True)

    async def watch() -> None:
        while True:
            await look()
            await asyncio.sleep(LOOK_SECONDS)

    watching = asyncio.create_task(watch())
    await found.users.all(seconds, users)
    watching.cancel()
    await asyncio.sleep(REMOVED_SECONDS)
    await look()
    return found


def process_at(console: str) -> psutil.Process:
    """Return the process that listens on the console's port. Raises LookupError."""
    port = httpx.URL(console).port
    for each in psutil.net_connections("tcp"):
        if each.status == psutil.CONN_LISTEN and each.laddr and each.laddr.port == port and each.pid:
            return psutil.Process(each.pid)
    raise LookupError(f"no process of this user listens on the port of {console}")


def main(console: str, pid: int | None, seconds: float = SECONDS) -> None:
    """Visit a console and print what was found. `pid` is the console's process; a container hides it."""
    process = psutil.Process(pid) if pid else process_at(console)
    cpu = sum(process.cpu_times()[:2])
    found = asyncio.run(load(console, lambda: float(process.memory_info().rss / 2**20), seconds))
    for path in PAGES:
        taken = sorted(seconds for seconds, opened in found.users.openings if opened == path)
        if taken:
            print(f"{path:70} {statistics.median(taken):5.2f} s (median) {taken[-1]:5.2f} s (worst)")
    print(f"{sum(process.cpu_times()[:2]) - cpu:.0f} s of CPU")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("console", help="its address")
    parser.add_argument("--pid", type=int, help="its process; without it, the one that listens on the port")
    parser.add_argument("--seconds", type=float, default=SECONDS)
    main(**vars(parser.parse_args()))

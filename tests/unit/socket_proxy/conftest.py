"""The proxy, served to real connections, before an engine that a test scripts."""

import asyncio
import contextlib
import copy
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from socket_proxy import server as http
from socket_proxy.engine import Engine
from socket_proxy.policy import policy
from socket_proxy.settings import ConnectorSettings, ImageSettings, Settings, WorkerSettings

ID = "0123456789abcdef" * 4
UPGRADE = ("Connection: Upgrade", "Upgrade: tcp")
Handler = Callable[[socket.socket], None]


def with_value(body: dict[str, Any], keys: list[str], value: object) -> bytes:
    """Return the JSON of a body with another value at the end of these keys."""
    body = copy.deepcopy(body)
    *parents, last = keys
    target = body
    for parent in parents:
        target = target[parent]
    target[last] = value
    return json.dumps(body).encode()


@dataclass
class FakeEngine:
    """Answers as the Docker engine does for one container; keeps what it was asked."""

    label: str
    state: str = "created"
    handlers: dict[str, Handler] = field(default_factory=dict)  # by a part of the request line; they get the connection
    containers: list[dict[str, Any]] = field(default_factory=list)  # what a list of containers shows
    asked: list[str] = field(default_factory=list)  # request lines
    heads: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)

    def serve(self, listening: socket.socket) -> None:
        """Take connections until the socket is closed."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=self.answer, args=[connection], daemon=True).start()

    def answer(self, connection: socket.socket) -> None:
        """Read one request and answer it."""
        with connection, contextlib.suppress(OSError), connection.makefile("rb") as file:
            head = list(iter(file.readline, b"\r\n"))
            if not head[0]:
                return
            line = head[0].decode().removesuffix(" HTTP/1.1\r\n")
            self.asked.append(line)
            self.heads.append(b"".join(head).decode())
            for header in head:
                if header.lower().startswith(b"content-length:") and int(header.partition(b":")[2]):
                    body = file.read(int(header.partition(b":")[2]))
                    self.bodies.append({"archive": body} if "/archive" in line else json.loads(body))
            for part, handler in self.handlers.items():
                if part in line:
                    handler(connection)
                    return
            connection.sendall(json_answer(*self.default(line)))

    def default(self, line: str) -> tuple[int, Any]:
        """Status and content where a test gives no handler."""
        if "/containers/create" in line:
            self.containers.append({"Id": f"{len(self.containers):064}", "State": "created", "Created": 1})
            return 201, {"Id": self.containers[-1]["Id"], "Warnings": []}
        if "GET /containers/json" in line:
            return 200, self.containers
        if line.startswith("GET") and line.endswith("/json"):
            return 200, {"Id": ID, "State": {"Status": self.state}, "Config": {"Labels": {self.label: "shop"}}}
        return 200, {}


def json_answer(status: int, content: Any) -> bytes:
    """An answer of the engine."""
    body = json.dumps(content).encode()
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
        status,
        len(body),
        body,
    )


@dataclass
class Served:
    """The proxy on a port, and what is behind it."""

    address: tuple[str, int]
    engine: FakeEngine
    server: web.Server
    socket: Path


@contextlib.contextmanager
def served(settings: Settings) -> Iterator[Served]:
    """The proxy in a thread of its own, with a fake engine on the settings' socket."""
    engine = FakeEngine(settings.label_name)
    ready: list[tuple[asyncio.AbstractEventLoop, asyncio.Event, web.Server, tuple[str, int]]] = []
    started = threading.Event()

    async def serve() -> None:
        real, stop = Engine(settings), asyncio.Event()
        server = http.http_server(real, policy(settings))
        runner = web.ServerRunner(server, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ready.append((asyncio.get_running_loop(), stop, server, runner.addresses[0]))
        started.set()
        await stop.wait()
        await runner.cleanup()
        await real.close()

    with pytest.MonkeyPatch.context() as patch, socket.socket(socket.AF_UNIX) as listening:
        patch.setattr(http, "LINGER_SECONDS", 0.05)
        listening.bind(str(settings.socket))
        listening.listen(100)
        threading.Thread(target=engine.serve, args=[listening], daemon=True).start()
        proxy = threading.Thread(target=asyncio.run, args=[serve()], daemon=True)
        proxy.start()
        assert started.wait(10)
        [(loop, stop, server, address)] = ready
        try:
            yield Served(address, engine, server, settings.socket)
        finally:
            loop.call_soon_threadsafe(stop.set)
            proxy.join(10)
            assert not proxy.is_alive()
            listening.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Served]:
    """With the policy for run workers, two at most."""
    settings = WorkerSettings(
        project="shop", network="shop", image="shop/orchestrator:1", max_workers=2, socket=tmp_path / "engine.sock"
    )
    with served(settings) as proxy:
        yield proxy


@pytest.fixture
def connectors(tmp_path: Path) -> Iterator[Served]:
    """With the policy for connectors."""
    settings = ConnectorSettings(
        project="shop", network="shop", workspace="shop_work", local="shop_local", socket=tmp_path / "engine.sock"
    )
    with served(settings) as proxy:
        yield proxy


@pytest.fixture
def images(tmp_path: Path) -> Iterator[Served]:
    """With the policy for connectors that are images."""
    with served(ImageSettings(project="shop", network="shop_connectors", socket=tmp_path / "engine.sock")) as proxy:
        yield proxy

"""Kills bootstrap at a chosen request: a proxy before airbyte-lite that knows the id of bootstrap's process."""

from __future__ import annotations

import http.server
import os
import signal
from concurrent.futures import Future
from dataclasses import dataclass
from enum import StrEnum

import httpx

from tools.local.platform import Platform

from .commands import Commands

READING_POSTS = ("connections/get", "discover_schema", "_definitions/list", "_specifications/get")
PATIENCE = 60.0  # seconds for a process to start or a request to be answered: long, for a busy machine


class Moment(StrEnum):
    """When the sender of a request is killed."""

    BEFORE = "before it arrives"
    LATE = "before it arrives, and it does so in the next run"
    AFTER = "after it took effect, before the answer"


@dataclass(frozen=True)
class Request:
    """A request of bootstrap."""

    method: str
    path: str
    body: bytes

    @property
    def writes(self) -> bool:
        """Whether it changes anything."""
        return self.method != "GET" and not self.path.endswith(READING_POSTS)

    @property
    def moments(self) -> list[Moment]:
        """When to kill its sender. A late PUT or PATCH is left out: it sets the same values as the next run."""
        if not self.writes:
            return [Moment.BEFORE]
        return [*Moment] if self.method in {"POST", "DELETE"} else [Moment.BEFORE, Moment.AFTER]


@dataclass(frozen=True)
class Kill:
    """A request, counted from 0 within its run, and when its sender is killed."""

    number: int
    moment: Moment
    request: Request

    def __str__(self) -> str:
        """Return the text for a failure: `killed at request 7, PUT /api/public/v1/sources/…: before it arrives`."""
        return f"killed at request {self.number}, {self.request.method} {self.request.path}: {self.moment}"


@dataclass(frozen=True)
class Run:
    """A command that has ended: exit code (-9: killed), what it printed, what it requested."""

    exit_code: int
    output: str
    requests: list[Request]

    @property
    def kills(self) -> list[Kill]:
        """Every moment at which a run like this one can be killed."""
        return [Kill(n, moment, request) for n, request in enumerate(self.requests) for moment in request.moments]


class Proxy(http.server.ThreadingHTTPServer):
    """Forwards the requests of one bootstrap at a time to airbyte-lite, and kills it at one of them."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests: list[Request] = []
        self.kill: Kill | None = None
        self.sender: Future[int] = Future()
        self.late: Request | None = None
        self._upstream = httpx.Client(base_url=upstream, timeout=PATIENCE)

    def answer(self, request: Request) -> httpx.Response | None:
        """Return airbyte-lite's answer, or None if the sender was killed."""
        number = len(self.requests)
        self.requests.append(request)
        if self.kill is None or self.kill.number != number:
            if self.late == request:
                self.late = None
                self._forward(request)
            return self._forward(request)
        if self.kill.moment is Moment.AFTER:
            self._forward(request)
        elif self.kill.moment is Moment.LATE:
            self.late = request
        os.kill(self.sender.result(PATIENCE), signal.SIGKILL)
        return None

    def _forward(self, request: Request) -> httpx.Response:
        headers = {"Content-Type": "application/json"}
        return self._upstream.request(request.method, request.path, content=request.body, headers=headers)

    def handle_error(self, *_: object) -> None:
        """Stay silent: connections of killed processes break."""

    def server_close(self) -> None:
        """Close both sides."""
        super().server_close()
        self._upstream.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Proxy
    protocol_version = "HTTP/1.1"  # one connection for all requests of a process
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.server.answer(Request(self.command, self.path, body))
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, *_: object) -> None:
        """Stay silent."""


class Bootstrap:
    """bootstrap's command line, each command a process of its own that talks to airbyte-lite through the proxy."""

    def __init__(self, commands: Commands, platform: Platform, proxy: Proxy) -> None:
        self._commands, self._platform, self._proxy = commands, platform, proxy

    def run(self, *arguments: str, variables: dict[str, str], kill: Kill | None = None) -> Run:
        """Run a command to its end, or to its death at a request."""
        self._proxy.requests, self._proxy.kill, self._proxy.sender = [], kill, Future()
        command, environment = self._platform.command("bootstrap", "bootstrap", *arguments)
        environment |= variables | {"AIRBYTE_URL": self._proxy.url}
        result = self._commands.run("bootstrap", command, environment, started=self._proxy.sender.set_result)
        return Run(result.returncode, result.stdout + result.stderr, self._proxy.requests)

    @property
    def nothing_is_under_way(self) -> bool:
        """Whether every late request has arrived."""
        return self._proxy.late is None

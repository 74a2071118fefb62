"""The HTTP server: reads a whole request, parses it, sends the engine a new one, and streams the answer back."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

import aiohttp
from aiohttp import web

from socket_proxy.attach import Ended, attach
from socket_proxy.calls import Call, parse_call
from socket_proxy.engine import SECONDS, Engine
from socket_proxy.errors import Refused
from socket_proxy.policy import Policy

BODY_BYTES = 512 * 1024  # a creation by Dagster is about 5 KiB
ARCHIVE_BYTES = 16 * 1024 * 1024  # a connector's configuration, catalog and state
ARCHIVES = 2  # at once: they are held in memory
BODY_SECONDS = 30
LINGER_SECONDS = 1  # then the connection of a refused caller that still sends is closed
REQUESTS = 64  # at once: their bodies fit into the container's memory, their connections into aiohttp's pool of 100
REFUSED_HEADERS = ("Transfer-Encoding", "Content-Encoding", "Expect")
PING_HEADERS = ("Api-Version", "Ostype")  # Docker's command line chooses the version of the API by them
UNLIMITED = {"stop", "wait", "logs"}  # calls that last as long as the caller wants
ALIVE = {"created", "running", "restarting", "paused"}  # a created container can be started at any time
log = logging.getLogger(__name__)


class Proxy:
    """Answers every request. There is no router, because a router may normalise the path."""

    def __init__(self, engine: Engine, policy: Policy) -> None:
        """Creates a lock: containers are created one at a time, so that the limit on their number holds."""
        self.engine = engine
        self.policy = policy
        self.creating = asyncio.Lock()
        self.archives = asyncio.Semaphore(ARCHIVES)
        self.requests = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers in the engine's format. Refusals have it too, so that docker-py shows the reason."""
        self.requests += 1
        try:
            if self.requests > REQUESTS:
                raise Refused(f"the limit of {REQUESTS} requests at once is reached", 503)
            return await self.answer(request)
        except Refused as refused:
            log.warning("refused %s %.200r: %s", request.method, request.raw_path, refused.reason)
            return refusal(refused.status, f"socket proxy: {refused.reason}")
        except (aiohttp.ClientError, OSError) as error:
            reason = str(error) or type(error).__name__
            log.warning("the engine failed on %s %.200r: %s", request.method, request.raw_path, reason)
            if request.writer.output_size:  # a part of the answer is sent; an error would be read as its rest
                return Ended()
            return refusal(502, f"socket proxy: the Docker engine did not answer: {reason}")
        finally:
            self.requests -= 1

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Forwards an allowed request; raises Refused for every other."""
        call = parse_call(request.method, request.raw_path, self.policy.calls)
        if call.name == "archive":
            async with self.archives:
                return await self.put_archive(request, call)
        body = await read_body(request, upgrades=call.name == "attach")
        if call.name == "create":
            async with self.creating:
                return await self.create(request, call, body)
        if body:
            raise Refused("this call has no body", 400)
        if call.name == "no container":
            raise Refused(f"no such container: {call.image}", 404)
        if call.name in ("image", "images"):
            call = self.policy.check_image(call)
        if call.name == "list":
            call = replace(call, query={"all": "1", "filters": json.dumps({"label": [self.engine.settings.label]})})
        if call.worker:
            state = await self.engine.state_of_worker(call.version, call.worker)
            if call.name == "start" and state != "created":
                raise Refused(f"that {self.engine.settings.noun} was started before: each one runs once", 409)
        if call.name == "attach":
            return await attach(request, call, self.engine.settings.socket)
        return await self.forward(request, call, None)

    async def create(self, request: web.BaseRequest, call: Call, body: bytes) -> web.StreamResponse:
        """Creates a container unless the limit on their number is reached."""
        settings = self.engine.settings
        call, payload = self.policy.creation(call, body)
        alive = sum(worker["State"] in ALIVE for worker in await self.engine.workers())
        if alive >= settings.max_workers:
            raise Refused(f"{alive} {settings.noun}s are running or created; the limit is {settings.max_workers}", 429)
        return await self.forward(request, call, payload)

    async def put_archive(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        """Puts files into a container that was not started yet."""
        if await self.engine.state_of_worker(call.version, str(call.worker)) != "created":
            raise Refused(f"that {self.engine.settings.noun} was started already: its files are given before", 409)
        return await self.forward(request, call, await read_body(request, upgrades=False, most=ARCHIVE_BYTES))

    async def forward(
        self, request: web.BaseRequest, call: Call, payload: dict[str, Any] | bytes | None
    ) -> web.StreamResponse:
        """Sends the new request and streams the engine's answer: status, content type and body, no other header."""
        seconds = None if call.name in UNLIMITED else SECONDS
        async with self.engine.request(call.method, call.target, payload, seconds) as answer:
            if answer.status < 200:
                raise Refused("the engine wanted to switch protocols", 502)
            headers = {"Content-Type": answer.content_type}
            if call.name == "ping":
                headers |= {name: answer.headers[name] for name in PING_HEADERS if name in answer.headers}
            response = web.StreamResponse(status=answer.status, headers=headers)
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response


def http_server(engine: Engine, policy: Policy) -> web.Server:
    """Returns the server. When a caller disconnects, its request is cancelled."""
    return web.Server(
        Proxy(engine, policy),
        handler_cancellation=True,
        lingering_time=LINGER_SECONDS,
        access_log=None,
    )


async def read_body(request: web.BaseRequest, *, upgrades: bool, most: int = BODY_BYTES) -> bytes:
    """Reads a body with a Content-Length; raises Refused for encodings, upgrades, and bodies too large or too slow."""
    for header in REFUSED_HEADERS:
        if header in request.headers:
            raise Refused(f"the header {header} is not allowed: send the whole body with a Content-Length", 400)
    if request.headers.getall("Upgrade", []) != (["tcp"] if upgrades else []):
        raise Refused("Upgrade is allowed for attach only, with the value tcp", 400)
    if (request.content_length or 0) > most:
        raise Refused(f"the body is larger than {most} bytes", 413)
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.content.read()  # read() has a limit of aiohttp's own, of 1 MiB
    except TimeoutError as error:
        raise Refused(f"the body did not arrive within {BODY_SECONDS} seconds", 408) from error


def refusal(status: int, message: str) -> web.Response:
    """Returns an error in the engine's format, `{"message": …}`; the connection is closed after it."""
    response = web.json_response({"message": message}, status=status)
    response.force_close()
    return response

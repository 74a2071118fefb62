"""Sources that never answer, and many impatient clients: the server answers everybody else at once."""

import asyncio
import contextlib
import os
import socket
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from airbyte_lite.api.http_protocol import MOST_CONNECTIONS

from .running import RunningPlatform, Server
from .syncs import Syncs, s3_configuration

Put = Callable[[str, str | bytes], None]
CHECKS = 45  # more than the server has threads for reads
QUICK = 0.1  # seconds
Answers = tuple[list[float], Counter[int]]


def queued(process: int) -> float:
    """Return for how many seconds the first threads of a process and of this one have waited for a processor so far.

    Only Linux tells it. The server's first thread runs its event loop.
    """
    files = [Path(f"/proc/{pid}/schedstat") for pid in (process, os.getpid())]
    return sum(int(file.read_text().split()[1]) for file in files if file.exists()) / 1e9


async def measured(client: httpx.AsyncClient, connection: str, server: int, seconds: float) -> list[float]:
    """Read for some time; return how long each answer took, in seconds, the longest last.

    Other programs may use the processors at the same time. The times for which the answers have waited for a processor
    are left out.
    """
    reads: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", "/api/public/v1/health", None),
        ("GET", "/api/v1/health", None),
        ("GET", "/api/public/v1/connections", None),
        ("GET", "/api/public/v1/sources", None),
        ("GET", "/api/public/v1/jobs", None),
        ("POST", "/api/v1/connections/get", {"connectionId": connection}),
    ]
    taken = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for method, path, body in reads:
            begin = time.monotonic() - queued(server)
            assert (await client.request(method, path, json=body)).status_code == 200
            taken.append(time.monotonic() - queued(server) - begin)
        await asyncio.sleep(0.05)
    return sorted(taken)


def test_reads_are_answered_at_once_while_sources_hang(
    platform: RunningPlatform, syncs: Syncs, s3: Server, bucket: str, put: Put, dataset: str, silent_server: str
) -> None:
    put("people.csv", "id,name\n1,Ada\n")
    workspace = syncs.workspace()

    def connect(name: str) -> tuple[str, str]:
        source = s3_configuration(s3.url, bucket, name, ["people.csv"])
        connection = syncs.connect(source, dataset, "full_refresh_overwrite", workspace=workspace)
        return connection, syncs.call("GET", f"connections/{connection}")["sourceId"]

    good, _ = connect("good")
    hung = [connect(f"hung{number}") for number in range(max(2, os.cpu_count() or 1))]
    for _, source in hung:
        syncs.call("PATCH", f"sources/{source}", {"configuration": {"endpoint": silent_server}})
    jobs = [syncs.start(connection) for connection, _ in hung]
    waiting = syncs.start(good)

    async def during(requests: list[tuple[str, str, dict[str, Any] | None]], seconds: float) -> Answers:
        """Send the requests at once, measure for some time, and hang up where no answer has come."""
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=platform.airbyte_url, timeout=60, limits=limits) as client:
            tasks = [asyncio.create_task(client.request(*ask[:2], json=ask[2])) for ask in requests]
            taken = await measured(client, good, server, seconds)
            statuses = Counter(task.result().status_code for task in tasks if task.done())
            for task in tasks:
                task.cancel()
            return taken, statuses

    server = platform.services.processes["airbyte"].popen.pid
    check = {"sourceId": hung[0][1]}
    slow: list[tuple[str, str, dict[str, Any] | None]] = [
        ("POST", "/api/v1/sources/check_connection", check),
        ("GET", f"/api/public/v1/streams?sourceId={hung[0][1]}", None),
    ]
    taken, statuses = asyncio.run(during(slow * CHECKS, 2))
    assert set(statuses) == {503}
    assert statuses[503] > CHECKS
    assert_quick(taken)
    assert syncs.wait(waiting, 60)["status"] == "succeeded", "hung sources kept another sync waiting"
    cancels: list[tuple[str, str, dict[str, Any] | None]] = [("DELETE", f"/api/public/v1/jobs/{jobs[0]}", None)]
    taken, statuses = asyncio.run(during(cancels * CHECKS, 1))
    assert statuses == {200: CHECKS}
    assert_quick(taken)
    for job in jobs:
        assert syncs.call("DELETE", f"jobs/{job}")["status"] == "cancelled"


def test_many_open_connections_do_not_keep_others_out(platform: RunningPlatform) -> None:
    address = urlsplit(platform.airbyte_url)
    with contextlib.ExitStack() as stack:
        where = (address.hostname or "", address.port or 0)
        idle = [stack.enter_context(socket.create_connection(where, timeout=5)) for _ in range(MOST_CONNECTIONS + 100)]
        begin = time.monotonic()
        assert httpx.get(f"{platform.airbyte_url}/api/v1/health").status_code == 200
        assert time.monotonic() - begin < 10 * QUICK
        assert idle[0].recv(12) == b"HTTP/1.1 503", "the connection that waited longest is refused"
        idle[-1].sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle[-1].recv(12) == b"HTTP/1.1 200"


def assert_quick(taken: list[float]) -> None:
    """Fail if answers took too long. The threads of the endpoints wait for processors too, so a few may take longer."""
    assert taken[len(taken) * 9 // 10] < QUICK
    assert taken[-1] < 3 * QUICK, f"of {len(taken)} answers, the slowest took {taken[-5:]} s"

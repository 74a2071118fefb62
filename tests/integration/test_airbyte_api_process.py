"""Cancelled jobs and jobs that schedules start, also when the server is stopped or killed."""

import datetime
import functools
import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from google.cloud import bigquery as google_bigquery

from tests.serving import serving
from tools.local.free_ports import free_ports
from tools.local.processes import Process, Service, Supervisor

from .commands import Commands
from .held_answers import Door
from .processes import alive, wait_until
from .running import RunningPlatform, Server
from .s3_types import S3Client
from .syncs import Syncs, s3_configuration
from .warm_services import WarmSupervisor

Put = Callable[[str, str | bytes], None]
ROWS = 200_000
FREE = 3_000_000
"""Bytes of the large file that the connector gets at once: it writes rows, and waits for the others."""


@functools.cache
def large_file() -> str:
    """A file of ROWS rows."""
    return "id,name\n" + "".join(f"{number},name {number}\n" for number in range(2, ROWS + 2))


def own_server(platform: RunningPlatform, directory: Path, **variables: str) -> Service:
    """A second airbyte-lite with a port and a directory of its own."""
    service = platform.settings.airbyte()
    port = free_ports(["airbyte"])["airbyte"]
    environment = {"AIRBYTE_LITE_PORT": str(port), "AIRBYTE_LITE_DATA_DIR": str(directory / "airbyte-own"), **variables}
    health = f"http://127.0.0.1:{port}/api/public/v1/health"
    return replace(service, name="airbyte-own", environment=service.environment | environment, health_url=health)


def address(service: Service) -> str:
    """The address of a server."""
    return service.health_url.removesuffix("/api/public/v1/health")


def descendants(pid: int) -> set[int]:
    """The processes below a process (Linux)."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found |= {int(child)} | descendants(int(child))
    return found


@dataclass
class Own:
    """An airbyte-lite that only these tests use, and may kill."""

    service: Service
    services: Supervisor

    @property
    def process(self) -> Process:
        return self.services.processes[self.service.name]

    def start(self) -> None:
        self.services.start(self.service).wait()


@pytest.fixture(scope="module")
def started(platform: RunningPlatform, commands: Commands, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    """The server, started."""
    directory = tmp_path_factory.mktemp("own")
    with WarmSupervisor(directory / "logs", commands=commands, warm_connector=False) as services:
        own = Own(own_server(platform, directory), services)
        own.start()
        yield own


@pytest.fixture
def server(started: Own) -> Own:
    """The running server. It is started again if a failed test has left it killed."""
    if started.process.exit_code() is not None:
        started.start()
    return started


@pytest.fixture
def own(server: Own, bigquery: google_bigquery.Client) -> Iterator[Syncs]:
    """A client of it."""
    with httpx.Client(base_url=address(server.service), timeout=60) as client:
        yield Syncs(client, bigquery)


@pytest.fixture
def door(s3: Server) -> Iterator[Door]:
    """The way to S3 of the connection: while it is closed, the sync of the large file cannot end."""
    with serving(Door(s3.url, FREE)) as door:
        yield door


@pytest.fixture
def connection(own: Syncs, door: Door, bucket: str, put: Put, dataset: str) -> str:
    """A connection that has loaded a row, and whose next sync ends only if the door is opened."""
    put("people.csv", "id,name\n0,Ada\n")
    source = s3_configuration(door.url, bucket, "people", ["people*.csv"])
    connection = own.connect(source, dataset, "incremental_append")
    own.sync(connection)
    put("people2.csv", "id,name\n1,Grace\n")
    put("people3.csv", large_file())
    return connection


def assert_the_stopped_sync_has_changed_nothing(
    own: Syncs, connection: str, s3_client: S3Client, bucket: str, dataset: str, *, read_again: bool
) -> None:
    """The state is that of the first sync too: the second file is read, and the first one is not.

    `read_again`: the large file in which the sync was stopped is read too, from its beginning.
    """
    assert count(own, dataset) == 1
    assert [table.table_id for table in own.bigquery.list_tables(dataset)] == ["people"]
    if read_again:
        assert own.sync(connection)["rowsSynced"] == ROWS + 1
        assert count(own, dataset) == ROWS + 2
        return
    s3_client.delete_object(Bucket=bucket, Key="people3.csv")  # to read it takes time and shows nothing more
    assert own.sync(connection)["rowsSynced"] == 1
    assert own.rows(f"select id from {dataset}.people order by id") == [(0,), (1,)]


def start_and_wait_for_rows(own: Syncs, server: Own, connection: str) -> int:
    spool = Path(server.service.environment["AIRBYTE_LITE_DATA_DIR"], "spool")
    job = own.start(connection)
    wait_until(lambda: any(path.is_file() and path.stat().st_size for path in spool.rglob("*-*.*")), 30, "rows")
    assert own.call("GET", f"jobs/{job}")["status"] == "running"
    return job


def count(own: Syncs, dataset: str) -> int:
    [(rows,)] = own.rows(f"select count(*) from {dataset}.people")
    assert isinstance(rows, int)
    return rows


def test_cancelled_sync_changes_nothing(
    own: Syncs, server: Own, connection: str, s3_client: S3Client, bucket: str, dataset: str
) -> None:
    job = start_and_wait_for_rows(own, server, connection)
    assert own.call("DELETE", f"jobs/{job}")["status"] == "cancelled"
    assert "cancelled" in own.log(job)
    assert_the_stopped_sync_has_changed_nothing(own, connection, s3_client, bucket, dataset, read_again=False)


def test_a_sync_goes_on_while_reads_are_answered_and_ends_with_its_connection(
    own: Syncs, server: Own, connection: str, dataset: str
) -> None:
    job = start_and_wait_for_rows(own, server, connection)
    assert own.call("GET", f"connections/{connection}")["connectionId"] == connection
    assert own.call("GET", f"jobs/{job}")["status"] == "running"
    own.call("DELETE", f"connections/{connection}")
    assert own.call("GET", f"jobs/{job}")["status"] == "cancelled"
    assert count(own, dataset) == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_server_that_stops_in_mid_sync(
    own: Syncs,
    server: Own,
    connection: str,
    door: Door,
    s3_client: S3Client,
    bucket: str,
    dataset: str,
    number: signal.Signals,
) -> None:
    job = start_and_wait_for_rows(own, server, connection)
    stopped = server.process.popen
    processes = descendants(stopped.pid)
    assert processes
    os.kill(stopped.pid, number)
    stopped.wait(60)
    wait_until(lambda: not any(alive(pid) for pid in processes), 60, "the end of the connector processes")

    door.open()
    server.start()
    ended = own.call("GET", f"jobs/{job}")
    assert ended["status"] == "failed"
    answer = own.http.post("/api/v1/jobs/get", json={"id": job}).json()
    [failure] = answer["attempts"][0]["attempt"]["failureSummary"]["failures"]
    assert "server stopped while the job was running" in failure["externalMessage"]
    assert "Syncing people" in own.log(job)
    assert_the_stopped_sync_has_changed_nothing(
        own, connection, s3_client, bucket, dataset, read_again=number == signal.SIGKILL
    )
    spool = Path(server.service.environment["AIRBYTE_LITE_DATA_DIR"], "spool")
    assert list(spool.iterdir()) == []


def each_minute(seconds: int) -> dict[str, str]:
    """A schedule that is first due after this number of seconds; on a machine that is too slow, a minute later."""
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return {"scheduleType": "cron", "cronExpression": at.strftime("%-S * * * * ?")}


def test_a_scheduled_connection_is_synced_by_itself(
    own: Syncs, server: Own, s3: Server, bucket: str, put: Put, dataset: str
) -> None:
    """Uses the real clock. The scheduler's unit tests cover the due times, and syncs that were missed."""

    def succeeded(connection: str) -> set[int]:
        return {job["jobId"] for job in own.call("GET", f"jobs?connectionId={connection}&status=succeeded")["data"]}

    put("people.csv", "id,name\n0,Ada\n")
    source = s3_configuration(s3.url, bucket, "people", ["*.csv"])
    active, inactive = (own.connect(source, dataset, "full_refresh_overwrite") for _ in range(2))
    own.call("PATCH", f"connections/{inactive}", {"schedule": each_minute(2), "status": "inactive"})
    own.call("PATCH", f"connections/{active}", {"schedule": each_minute(3)})
    wait_until(lambda: bool(succeeded(active)), 90, "a sync at its time")
    assert count(own, dataset) == 1

    schedule = each_minute(8)
    own.call("PATCH", f"connections/{active}", {"schedule": schedule})
    os.kill(server.process.popen.pid, signal.SIGKILL)
    server.process.popen.wait(60)
    server.start()
    kept = own.call("GET", f"connections/{active}")["schedule"]
    assert kept == schedule | {"cronExpression": f"{schedule['cronExpression']} UTC"}
    before = succeeded(active)
    wait_until(lambda: bool(succeeded(active) - before), 90, "a sync after a restart")
    assert own.call("GET", f"jobs?connectionId={inactive}")["data"] == []


def test_server_starts_within_seconds_and_says_where_it_listens(server: Own) -> None:
    assert f"listens on {address(server.service)}" in server.process.log.read_text()


def test_second_server_on_the_same_directory_is_refused(server: Own, start_process: Supervisor) -> None:
    variables = server.service.environment | {"AIRBYTE_LITE_PORT": str(free_ports(["airbyte"])["airbyte"])}
    second = start_process.start(replace(server.service, name="second", environment=variables))
    assert second.popen.wait(60) == 2
    assert "Another airbyte-lite uses" in second.tail()


def test_server_whose_port_is_taken_says_so_and_nothing_else(
    start_process: Supervisor, platform: RunningPlatform, tmp_path: Path
) -> None:
    service = own_server(platform, tmp_path)
    port = int(service.environment["AIRBYTE_LITE_PORT"])
    with socket.create_server(("127.0.0.1", port)):
        process = start_process.start(service)
        assert process.popen.wait(60) == 1
        [line] = process.log.read_text().splitlines()
    assert f"Port {port} of 127.0.0.1 is in use" in line

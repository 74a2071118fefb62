"""The warehouse as a process: the data that survive a kill, its stop, its log and its health."""

import json
import signal
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import pytest
from google.api_core.exceptions import Conflict, GoogleAPICallError, NotFound
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google_bigquery

from tools.local.free_ports import free_ports
from tools.local.platform import Platform
from tools.local.processes import Process, Service, Supervisor
from tools.settings_table import PORTS

from .running import RunningPlatform, Server

ENDLESS = "select count(*) from unnest(generate_array(1, 1000000)) a, unnest(generate_array(1, 1000000)) b where a < b"


@pytest.fixture
def settings(tmp_path: Path) -> Platform:
    """An own data directory and port."""
    return Platform(tmp_path, free_ports(PORTS))


@pytest.fixture
def client(settings: Platform) -> google_bigquery.Client:
    """The official client of the warehouse that the test starts."""
    options = {"api_endpoint": settings.url("warehouse")}
    return google_bigquery.Client("local-dev", AnonymousCredentials(), location="US", client_options=options)


@pytest.fixture
def running(settings: Platform, start_process: Supervisor) -> Process:
    """The warehouse, started."""
    process = start_process.start(settings.warehouse())
    process.wait()
    return process


def after(settings: Platform, statements: str) -> Service:
    """The warehouse, started by a Python program that runs some statements first."""
    service = settings.warehouse()
    python, _, _, *arguments = service.command
    program = f"{statements}\nfrom warehouse.__main__ import main\nmain({arguments})"
    return Service("warehouse", [python, "-c", program], service.environment, service.health_url)


def kill(process: Process) -> None:
    """Send SIGKILL and wait for the end."""
    process.signal(signal.SIGKILL)
    process.popen.wait()


def wait_until_running(job: google_bigquery.QueryJob) -> None:
    """Wait until a job has begun."""
    while not job.reload() and job.state != "RUNNING":
        time.sleep(0.05)


def test_data_and_job_ids_survive_kill_9_and_the_job_that_it_cut_off_has_failed(
    settings: Platform, start_process: Supervisor, running: Process, client: google_bigquery.Client
) -> None:
    client.create_dataset("kept")
    client.query_and_wait("create table kept.orders partition by day as select date '2024-01-01' as day, 1 as id")
    config, job_id = google_bigquery.LoadJobConfig(autodetect=False), uuid.uuid4().hex
    rows = [{"day": "2024-01-02", "id": 2}]
    client.load_table_from_json(rows, "local-dev.kept.orders", job_config=config, job_id=job_id).result()
    endless = client.query(ENDLESS)
    wait_until_running(endless)
    kill(running)
    for _ in range(2):  # the second time from the files that the first recovery left
        again = start_process.start(settings.warehouse())
        again.wait()
        assert [row.id for row in client.query_and_wait("select id from kept.orders order by id")] == [1, 2]
        assert client.get_table("kept.orders").time_partitioning.field == "day"
        with pytest.raises(Conflict):
            client.load_table_from_json(rows, "local-dev.kept.orders", job_config=config, job_id=job_id)
        with pytest.raises(GoogleAPICallError, match="the warehouse was stopped"):
            client.get_job(endless.job_id).result(timeout=60)
        kill(again)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_before_the_launcher_would_kill_it(
    running: Process, client: google_bigquery.Client, number: signal.Signals
) -> None:
    client.query_and_wait("select 1")  # leaves a connection open
    wait_until_running(client.query(ENDLESS))
    sent = time.monotonic()
    running.signal(number)
    assert running.popen.wait(timeout=60) == 0
    assert time.monotonic() - sent < 8  # what the launcher waits before it kills


def test_it_needs_no_extension_of_duckdb_and_listens_on_loopback_unless_told(
    settings: Platform, start_process: Supervisor, tmp_path: Path
) -> None:
    """DuckDB downloads extensions into the home directory: an empty one stays empty, and all works."""
    service, home = settings.warehouse(), tmp_path / "home"
    home.mkdir()
    command = [part for part in service.command if part not in ("--host", "127.0.0.1")]
    start_process.start(
        Service("warehouse", command, service.environment | {"HOME": str(home)}, service.health_url)
    ).wait()
    assert list(home.iterdir()) == []
    assert (tmp_path / "warehouse" / "local-dev.bqdb").exists()
    listening = f":{settings.ports['warehouse']:04X} 00000000:0000 0A"
    addresses = [line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if listening in line]
    assert addresses == [f"0100007F:{settings.ports['warehouse']:04X}"]


def test_old_results_are_deleted(settings: Platform, start_process: Supervisor, client: google_bigquery.Client) -> None:
    impatient = "from warehouse import retention\nretention.KEEP_S, retention.EVERY_S = 0.5, 0.1"
    start_process.start(after(settings, impatient)).wait()
    client.create_dataset("kept")
    client.query_and_wait("create table kept.orders as select 1 as id")
    job = client.query("select 1 as x")
    assert [row.x for row in job.result()] == [1]
    while job.exists():
        time.sleep(0.1)
    with pytest.raises(NotFound):
        client.get_table(job.destination)
    again = client.query("select timestamp '2020-01-01' as day, 'y' as x", job_id=job.job_id, job_retry=None)
    assert [(row.day.year, row.x) for row in again.result()] == [(2020, "y")]
    assert client.get_table("kept.orders").num_rows == 1


def test_what_needs_more_memory_than_the_limit_is_done_without_it(
    settings: Platform, start_process: Supervisor, client: google_bigquery.Client
) -> None:
    """A long string cannot be moved to the disk. The test notes each change of the limit."""
    note = settings.directory / "limits"
    small = (
        "from warehouse import memory_limit\n"
        "memory_limit.LIMIT, execute = '60 MiB', memory_limit._execute\n"
        f"memory_limit._execute = lambda sql: (execute(sql), open({str(note)!r}, 'a').write(sql[:5]))"
    )
    start_process.start(after(settings, small)).wait()
    text = "string_agg(concat(cast(n as string), repeat('x', 50)))"
    long = f"select length({text}) as length from unnest(generate_array(1, 500000)) n"

    def limits() -> str:
        text = note.read_text()
        note.write_text("")
        return text

    client.query_and_wait("select 1")
    assert limits() == "SET G"
    expected = sum(len(str(number)) + 50 for number in range(1, 500_001)) + 499_999
    assert [row.length for row in client.query_and_wait(long)] == [expected]
    assert limits() == "RESETSET G"
    client.create_dataset("kept")
    client.query_and_wait(f"create table kept.long as {long}; select 1")
    assert limits().endswith("RESETSET G")
    assert [row.length for row in client.query_and_wait("select length from kept.long")] == [expected]
    assert limits() == ""


def test_health_fails_with_the_database(settings: Platform, start_process: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "close"
    closing = (
        "import pathlib, threading, time\n"
        "from local_bigquery.engine import database\n"
        "def close():\n"
        f"    while not pathlib.Path({str(order)!r}).exists(): time.sleep(0.05)\n"
        "    database.connection().close()\n"
        "threading.Thread(target=close, daemon=True).start()"
    )
    process = start_process.start(after(settings, closing))
    process.wait()
    order.touch()
    while process.healthy():
        time.sleep(0.1)
    with pytest.raises(urllib.error.HTTPError) as raised:
        urllib.request.urlopen(process.service.health_url, timeout=5)
    assert raised.value.code == 503
    assert json.load(raised.value)["status"] == "error"
    raised.value.close()


def test_what_it_cannot_open_is_named_with_what_to_do(
    local_platform: RunningPlatform, warehouse: Server, start_process: Supervisor, tmp_path: Path
) -> None:
    running, first = local_platform.services.processes["warehouse"], local_platform.settings
    (tmp_path / "unreadable/warehouse/emulator.duckdb").mkdir(parents=True)  # root can read every file
    others = {
        "Stop the other process, or use another --data-dir": Platform(first.directory, free_ports(PORTS)),
        "Stop the other process, or use another --port": Platform(tmp_path / "other", first.ports),
        "Make its files readable and writable": Platform(tmp_path / "unreadable", free_ports(PORTS)),
    }
    refused: dict[str, Process] = {}
    for advice, other in others.items():
        service = other.warehouse()
        refused[advice] = start_process.start(
            Service(f"warehouse {len(refused)}", service.command, service.environment, service.health_url)
        )
    for advice, process in refused.items():
        assert process.popen.wait(timeout=60) == 1
        assert advice in process.tail()
    assert running.popen.poll() is None


def test_a_key_file_gets_its_token_here(warehouse: Server) -> None:
    with urllib.request.urlopen(urllib.request.Request(f"{warehouse.url}/token", method="POST")) as answer:
        assert json.load(answer)["token_type"] == "Bearer"

"""`make bench`: measured figures of the default platform, as a table. Figures that are compared come from one run."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from statistics import quantiles
from typing import Any

import dagster as dg
import httpx
import psutil
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

import platform_kit.s3
from connections_file import Source, Stream, SyncMode
from orchestrator.checks.run import TableChecks
from orchestrator.files import Bucket
from orchestrator.reading.formats import stream_files
from orchestrator.warehouse import Warehouse
from tests.integration.syncs import Syncs, s3_configuration
from tools import dagster_run
from tools.local.free_ports import free_ports
from tools.local.platform import ENVIRONMENTS, Platform
from tools.local.processes import Supervisor
from tools.settings_table import PORTS

ROWS = int(os.environ.get("BENCH_ROWS", "1000000"))
MEBIBYTE = 2**20


def orders(path: Path, rows: int) -> None:
    """Write a CSV of orders with the columns of jaffle_shop_orders."""
    statuses = ["placed", "shipped", "completed", "returned"]
    with path.open("w") as file:
        file.write("id,user_id,order_date,status\n")
        file.writelines(f"{i},{i % 9973},2018-01-{i % 28 + 1:02d},{statuses[i % 4]}\n" for i in range(1, rows + 1))


def timed(action: Callable[[], Any]) -> float:
    """Return the seconds that a call takes."""
    start = time.monotonic()
    action()
    return time.monotonic() - start


@contextmanager
def peak_memory(pid: int) -> Iterator[list[float]]:
    """Give a list whose only item becomes the process's highest resident memory (MiB) within the block."""
    process, done, peak = psutil.Process(pid), threading.Event(), [0.0]

    def sample() -> None:
        while not done.wait(0.05):
            peak[0] = max(peak[0], process.memory_info().rss / MEBIBYTE)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield peak
    finally:
        done.set()
        thread.join()


@contextmanager
def processor(services: Supervisor, *names: str) -> Iterator[list[float]]:
    """Give a list whose only item becomes the processor seconds that services and their children used in the block."""

    def used() -> float:
        roots = [psutil.Process(services.processes[name].popen.pid) for name in names]
        times = [each.cpu_times() for root in roots for each in (root, *root.children(recursive=True))]
        return sum(each.user + each.system + each.children_user + each.children_system for each in times)

    started, worked = used(), [0.0]
    try:
        yield worked
    finally:
        worked[0] = used() - started


@contextmanager
def repeated(actions: dict[str, Callable[[], Any]]) -> Iterator[dict[str, list[float]]]:
    """Give the seconds that each call took, called one after the other, again and again, within the block."""
    seconds: dict[str, list[float]] = {name: [] for name in actions}
    done = threading.Event()

    def call() -> None:
        while not done.wait(0.05):
            for name, action in actions.items():
                seconds[name].append(timed(action))

    with ThreadPoolExecutor() as pool:
        calling = pool.submit(call)
        try:
            yield seconds
        finally:
            done.set()
            calling.result()


def connector_alone(source: dict[str, Any], directory: Path) -> float:
    """Return the seconds that source-s3, started as its own command, takes to write the stream to nowhere."""
    stream = {"name": "orders", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    command = [str(ENVIRONMENTS / "connectors/source-s3/bin/source-s3"), "--config", str(directory / "config.json")]
    (directory / "config.json").write_text(json.dumps(source))
    discovered = subprocess.run(
        [command[0], "discover", *command[1:]], capture_output=True, text=True, env=connector_environment(), check=True
    )
    for line in discovered.stdout.splitlines():
        if '"CATALOG"' in line:
            stream = json.loads(line)["catalog"]["streams"][0]
    configured = {"stream": stream, "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    (directory / "catalog.json").write_text(json.dumps({"streams": [configured]}))
    read = [command[0], "read", *command[1:], "--catalog", str(directory / "catalog.json")]
    return timed(
        lambda: subprocess.run(
            read, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=connector_environment(), check=True
        )
    )


def connector_environment() -> dict[str, str]:
    """The environment of a connector that is started by hand; byte code is written, as airbyte-lite has it."""
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def measure(directory: Path) -> list[tuple[str, str]]:
    """Run everything and return rows of (what, figure)."""
    platform = Platform(directory, free_ports(PORTS))
    platform.prepare()
    figures: list[tuple[str, str]] = []
    with Supervisor(directory / "logs") as services:
        for service in (platform.s3(), platform.warehouse(), platform.airbyte()):
            process = services.start(service)
            figures.append((f"{service.name}: start to healthy", f"{process.wait():.1f} s"))
            memory = psutil.Process(process.popen.pid).memory_info().rss / MEBIBYTE
            figures.append((f"{service.name}: memory when idle", f"{memory:.0f} MiB"))
        s3 = platform_kit.s3.client(platform.environment)
        s3.create_bucket(Bucket="bench")
        for rows in (100, ROWS):
            orders(directory / "orders.csv", rows)
            s3.upload_file(str(directory / "orders.csv"), "bench", f"orders-{rows}.csv")
        options = {"api_endpoint": platform.url("warehouse")}
        client = bigquery.Client("local-dev", AnonymousCredentials(), client_options=options)
        client.create_dataset("bench")
        with httpx.Client(base_url=platform.url("airbyte"), timeout=60) as http:
            figures += measure_syncs(Syncs(http, client), platform, services, directory)
        figures += measure_pipeline(platform, services)
    return figures


def measure_pipeline(platform: Platform, services: Supervisor) -> list[tuple[str, str]]:
    """Return the figures of the whole job on the seed files: bootstrap, then Dagster's run from launch to end."""
    platform.prepare()
    dagster = services.start(platform.dagster()).wait()
    figures = [("dagster: start to healthy", f"{dagster:.1f} s")]
    for arguments in (("seed",), ("apply",), ("apply",)):
        command, variables = platform.command("bootstrap", "bootstrap", *arguments)
        run = partial(subprocess.run, command, env=variables, check=True, stdout=subprocess.DEVNULL)
        figures.append((f"bootstrap {arguments[0]}", f"{timed(run):.1f} s"))
    for which in ("first", "second"):
        with redirect_stdout(StringIO()):
            seconds = dagster_run.run(platform.url("dagster"))
        figures.append((f"all_assets, {which} run, launch to end", f"{seconds:.1f} s"))
    return figures


def measure_syncs(syncs: Syncs, platform: Platform, services: Supervisor, directory: Path) -> list[tuple[str, str]]:
    """Return the figures of small and large syncs, and of the connector alone."""
    small = s3_configuration(platform.url("s3"), "bench", "small", ["orders-100.csv"])
    connection = syncs.connect(small, "bench", "full_refresh_overwrite")
    syncs.sync(connection)
    figures = [("sync of 100 rows, start to end", f"{timed(partial(syncs.sync, connection)):.2f} s")]
    large = s3_configuration(platform.url("s3"), "bench", "orders", [f"orders-{ROWS}.csv"])
    alone = connector_alone(large, directory)
    figures.append((f"source-s3 alone, {ROWS:,} rows to nowhere", f"{ROWS / alone:,.0f} rows/s"))
    pid = services.processes["airbyte"].popen.pid
    modes: tuple[SyncMode, ...] = ("full_refresh_overwrite", "incremental_deduped_history")
    for mode in modes:
        connection = syncs.connect(large, "bench", mode, "id", prefix=f"{mode}_")
        with peak_memory(pid) as peak, processor(services, "airbyte", "warehouse") as worked:
            seconds = timed(partial(syncs.sync, connection))
        figures.append((f"airbyte-lite, {mode}, {ROWS:,} rows", f"{ROWS / seconds:,.0f} rows/s"))
        figures.append(("  ratio to the connector alone", f"{alone / seconds:.2f}"))
        figures.append(("  airbyte-lite's own peak memory", f"{peak[0]:.0f} MiB"))
        checks = check(platform, services, large, mode)
        figures.append(("  landing checks, processor time", f"{checks:.2f} s"))
        figures.append(("  share of the sync's processor time", f"{100 * checks / worked[0]:.1f} %"))
    return figures + measure_answers(syncs, syncs.connect(large, "bench", "full_refresh_overwrite"))


def check(platform: Platform, services: Supervisor, source: dict[str, Any], mode: SyncMode) -> float:
    """Run the checks of the landing table of a large sync; return the processor seconds, also the warehouse's."""
    stream = Stream(name="orders", sync_mode=mode, primary_key=[["id"]], dbt_source="bench.orders")
    os.environ.update(platform.environment | {"S3_BUCKET": "bench"})
    files = stream_files(stream, Source(name="bench", connector="source-s3", configuration=source))
    checks = TableChecks(stream, f"local-dev.bench.{mode}_orders", files)
    with dg.DagsterInstance.ephemeral() as instance, processor(services, "warehouse") as worked:
        started, warehouse = time.process_time(), Warehouse()
        names = {spec.name for spec in checks.specs}
        results = list(checks.results(checks.read(warehouse), names, warehouse, Bucket(), instance))
        seconds = time.process_time() - started
    failed = [result for result in results if not result.passed]
    if len(results) != len(names) or failed:
        raise RuntimeError(f"checks of {mode}: {results}")
    return seconds + worked[0]


def measure_answers(syncs: Syncs, connection: str) -> list[tuple[str, str]]:
    """Return how fast the warehouse and Airbyte's API answer, alone and while a large connection syncs."""
    actions: dict[str, Callable[[], Any]] = {
        "query": lambda: list(syncs.bigquery.query_and_wait("select count(*) from bench.small")),
        "list of connections": lambda: syncs.call("GET", "connections"),
    }
    figures = []
    for when, action in (("idle", partial(time.sleep, 5)), ("during a sync", partial(syncs.sync, connection))):
        with repeated(actions) as seconds:
            action()
        for name, each in seconds.items():
            middle, slow = (quantiles(each, n=100, method="inclusive")[at] * 1000 for at in (49, 94))
            figures.append((f"{name}, {when}: median, 95 %", f"{middle:.0f} ms, {slow:.0f} ms"))
    return figures


def main() -> None:
    """Print the table."""
    directory = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        figures = measure(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    width = max(len(what) for what, _ in figures)
    for what, figure in figures:
        sys.stdout.write(f"{what:<{width}}  {figure:>16}\n")


if __name__ == "__main__":
    main()

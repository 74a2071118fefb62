"""Measures the platform as processes, as `make dev` runs it: start, runs, syncs, pages."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from benchmarks.latency import answers, pages
from benchmarks.latency.runs import one
from benchmarks.measure import SETTLE_SECONDS, Part, cpu_seconds, memory
from benchmarks.options import Options
from benchmarks.rounds import Deadline, say, shown
from benchmarks.workspace import workspace
from tests.integration.syncs import Syncs, s3_configuration
from tools.local.free_ports import free_ports
from tools.local.platform import Platform
from tools.local.processes import Supervisor
from tools.local.startup import bootstrap
from tools.settings_table import PORTS

SYNCS, DATASET = 10, "bench"
MODES = {"the whole table again": "full_refresh_overwrite", "no file has changed": "incremental_append"}
LEAST_RUNS = 4
Keep = Callable[[dict[str, Any]], None]


def measure(asked: Options, deadline: Deadline, keep: Keep) -> None:
    """Measure; after each step, give what was found to `keep`."""
    with workspace("latency") as folder, Supervisor(folder / "logs") as services:
        platform = Platform(folder, free_ports(PORTS))
        keep({"start": start(platform, services)})
        parts = [Part(name, process.popen.pid) for name, process in services.processes.items()]
        keep({"idle_memory": {part.name: round(memory(part)) for part in parts}})
        measure_runs(platform, parts, asked.runs, deadline, keep)
        with clients(platform) as syncs:
            keep({"syncs": measure_syncs(platform, syncs)})
            services.start(platform.console()).wait()
            try:
                keep({"pages": pages.measure(platform.url("console"), deadline)})
            except Exception as error:
                say(f"  pages: {shown(error)}")
                keep({"pages_error": shown(error)})
            keep({"answers": answers.measure(platform, syncs, DATASET, asked.rows)})


def start(platform: Platform, services: Supervisor) -> dict[str, float]:
    """Start all services at once and configure them; return the seconds until each was healthy, and of bootstrap."""
    platform.prepare()
    for service in platform.services():
        if service.name == "dagster":  # no run of its own accord between those that are measured
            service = dataclasses.replace(service, environment=service.environment | {"FILE_SENSOR": "no"})
        services.start(service)
    seconds: dict[str, float] = {}
    services.wait(lambda name, after: seconds.update({name: round(after, 2)}))
    for command in ("seed", "apply"):
        started = time.monotonic()
        bootstrap(platform, command)
        seconds[f"bootstrap {command}"] = round(time.monotonic() - started, 2)
    say(f"    started: {seconds}")
    return seconds


def measure_runs(platform: Platform, parts: list[Part], count: int, deadline: Deadline, keep: Keep) -> None:
    """Run all assets so often, one after the other, with the processor time of each service."""
    found: list[dict[str, Any]] = []
    for at in range(count):
        if at >= LEAST_RUNS and deadline.is_over:
            say(f"    the time was over after {at} runs")
            return
        before = {part.name: cpu_seconds(part) for part in parts}
        run = one(platform.url("dagster"))
        time.sleep(SETTLE_SECONDS)
        run["cpu"] = {part.name: round(cpu_seconds(part) - before[part.name], 2) for part in parts}
        found.append(run)
        say(f"    run {at + 1}: {run['seconds']:.2f} s  {run['split']}")
        keep({"runs": found})


@contextmanager
def clients(platform: Platform) -> Iterator[Syncs]:
    """Give clients of airbyte-lite and of the emulator, with a dataset for what they load."""
    options = {"api_endpoint": platform.url("warehouse")}
    client = bigquery.Client(platform.environment["BQ_PROJECT"], AnonymousCredentials(), client_options=options)
    client.create_dataset(DATASET, exists_ok=True)
    with httpx.Client(base_url=platform.url("airbyte"), timeout=60) as http:
        yield Syncs(http, client)


def measure_syncs(platform: Platform, syncs: Syncs) -> dict[str, list[float]]:
    """Return the seconds of syncs of 100 rows, from the request to the end that a client sees."""
    source = s3_configuration(
        platform.url("s3"), platform.environment["S3_BUCKET"], "customers", ["jaffle_shop/jaffle_shop_customers.csv"]
    )
    found: dict[str, list[float]] = {}
    for title, mode in MODES.items():
        connection = syncs.connect(source, DATASET, mode, "id", prefix=f"{mode}_")
        syncs.sync(connection)
        found[title] = []
        for _ in range(SYNCS):
            started = time.monotonic()
            syncs.sync(connection)
            found[title].append(round(time.monotonic() - started, 3))
    say(f"    syncs: {found}")
    return found

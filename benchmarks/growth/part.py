"""Measures generated projects: the code location, Dagster's memory, the asset graph, and `make apply`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import platform_kit.s3
from benchmarks.growth.project import OURS_CONNECTIONS, content, generate
from benchmarks.measure import Cost, Part, measure_call, measure_command, memory
from benchmarks.options import Options
from benchmarks.rounds import Deadline, say, shown
from benchmarks.workspace import workspace
from tools import dagster_run
from tools.local.free_ports import free_ports
from tools.local.platform import Platform
from tools.local.processes import Service, Supervisor
from tools.settings_table import PORTS

PROJECTS = ((3, 6), (20, 100), (60, 300), (60, 1000), (200, 1000))
"""Connections and models. The first one is the platform's own project."""
APPLIED = 300
"""`make apply` is measured with at most so many models: it knows no models, and each new connection takes its time."""
QUERIES = 5
LOAD = """
import json
from orchestrator.definitions import defs
graph = defs.resolve_asset_graph()
print(json.dumps({"assets": len(graph.get_all_asset_keys()), "checks": len(graph.asset_check_keys)}))
"""
GRAPH = """{ assetNodes { id graphName groupName opNames kinds isMaterializable isExecutable computeKind
  hasMaterializePermission hasAssetChecks assetKey { path } dependencyKeys { path } dependedByKeys { path }
  partitionDefinition { description }
  tags { key value } owners { ... on TeamAssetOwner { team } ... on UserAssetOwner { email } }
  repository { id name location { id name } } } }"""
"""The fields that Dagster's page of the asset graph shows."""


def measure(asked: Options, deadline: Deadline, keep: Callable[[dict[str, Any]], None]) -> None:
    """Measure the projects, the smallest first; after each one, give all results so far to `keep`."""
    found: list[dict[str, Any]] = []
    for connections, models in PROJECTS:
        if models > (asked.models or models):
            continue
        entry: dict[str, Any] = {"connections": connections, "models": models}
        if deadline.is_over:
            entry["error"] = "the time was over"
        else:
            try:
                with workspace("growth") as folder:
                    entry |= measure_project(folder, connections, models)
            except Exception as error:
                entry["error"] = shown(error)
        say(f"  {json.dumps(entry)}")
        found.append(entry)
        keep({"projects": found})


def measure_project(folder: Path, connections: int, models: int) -> dict[str, Any]:
    """Return the figures of one project."""
    settings = generate(folder / "project", connections, models) | {"FILE_SENSOR": "no"}
    platform = Platform(folder, free_ports(PORTS))
    platform.prepare()
    (python, *_), variables = platform.command("orchestrator", "orchestrator")
    load = partial(measure_command, [python, "-c", LOAD], variables | settings, folder, "code location")
    first, _ = load()
    second, output = load()
    figures: dict[str, Any] = json.loads(output.splitlines()[-1]) | {
        "first_load_cpu": round(cpu(first), 2),
        "load_cpu": round(cpu(second), 2),
        "load_wall": round(second.wall, 2),
        "load_memory": round(second.total_memory),
    }
    with Supervisor(folder / "logs") as services:
        figures |= measure_dagster(services, with_settings(platform.dagster(), settings), platform)
    if models <= APPLIED:
        with Supervisor(folder / "logs") as services:
            figures |= measure_apply(services, platform, settings, connections)
    return figures


def measure_dagster(services: Supervisor, service: Service, platform: Platform) -> dict[str, float]:
    """Return Dagster's start, its memory, and the cost of the query of the asset graph."""
    process = services.start(service)
    started = process.wait(300)
    dagster = Part("dagster", process.popen.pid)
    ask: partial[dict[str, Any]] = partial(dagster_run.query, platform.url("dagster"), GRAPH)
    ask()
    costs = [measure_call(ask, [dagster]) for _ in range(QUERIES)]
    return {
        "dagster_start": round(started, 1),
        "dagster_memory": round(memory(dagster)),
        "query_wall": round(min(cost.wall for cost in costs), 3),
        "query_cpu": round(min(cpu(cost) for cost in costs), 3),
    }


def measure_apply(
    services: Supervisor, platform: Platform, settings: dict[str, str], connections: int
) -> dict[str, float]:
    """Return the seconds of `make apply` with all connections new, and with none changed."""
    for service in (platform.s3(), platform.warehouse(), platform.airbyte()):
        services.start(service)
    services.wait()
    command, variables = platform.command("bootstrap", "bootstrap")
    run = partial(measure_command, environment=variables | settings, folder=platform.directory, name="bootstrap")
    run([*command, "seed"])
    s3 = platform_kit.s3.client(platform.environment)
    for at in range(connections - OURS_CONNECTIONS):
        s3.put_object(Bucket=variables["S3_BUCKET"], Key=f"generated/table_{at:04d}.csv", Body=content())
    parts = [Part("airbyte-lite", services.processes["airbyte"].popen.pid)]
    new, _ = run([*command, "apply"], parts=parts)
    same, _ = run([*command, "apply"], parts=parts)
    return {
        "apply_wall": round(new.wall, 2),
        "apply_cpu": round(cpu(new), 2),
        "apply_again_wall": round(same.wall, 2),
        "airbyte_memory": round(memory(parts[0])),
    }


def cpu(cost: Cost) -> float:
    """Return the processor seconds of all parts."""
    return sum(cost.cpu.values())


def with_settings(service: Service, settings: dict[str, str]) -> Service:
    """Return a service that reads the generated project."""
    return dataclasses.replace(service, environment=service.environment | settings)

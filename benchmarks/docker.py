"""The part `docker`: the platform on Docker Compose, in a copy of this checkout with a name and ports of its own."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException

from benchmarks.latency.runs import one
from benchmarks.options import Options
from benchmarks.rounds import Deadline, say
from tests.e2e.stack import Stack, container_memory

RUNS = 7


def measure(asked: Options, deadline: Deadline, keep: Callable[[dict[str, Any]], None]) -> None:  # noqa: ARG001
    """Measure `make up` and runs in containers. Raises RuntimeError when no engine answers."""
    try:
        engine = docker.from_env()
    except DockerException as error:
        raise RuntimeError("no Docker engine answers. Start one: make docker-engine") from error
    with tempfile.TemporaryDirectory(prefix="bench-docker-") as folder:
        stack = Stack(Path(folder), engine)
        stack.copy()
        with (stack.folder / ".env").open("a") as settings:
            settings.write("\nFILE_SENSOR=no\nDBT_DOCS=no\n")  # no run between those that are measured
        try:
            found: dict[str, Any] = {"up_with_images": up(stack)}
            stack.make("down")
            found["up"] = up(stack)
            keep(found)
            found["runs"] = []
            for at in range(RUNS):
                found["runs"].append(one(stack.url("DAGSTER_PORT")))
                say(f"    run {at + 1}: {found['runs'][-1]}")
                keep(found)
            found["memory"] = memory(stack)
            keep(found)
        finally:
            stack.try_make("reset", "CI=true")
            for image in engine.images.list(filters={"reference": f"{stack.project}-*"}):
                engine.images.remove(str(image.id), force=True)
            engine.close()


def up(stack: Stack) -> float:
    """Return the seconds of `make up`, until every service is healthy."""
    started = time.monotonic()
    stack.make("up")
    return round(time.monotonic() - started, 1)


def memory(stack: Stack) -> dict[str, float]:
    """Return the memory (MiB) of each service's container, as `docker stats` tells it: without the page cache."""
    found = {}
    for container in stack.engine.containers.list(filters={"label": f"com.docker.compose.project={stack.project}"}):
        service = re.fullmatch(rf"{re.escape(stack.project)}-(.+)-\d+", str(container.name))
        if service:  # else, it is the container of a run that ends
            found[service[1]] = round(container_memory(container))
    return dict(sorted(found.items()))

"""`make down`, `make reset`: stop everything, run workers first; reset also removes the data."""

from __future__ import annotations

import os
import sys

from tools.stack.compose import StackError, connectors, output, read_env, run_workers, say, show


def down(*options: str) -> None:
    """Remove the platform's containers and networks; the data stays."""
    if not read_env():
        raise StackError("there is no .env, so nothing of this checkout can be running.")
    # Those first that launch containers; run workers are not Compose's, and hold the network.
    everything = ["docker", "compose", "--profile", "*", "--progress", "quiet"]  # of every mode: it may have changed
    output(*everything, "stop", "daemon", "webserver", "airbyte-worker", check=False)
    if connectors():
        output("docker", "rm", "--force", *connectors(), check=False)
    workers = run_workers()
    if workers:
        running = run_workers("status=running")
        output("docker", "rm", "--force", *workers)
        say(f"  removed {len(workers)} run workers, {len(running)} of them running")
    show(*everything, "down", "--remove-orphans", *options)


def stop() -> None:
    """`make down`."""
    down()
    say("stopped; the data is kept. Again: make up. Remove the data too: make reset")


def reset() -> None:
    """`make reset`: asks, unless CI=true, then removes the volumes too."""
    if os.environ.get("CI") != "true":
        if not sys.stdin.isatty():
            raise StackError("this removes all data and there is nobody to ask. To agree: CI=true make reset")
        project = read_env().get("COMPOSE_PROJECT_NAME", "")
        if input(f"Remove all data of {project} (warehouse, Airbyte, Dagster's history)? [y/N] ").lower() != "y":
            raise StackError("stopped, nothing was removed.")
    down("--volumes")
    say("stopped, data removed. Again: make up")

"""`make down` stops the platform with its run workers; `make reset` also removes the data."""

from __future__ import annotations

import os
import sys

from tools.stack.compose import StackError, connectors, output, read_env, run_workers, say, show
from tools.stack.running import without_containers


def down(*options: str) -> None:
    """Remove the platform's containers and networks; the data stays."""
    if not read_env():
        raise without_containers(".env not found, so no containers of this checkout can run. To start them: make up")
    # First stop the services that launch containers. Compose does not know the run workers and the connectors, and it
    # cannot remove the network while one of them exists.
    # Every profile: the containers may belong to a mode that .env does not name any more.
    everything = ["docker", "compose", "--profile", "*", "--progress", "quiet"]
    output(*everything, "stop", "daemon", "webserver", "airbyte", "airbyte-worker", check=False)
    if connectors():
        output("docker", "rm", "--force", "--volumes", *connectors(), check=False)  # the volumes have secrets
    workers = run_workers()
    if workers:
        running = run_workers("status=running")
        output("docker", "rm", "--force", *workers)
        say(f"  removed {len(workers)} run workers ({len(running)} were still running)")
    show(*everything, "down", "--remove-orphans", *options)


def stop() -> None:
    """Stop the platform and keep its data. Raises StackError when there is nothing to stop or Compose fails."""
    down()
    say("The platform is stopped. Its data is kept. Start again: make up. Remove the data too: make reset")


def reset() -> None:
    """Stop the platform and remove its data. Asks first, unless CI=true.

    Raises StackError when the answer is not "y", or when there is no terminal to ask on.
    """
    if os.environ.get("CI") != "true":
        if not sys.stdin.isatty():
            raise StackError(
                "make reset removes all data and asks first, and this is not a terminal. Nothing was removed. "
                "To remove the data without a question: CI=true make reset"
            )
        project = read_env().get("COMPOSE_PROJECT_NAME", "")
        if input(f"Remove all data of {project} (warehouse, Airbyte, Dagster's history)? [y/N] ").lower() != "y":
            raise StackError("not confirmed. Nothing was stopped or removed.")
    down("--volumes")
    say("The platform is stopped and its data is removed. Start again: make up")

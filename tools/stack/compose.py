"""Runs the command lines of Docker and Compose with this checkout's compose file and .env."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tools import endings, env_file
from tools.settings_table import TABLE

ROOT = Path(__file__).resolve().parents[2]
ENV_FILE = ROOT / ".env"
RUN_WORKER = "data-platform.run-worker"  # label that the socket proxy gives run workers; its value is the project
CONNECTOR = "data-platform.connector"  # the same for Airbyte's connectors


class StackError(Exception):
    """An error that the user can correct. The message says what happened, why, and the next command."""


def say(text: str) -> None:
    """Print a line and flush it, so that it also appears at once in a pipe."""
    print(text, flush=True)


def output(*command: str, check: bool = True) -> str:
    """Run a command in the checkout and return what it printed. Raises StackError with its error output."""
    try:
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise StackError(
            f"{command[0]} is not installed. Install it (Debian: make docker-engine), or run without Docker: make demo"
        ) from error
    if check and result.returncode:
        raise StackError(f"`{' '.join(command)[:200]}` failed:\n{result.stderr.strip() or result.stdout.strip()}")
    return result.stdout


def succeeds(*command: str) -> bool:
    """Run a command without output and return whether it succeeded. A command that is not installed has failed."""
    try:
        return subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except FileNotFoundError:
        return False


def show(*command: str, **variables: str) -> None:
    """Run a command with its output shown and variables added to its environment. Raises StackError when it fails."""
    if subprocess.run(
        command, cwd=ROOT, env={**os.environ, **variables}, preexec_fn=endings.end_with_parent
    ).returncode:
        raise StackError(f"`{' '.join(command)[:200]}` failed: see the lines above.")


def read_env() -> dict[str, str]:
    """Return the variables that Compose uses; an empty dictionary without .env.

    They are those of .env, in its order. A value of the environment replaces the value in .env. Settings that are in
    .env.example but not in .env are taken from the environment too.
    """
    settings = read_file()
    return settings | {name: os.environ[name] for name in (*settings, *known()) if settings and name in os.environ}


def known() -> list[str]:
    """Return the names of all settings in .env.example, also of those that are commented out there."""
    return [setting.name for setting in TABLE.values() if setting.env != "none"]


def read_file() -> dict[str, str]:
    """Return the variables of .env without those of the environment."""
    return env_file.read(ENV_FILE)


def project() -> str:
    """Return the project name: the prefix of this checkout's containers, networks, volumes and images.

    Raises StackError when .env has none.
    """
    name = read_env().get("COMPOSE_PROJECT_NAME")
    if not name:
        raise StackError("COMPOSE_PROJECT_NAME is missing in .env. To add it: make env")
    return name


@functools.cache
def config() -> dict[str, Any]:
    """Return the resolved compose file. Raises StackError with Compose's error message."""
    resolved: dict[str, Any] = json.loads(output("docker", "compose", "config", "--format", "json"))
    return resolved


def states() -> dict[str, dict[str, Any]]:
    """Return the engine's state of each service's container, by service."""
    # Run workers inherit the labels of the images that Compose builds. They have no label "oneoff": Compose gives that
    # one to its containers only.
    own = [
        "--filter",
        f"label=com.docker.compose.project={project()}",
        "--filter",
        "label=com.docker.compose.oneoff=False",
    ]
    listed = output("docker", "ps", "--all", "--quiet", *own).split()
    if not listed:
        return {}
    form = '{"service": {{json (index .Config.Labels "com.docker.compose.service")}}, "state": {{json .State}}}'
    lines = output("docker", "inspect", "--format", form, *listed, check=False).splitlines()
    return {entry["service"]: entry["state"] for entry in map(json.loads, lines)}


def connectors() -> list[str]:
    """Return the ids of the containers in which Airbyte, the real one or airbyte-lite, runs connectors."""
    own = f"label={CONNECTOR}={project()}"
    return output("docker", "ps", "--all", "--quiet", "--filter", own).split()


def run_workers(*filters: str) -> list[str]:
    """Return the ids of this platform's run workers, running or not, that pass Docker's filters."""
    own = f"label={RUN_WORKER}={project()}"
    options = [part for item in (own, *filters) for part in ("--filter", item)]
    return output("docker", "ps", "--all", "--quiet", *options).split()


def urls(variables: dict[str, str]) -> dict[str, str]:
    """Return the address of each service that publishes a port, by service."""
    url = {
        setting.port_of: f"http://127.0.0.1:{variables.get(setting.name) or setting.default}"
        for setting in TABLE.values()
        if setting.port_of
    }
    return {
        "console": url["console"],
        "webserver": url["dagster"],
        "airbyte": f"{url['airbyte']}/docs",
        "airbyte-proxy": url["airbyte"],
        "warehouse": url["warehouse"],
        "localstack": url["s3"],
    }


def warn(text: str) -> None:
    """Print to standard error."""
    print(text, file=sys.stderr, flush=True)

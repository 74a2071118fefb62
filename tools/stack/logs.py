"""`make logs`: follows the logs of the platform that runs in this checkout, on Docker or as `make dev`."""

from __future__ import annotations

import contextlib
import os

from tools.local import claims
from tools.stack.compose import ENV_FILE, StackError, config, show, states

LINES = "100"  # of each service, before the new ones
DIRECTORY = claims.DEVELOPMENT / "logs"
# `make dev` has one process where Compose has several containers.
PROCESSES = {"localstack": "s3", "webserver": "dagster", "daemon": "dagster", "code": "dagster"}


def logs() -> None:
    """Follow the logs of all services, or of the one that the variable SERVICE names, until Ctrl-C.

    Raises StackError when there is no log, or no service of that name.
    """
    command = command_line(os.environ.get("SERVICE", "").strip())
    with contextlib.suppress(KeyboardInterrupt):
        show(*command)


def command_line(service: str) -> list[str]:
    """Return the command that follows the log of a service; "" is all of them. Raises StackError as `logs` does."""
    if claims.is_claimed(claims.DEVELOPMENT) or (DIRECTORY.is_dir() and not has_containers()):
        return ["tail", "-n", LINES, "-F", *files(service)]
    if not ENV_FILE.exists():
        raise StackError("nothing has run in this checkout. Start the platform: make up, or without Docker make dev")
    check(service, set(config()["services"]))
    return ["docker", "compose", "logs", "--follow", "--tail", LINES, *filter(None, [service])]


def has_containers() -> bool:
    """Return whether this checkout has containers of Compose, running or stopped; False if the engine cannot tell."""
    try:
        return ENV_FILE.exists() and bool(states())
    except StackError:  # no Docker, the engine does not answer, or .env has no project name
        return False


def files(service: str) -> list[str]:
    """Return the log files of `make dev`; if it does not run, those of its last run. Raises StackError without one."""
    found = {file.stem: str(file) for file in sorted(DIRECTORY.glob("*.log"))}
    if not found:
        raise StackError(f"{DIRECTORY} has no logs yet. `make dev` starts a log with each service. Look again later")
    check(service, {*found, *(name for name, process in PROCESSES.items() if process in found)})
    return [found[PROCESSES.get(service, service)]] if service else list(found.values())


def check(service: str, known: set[str]) -> None:
    """Raise StackError if a name was given and no service has it."""
    if service and service not in known:
        raise StackError(f"there is no service {service}. There are: {', '.join(sorted(known))}")

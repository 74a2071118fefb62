"""Finds what runs in this checkout. Another checkout's platform may listen on the same ports; no command may use it."""

from __future__ import annotations

import os
import shutil

from tools.local import claims
from tools.settings_table import TABLE, refusals
from tools.stack.compose import ENV_FILE, StackError, output, states, warn


class NotRunningError(StackError):
    """The platform of this checkout does not run. The message says how to start it."""

    def __init__(self, what: str, variable: str) -> None:
        """`what` does not run; the setting `variable` names another one instead."""
        starting = claims.is_claimed(claims.DEVELOPMENT)
        start = (
            "`make dev` is still starting" if starting else "start the platform: make up, or without Docker make dev"
        )
        example = f"{variable}={TABLE[variable].default}"
        super().__init__(
            f"{what} does not run in this checkout. Next: {start}. To use one elsewhere, name it: {example}"
        )


def without_containers(message: str) -> StackError:
    """Return the error of a command for containers: the message, or that `make dev` runs here without them."""
    development = claims.development()
    if development is None:
        return StackError(message)
    addresses = f"Dagster {development['DAGSTER_URL']}, Airbyte {development['AIRBYTE_URL']}"
    return StackError(
        f"`make dev` runs in this checkout, without containers: {addresses}. Ctrl-C in its terminal stops it"
    )


def check_shell(*names: str) -> None:
    """Raise StackError for an invalid setting among these variables of the shell."""
    reasons = refusals({name: os.environ[name] for name in names if name in os.environ})
    if reasons:
        raise StackError("\n".join(reasons.values()))


def compose_services() -> set[str]:
    """Return the names of the services of this checkout's Compose project that are running; none without Docker."""
    if not ENV_FILE.exists() or shutil.which("docker") is None:
        return set()
    try:
        return {service for service, state in states().items() if state["Running"]}
    except StackError:  # the engine does not answer, or .env has no project name
        return set()


def restart_console() -> None:
    """Restart the console on Docker, if it runs, after connections.yaml was replaced: it still has the old file."""
    if "console" not in compose_services():
        return
    try:
        output("docker", "compose", "restart", "console")
    except StackError as error:
        warn(f"the console may still show the old connections.yaml: {error}\nNext: make up")

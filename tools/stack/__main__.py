"""The commands for the platform on Docker Compose: `python -m tools.stack COMMAND`, called by the Makefile."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from tools import endings
from tools.stack import doctor, down, env, images, logs, modes, ps, run, up
from tools.stack.compose import StackError, read_env, warn


def prepared_for(command: Callable[[], None]) -> Callable[[], None]:
    """Return a command that first checks the engine and makes .env, which Compose needs to read docker-compose.yml.

    Without an engine, images would seem to be missing, and stand-ins would be built for minutes.
    """

    def prepared() -> None:
        doctor.require_engine()
        env.make_env()
        command()

    return prepared


COMMANDS: dict[str, Callable[[], None]] = {
    "env": env.make_env,
    "doctor": doctor.doctor,
    "up": up.up,
    "run": run.run,
    "ps": ps.ps,
    "logs": logs.logs,
    "down": down.stop,
    "reset": down.reset,
    "images": prepared_for(images.make_images),
    "images-save": prepared_for(images.save),
    "images-load": prepared_for(images.load),
}


def main(arguments: list[str]) -> int:
    """Run one command; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in COMMANDS:
        warn(f"usage: python -m tools.stack {'|'.join(COMMANDS)}")
        return 2
    os.environ.update(modes.environment(read_env()))
    try:
        COMMANDS[arguments[0]]()
    except StackError as error:
        warn(f"{arguments[0]}: {error}")
        return 1
    except KeyboardInterrupt:
        warn("")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(endings.ended("".join(sys.argv[1:2]), lambda: main(sys.argv[1:])))

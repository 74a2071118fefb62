"""The start of `make demo` and `make dev`: starts all services, uploads the files and configures Airbyte."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator

from tools import disk, endings, env_file
from tools.local import foreign
from tools.local.platform import ROOT, Platform
from tools.local.processes import Supervisor


class StepError(Exception):
    """A step that failed. The message says what happened, and the next command if there is one."""


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Print a step's title and, at its end, its duration."""
    print(f"▸ {title}", flush=True)
    start = time.monotonic()
    yield
    print(f"  {time.monotonic() - start:.1f} s", flush=True)


def bootstrap(platform: Platform, *arguments: str) -> None:
    """Run one command of bootstrap and show its output. Raises StepError when it fails."""
    command, variables = platform.command("bootstrap", "bootstrap", *arguments)
    try:
        variables = env_file.with_connections(ROOT, foreign.without(os.environ)) | variables
    except env_file.EnvFileError as error:
        raise StepError(str(error)) from error
    if subprocess.run(command, env=variables, cwd=ROOT, preexec_fn=endings.end_with_parent).returncode:
        raise StepError(f"bootstrap {' '.join(arguments)} failed: see the lines above.")


def bring_up(platform: Platform, services: Supervisor) -> None:
    """Start all services and configure them. Raises ServiceError or StepError."""
    if disk.full(disk.folders()):  # a run that cannot store its events would never end
        raise StepError("nothing was started, because a disk is full.")
    with step("start the services"):
        platform.prepare()
        for service in platform.services() + [platform.console()] * platform.has_console:
            services.start(service)
        services.wait(lambda name, seconds: print(f"  {name:<10} healthy after {seconds:4.1f} s", flush=True))
    with step("upload the CSV files, configure Airbyte"):
        bootstrap(platform, "seed")
        bootstrap(platform, "apply")

"""Services' commands as processes that start at once: forks of one Python per service, see `warm_python.py`."""

import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Self

from tools.local import marked
from tools.local.platform import ENVIRONMENTS, ROOT, python

from . import warm_client, warm_connector
from .forked import Forked
from .warm_servers import WarmServers

# The modules that a service's commands import, if their import does not read the environment.
MODULES = {
    "airbyte_lite": ("google.auth.transport.requests", "airbyte_lite.api.app", "airbyte_lite.api.services"),
    "warehouse": ("warehouse.server",),
    "localstack": (  # neither its own modules, which read the environment, nor Twisted's reactor, which opens files
        *("asn1crypto.cms", "boto3.session", "boto3.s3.transfer", "botocore.model", "dill", "dns.resolver", "docker"),
        *("h2.connection", "jinja2", "openapi_core", "plux", "pydantic.fields", "requests", "rich.console"),
        *("rolo.gateway", "twisted.internet.endpoints", "twisted.web.wsgi", "wsproto"),
    ),
    "bootstrap": (
        *(
            "bootstrap.cli",
            "airbyte_as_code.importing",
            "bootstrap.seed",
            "bootstrap.waiting",
            "connections_file.schema",
        ),
        # httpx, typer and Python import these when they are first used.
        *("boto3", "botocore.httpsession", "httpcore", "typer._adapters", "encodings.idna"),
    ),
    "orchestrator": (
        *("unsynced_sqlite", "dbt_locks", "orchestrator.dbt_integration", "orchestrator.landing", "dagster_airbyte"),
        *("connections_file.reading", "google.cloud.bigquery", "dagster._cli", "dbt.cli.main", "dbt.adapters.bigquery"),
        # Dagster, dbt and boto3 import these when they are first used.
        *("dagster._daemon.controller", "dagster._core.storage.sqlite_storage", "dagster._core.executor.in_process"),
        *("dagster._core.storage.local_compute_log_manager", "upath.core", "fsspec.implementations.local"),
        *("dbt.task.build", "dbt_common.clients.agate_helper", "sqlparse", "multiprocessing.dummy", "boto3.s3.inject"),
        "dbt_schemas",
    ),
}


LONGEST_MARK = 1000


def write_program(path: Path, lines: str) -> None:
    """Write a shell script."""
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)


@dataclass
class Commands:
    """Runs commands of services to their end, and starts services.

    Leaving the `with` block ends the processes that they are forked from, if nobody shares them.
    """

    directory: Path
    variables: dict[str, str] = field(default_factory=dict)
    """Variables that each command has, besides its own."""
    shared: WarmServers | None = None
    """The warm Pythons, if others use them too."""
    _started: set[str] = field(default_factory=set)

    def run(
        self,
        service: str,
        command: list[str],
        environment: dict[str, str],
        directory: Path | str = ROOT,
        *,
        seconds: float = 240,
        started: Callable[[int], None] = lambda _: None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a Python command line of the service's environment, with only these variables and those of all commands.

        The dbt that the orchestrator starts is warm too. `started` is called with the process id of the command. A
        process that takes longer than `seconds` is killed.
        """
        path = self._server(service, environment)
        if command[0] == python(service):
            command = [str(self._programs(service) / "python"), *command[1:]]
        streams = [self.directory / f"{service}.{name}" for name in ("stdout", "stderr")]
        with ExitStack() as stack:
            files = [
                stack.enter_context(Path(os.devnull).open()),
                *(stack.enter_context(f.open("ab")) for f in streams),
            ]
            for file in files[1:]:
                file.truncate(0)
            numbers = {number: file.fileno() for number, file in enumerate(files)}
            answers = warm_client.run(path, command, self.variables | environment, str(directory), numbers)
            process = next(answers)
            started(process)
            timer = threading.Timer(seconds, os.kill, (process, signal.SIGKILL))
            timer.start()
            code = next(answers)
            timer.cancel()
        return subprocess.CompletedProcess(command, code, *(path.read_text(errors="replace") for path in streams))

    def start(
        self, service: str, command: list[str], environment: dict[str, str], directory: Path, output: int
    ) -> Forked:
        """Start a service with these variables only and a session of its own. It is ended when this process ends."""
        path = self._server(service, environment)
        if command[0] == python(service):
            command = [str(self._programs(service) / "python"), *command[1:]]
        with Path(os.devnull).open() as nothing:
            files = {0: nothing.fileno(), 1: output, 2: output}
            return Forked(warm_client.run(path, command, environment, str(directory), files, service=True))

    def connectors(self) -> Path:
        """Return a folder of connectors' environments where the fork servers of the S3 connector start warm."""
        name = warm_connector.NAME
        programs = self._programs(name)
        if name not in self._started:
            variables = warm_connector.variables(self.directory)
            self._servers.start(name, warm_connector.PYTHON, [warm_connector.IMPORT], variables)
            (programs / "bin").mkdir(parents=True)
            write_program(programs / "bin/python", warm_connector.stand_in(shlex.join(self._servers.client(name))))
            self._started.add(name)
        return programs.parent

    def _server(self, service: str, environment: dict[str, str]) -> str:
        """Return the address of the warm Python of a service."""
        if service not in self._started:
            room = {marked.VARIABLE: " " * LONGEST_MARK}  # for the mark of each service: see show() in warm_python.py
            statements = [f"import {module}" for module in MODULES[service]]
            self._servers.start(service, [python(service)], statements, environment | room)
            self._write_programs(service)
            self._started.add(service)
        return self._servers.socket(service)

    def _write_programs(self, service: str) -> None:
        """Write the stand-ins for the service's programs."""
        programs = self._programs(service)
        programs.mkdir()
        client = self._servers.client(service)
        folder = ENVIRONMENTS / service / "bin"
        lines = {
            # A new Python runs the arguments that warm_python.py does not know.
            "python": f'case "$1" in -m|-c|-P) exec {shlex.join([*client, str(programs / "python")])} "$@" ;; esac\n'
            f'exec {shlex.quote(python(service))} "$@"',
            "dbt": f'exec {shlex.join([*client, str(folder / "dbt")])} "$@"',
            # It asks the warm dbt of the run, which `python` above has started.
            "orchestrator-dbt": f'exec {shlex.quote(str(folder / "orchestrator-dbt"))} "$@"',
        }
        for name, line in lines.items():
            write_program(programs / name, line)

    def _programs(self, service: str) -> Path:
        """The folder of the stand-in for the service's Python. A service starts the dbt beside its Python."""
        return self.directory / service

    @cached_property
    def _servers(self) -> WarmServers:
        return self.shared or WarmServers(self.directory)

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the warm Pythons that are not shared."""
        self._servers.close()

"""Services' commands as processes that start at once: forks of one Python per service, see `warm_python.py`."""

import ctypes
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tools.local import marked
from tools.local.platform import ENVIRONMENTS, ROOT, python

from . import warm_client

SERVER = Path(__file__).with_name("warm_python.py")
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


PR_SET_CHILD_SUBREAPER = 36
LONGEST_MARK = 1000


class Forked(subprocess.Popen[bytes]):
    """A process that became a child of this one when its parent ended."""

    def __init__(self, number: int) -> None:
        self.args: list[str] = []
        self.pid = number
        self.returncode: int | None = None
        self.stdin = self.stdout = self.stderr = None
        self._child_created = True
        self._waitpid_lock = threading.Lock()


@contextmanager
def orphans_taken() -> Iterator[None]:
    """Make this process the parent of each process below it whose own parent ends (Linux)."""
    prctl = ctypes.CDLL(None).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0)


@dataclass
class Commands:
    """Runs commands of services to their end; leaving the `with` block ends the processes that they are forked from."""

    directory: Path
    variables: dict[str, str] = field(default_factory=dict)
    """Variables that each command has, besides its own."""
    _servers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

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
    ) -> subprocess.Popen[bytes]:
        """Start a service as a child process of this one, with these variables only and a session of its own."""
        path = self._server(service, environment)
        if command[0] == python(service):
            command = [str(self._programs(service) / "python"), *command[1:]]
        with Path(os.devnull).open() as nothing, orphans_taken():
            files = {0: nothing.fileno(), 1: output, 2: output}
            answers = warm_client.run(path, command, environment, str(directory), files, service=True)
            return Forked(next(answers))

    def _server(self, service: str, environment: dict[str, str]) -> str:
        """Return the address of the warm Python of a service."""
        if service not in self._servers:
            self._servers[service] = self._serve(service, environment)
        return self._socket(service)

    def _serve(self, service: str, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        """Start the warm Python of a service, and write the stand-ins for the service's programs."""
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(self._socket(service))
            listening.listen()
            number = listening.fileno()
            command = [python(service), str(SERVER), str(number), *MODULES[service]]
            room = {marked.VARIABLE: " " * LONGEST_MARK}  # for the mark of each service: see show() in warm_python.py
            server = subprocess.Popen(
                command, env=environment | room, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, pass_fds=[number]
            )
        programs = self._programs(service)
        programs.mkdir()
        client = [sys.executable, "-IS", warm_client.__file__, self._socket(service)]
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
            program = programs / name
            program.write_text(f"#!/bin/sh\n{line}\n")
            program.chmod(0o755)
        return server

    def _socket(self, service: str) -> str:
        return str(self.directory / f"{service}.socket")

    def _programs(self, service: str) -> Path:
        """The folder of the stand-in for the service's Python. A service starts the dbt beside its Python."""
        return self.directory / service

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the servers: each ends with its standard input."""
        for server in self._servers.values():
            server.communicate()

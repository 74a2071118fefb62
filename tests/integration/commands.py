"""Services' commands as processes that start at once: forks of one Python per service, see `warm_python.py`."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tools.local.platform import ROOT, python

SERVER = Path(__file__).with_name("warm_python.py")
# What a service's commands import and what does not read the environment while it is imported.
MODULES = {
    "bootstrap": (
        *("bootstrap.cli", "bootstrap.importing", "bootstrap.seed", "bootstrap.waiting", "connections_file.schema"),
        # httpx, typer and Python import these when they are first used.
        *("boto3", "botocore.httpsession", "httpcore", "typer._adapters", "encodings.idna"),
    ),
    "orchestrator": (
        *("dagster", "dagster._cli", "dagster_dbt", "dagster_airbyte", "boto3", "google.cloud.bigquery"),
        *("connections_file.reading", "dbt.cli.main", "dbt.adapters.bigquery"),
    ),
}


@dataclass
class Commands:
    """Runs commands of services to their end; leaving the `with` block ends the processes that they are forked from."""

    directory: Path
    _servers: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

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
        """Run a Python command line of the service's environment, with these variables only.

        `started` gets the number of its process. One that takes longer than `seconds` is killed.
        """
        server = self._server(service, environment)
        assert server.stdin is not None
        assert server.stdout is not None
        streams = {name: self.directory / f"{service}.{name}" for name in ("stdout", "stderr")}
        for path in streams.values():
            path.write_bytes(b"")
        paths = {"directory": str(directory)} | {name: str(path) for name, path in streams.items()}
        server.stdin.write(json.dumps({"command": command, "environment": environment, **paths}) + "\n")
        server.stdin.flush()
        process = int(server.stdout.readline())
        started(process)
        timer = threading.Timer(seconds, os.kill, (process, signal.SIGKILL))
        timer.start()
        code = int(server.stdout.readline())
        timer.cancel()
        return subprocess.CompletedProcess(
            command, code, *(path.read_text(errors="replace") for path in streams.values())
        )

    def _server(self, service: str, environment: dict[str, str]) -> subprocess.Popen[str]:
        if service not in self._servers:
            self._servers[service] = subprocess.Popen(
                [python(service), str(SERVER), *MODULES[service]],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._servers[service]

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the servers: each ends with its standard input."""
        for server in self._servers.values():
            server.communicate()

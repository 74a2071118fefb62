"""The types of the integration tests' fixtures: running services, and the ways to run their commands."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.local.platform import Platform
from tools.local.processes import Supervisor

from .commands import Commands


@dataclass(frozen=True)
class Server:
    """A running service: its address."""

    url: str


@dataclass(frozen=True)
class RunningPlatform:
    """S3, the warehouse and airbyte-lite, running; Dagster is started by the tests that need it."""

    settings: Platform
    services: Supervisor
    commands: Commands

    @property
    def environment(self) -> dict[str, str]:
        """The variables of its services."""
        return self.settings.environment

    @property
    def s3_url(self) -> str:
        """S3's address."""
        return self.settings.url("s3")

    @property
    def warehouse_url(self) -> str:
        """The BigQuery emulator's address."""
        return self.settings.url("warehouse")

    @property
    def airbyte_url(self) -> str:
        """airbyte-lite's address; the APIs are below /api/public/v1 and /api/v1."""
        return self.settings.url("airbyte")

    def run_program(self, service: str, program: Path, *arguments: str) -> str:
        """Run a program of the tests in a service's environment and return its output. The program must succeed."""
        _, environment = self.settings.command(service)
        result = self.commands.run(service, [str(program), *arguments], environment)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def run(self, service: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a service's Python module to its end, for example run("bootstrap", "bootstrap", "apply")."""
        command, environment = self.settings.command(service, *arguments)
        return self.commands.run(service, command, environment | variables)

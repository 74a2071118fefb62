"""Services that start at once: forks of a Python that has done their imports, see `commands.py`."""

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tools.local.platform import python
from tools.local.processes import Process, Service, Supervisor, variables

from . import warm_connector
from .commands import Commands
from .forked import ForkedProcess

SETTING = "CONNECTOR_ENVIRONMENTS"
WARM = ("airbyte_lite", "localstack", "orchestrator", "warehouse")


@dataclass
class WarmSupervisor(Supervisor):
    """Starts services as forks where it can (Linux), and supervises them as any other process."""

    commands: Commands = field(kw_only=True)
    warm_connector: bool = True
    """Whether airbyte-lite's fork server of the S3 connector is a fork too. The tests of its end say no."""

    def start(self, service: Service) -> Process:
        """Start a service, for the first time or again after a stop."""
        environment = next((name for name in WARM if service.command[0] == python(name)), None)
        if environment is None or sys.platform != "linux":
            return super().start(service)
        log, started = self.log_directory / f"{service.name}.log", time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        folder = service.directory or Path.cwd()
        given = variables(service, log)
        if environment == "airbyte_lite" and self.warm_connector and given[SETTING] == str(warm_connector.COLD):
            given[SETTING] = str(self.commands.connectors())
        with log.open("ab") as output:
            popen = self.commands.start(environment, service.command, given, folder, output.fileno())
        self.processes[service.name] = ForkedProcess(service, log, popen, started)
        return self.processes[service.name]

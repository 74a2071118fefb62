"""The platform as plain processes: the command, variables, port and folder of each service."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.install import LOCALSTACK_INDEX
from tools.local.processes import Service
from tools.settings_table import TABLE, refusals

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".venvs"
LOCALSTACK_SCRIPTS = ROOT / "compose/localstack"
LOCALSTACK_HAS_ITS_OBJECTS = '"name": "keep_objects.py", "state": "SUCCESSFUL"'
LOOPBACK = "127.0.0.1,localhost"
CACHE = ROOT / ".local/cache"
READERS = {"airbyte", "bootstrap", "dagster", "localstack", "warehouse"}
"""What a platform of processes runs, beside the console."""


def python(environment: str) -> str:
    """Return the path of an environment's Python."""
    return str(ENVIRONMENTS / environment / "bin/python")


@dataclass(frozen=True)
class Platform:
    """One platform on this machine: the folder of its data, and the port of each service."""

    directory: Path
    ports: dict[str, int]
    has_console: bool = False
    """Whether the console runs too, and Dagster makes the documentation that it shows."""

    def url(self, name: str) -> str:
        """Return a service's address."""
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of every service and command: the settings for processes, and the exceptions from a proxy.

        Credentials for Google or another Airbyte are empty, because the caller's environment may have them for another
        purpose. BQ_DATASET is the caller's.
        """
        folders = {"root": ROOT, "data": self.directory, "environments": ENVIRONMENTS}
        variables = {
            setting.name: setting.process.format(**folders, **self.ports)
            for setting in TABLE.values()
            if setting.process is not None
        }
        # A configured proxy cannot reach services on this machine.
        proxy = {name: ",".join(filter(None, (os.environ.get(name), LOOPBACK))) for name in ("no_proxy", "NO_PROXY")}
        variables["DBT_DOCS"] = "yes" if self.has_console else "no"
        return variables | {"BQ_DATASET": os.environ.get("BQ_DATASET") or variables["BQ_DATASET"]} | proxy

    def refuse_invalid(self, variables: Mapping[str, str]) -> None:
        """Raise ValueError for an invalid setting among the caller's variables that the services read."""
        readers = READERS | ({"console"} if self.has_console else set())
        read = {name for name, setting in TABLE.items() if setting.process is None and readers & {*setting.consumers}}
        read.add("BQ_DATASET")
        if reasons := refusals({name: value for name, value in variables.items() if name in read}):
            raise ValueError("\n".join(reasons.values()))

    def command(self, service: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
        """Return the command line and the variables that run a service's Python module."""
        # The service starts dbt and dagster by name, so its environment comes first on PATH.
        path = f"{ENVIRONMENTS / service / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        variables = self.environment | {"PATH": path}
        return [python(service), "-m", *arguments], variables

    def s3(self) -> Service:
        """LocalStack's S3. It keeps its buckets and objects in the platform's folder; see prepare()."""
        root = self.directory / "s3"
        variables = {
            "SERVICES": "s3",
            "DEBUG": "false",  # a shell may have this variable for any program
            "EAGER_SERVICE_LOADING": "1",
            "GATEWAY_SERVER": "twisted",
            "GATEWAY_LISTEN": f"127.0.0.1:{self.ports['s3']}",
            "DNS_ADDRESS": "false",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DISABLE_EVENTS": "1",
            "FILESYSTEM_ROOT": str(root),
            # In a container, such as a dev container, LocalStack would assume its own image and ignore FILESYSTEM_ROOT.
            "OVERRIDE_IN_DOCKER": "false",
            "S3_STATE_DIR": str(root / "objects"),
            "XDG_CACHE_HOME": str(CACHE),  # the home folder may be read-only
        }
        # Healthy when the script that restores the objects has succeeded. It runs before LocalStack listens.
        health = f"{self.url('s3')}/_localstack/init/start"
        return Service(
            "s3", [python("localstack"), "-m", "localstack.runtime.main"], variables, health, LOCALSTACK_HAS_ITS_OBJECTS
        )

    def warehouse(self) -> Service:
        """The BigQuery emulator."""
        where = ["--host", "127.0.0.1", "--port", str(self.ports["warehouse"])]
        where += ["--storage-port", str(self.ports["warehouse-storage"])]
        project = ["--project", self.environment["BQ_PROJECT"]]
        data = ["--data-dir", str(self.directory / "warehouse")]
        command, variables = self.command("warehouse", "warehouse", *where, *project, *data)
        return Service("warehouse", command, variables, f"{self.url('warehouse')}/healthz")

    def airbyte(self) -> Service:
        """airbyte-lite: Airbyte's API and the connectors that it runs."""
        command, variables = self.command("airbyte_lite", "airbyte_lite")
        return Service("airbyte", command, variables, f"{self.url('airbyte')}/api/public/v1/health")

    def dagster(self) -> Service:
        """Dagster's webserver, daemon and code server."""
        where = ["-h", "127.0.0.1", "-p", str(self.ports["dagster"])]
        command, variables = self.command(
            "orchestrator", "orchestrator.develop", "-m", "orchestrator.definitions", *where
        )
        # When dagster-airbyte asks for running jobs, it sends the local time marked as UTC.
        variables["TZ"] = "UTC"
        # Not in the checkout: Dagster would read Compose's .env there, which would replace these variables.
        home = Path(self.environment["DAGSTER_HOME"])
        health = f"{self.url('dagster')}/server_info"
        # When it is killed, `dagster dev` goes on without it: the webserver and the daemon find no job.
        code_server = "orchestrator.code_server api grpc"
        return Service("dagster", command, variables, health, directory=home, vital=code_server)

    def console(self) -> Service:
        """The platform's pages."""
        command, variables = self.command("console", "console")
        return Service("console", command, variables, f"{self.url('console')}/healthz")

    def services(self) -> list[Service]:
        """The services that a run of the pipeline needs, in the order of their start."""
        return [self.dagster(), self.s3(), self.warehouse(), self.airbyte()]

    def prepare(self) -> None:
        """Create the folders, the links to LocalStack's scripts and index, and Dagster's instance configuration."""
        root = self.directory / "s3"
        link(root / "etc/localstack/init", LOCALSTACK_SCRIPTS)
        link(root / "usr/lib/localstack", ENVIRONMENTS / "localstack" / LOCALSTACK_INDEX)
        home = Path(self.environment["DAGSTER_HOME"])
        home.mkdir(parents=True, exist_ok=True)
        (home / "dagster.yaml").write_text((ROOT / "services/orchestrator/dagster-local.yaml").read_text())


def link(path: Path, target: Path) -> None:
    """Make a link to a folder, in the place of an earlier link or of the empty folder that LocalStack makes itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def warn(message: str) -> None:
    """Print to standard error."""
    print(message, file=sys.stderr, flush=True)

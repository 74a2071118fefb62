"""What the platform consists of when its services run as plain processes: commands, variables, ports, folders."""

import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.local.processes import Service
from tools.stack.ports import is_port

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".venvs"
LOCALSTACK_SCRIPTS = ROOT / "compose/localstack"
LOCALSTACK_HAS_ITS_OBJECTS = '"name": "keep_objects.py", "state": "SUCCESSFUL"'
LOOPBACK = "127.0.0.1,localhost"
PORTS = {"s3": 4566, "warehouse": 9050, "airbyte": 8000, "dagster": 3000}


def fixed_ports() -> dict[str, int]:
    """Return the ports that people know, or those that DAGSTER_PORT, AIRBYTE_PORT, WAREHOUSE_PORT and S3_PORT name.

    Raises ValueError for what is no port, or is there twice.
    """
    ports = {name: os.environ.get(f"{name.upper()}_PORT") or port for name, port in PORTS.items()}
    for name, port in ports.items():
        if not is_port(str(port)):
            raise ValueError(f"{name.upper()}_PORT={port} is no port.")
    numbers = {name: int(port) for name, port in ports.items()}
    if len(set(numbers.values())) < len(numbers):
        raise ValueError(f"{', '.join(f'{name.upper()}_PORT={port}' for name, port in numbers.items())}: four ports.")
    return numbers


def free_ports() -> dict[str, int]:
    """Return a free port on loopback for each service; all are held while choosing, so that they differ."""
    sockets = {name: socket.create_server(("127.0.0.1", 0)) for name in PORTS}
    ports = {name: listening.getsockname()[1] for name, listening in sockets.items()}
    for listening in sockets.values():
        listening.close()
    return ports


def python(environment: str) -> str:
    """Return the path of an environment's Python."""
    return str(ENVIRONMENTS / environment / "bin/python")


@dataclass(frozen=True)
class Platform:
    """One platform on this machine: where it keeps its data, and on which ports it listens."""

    directory: Path
    ports: dict[str, int]

    def url(self, name: str) -> str:
        """Return a service's address."""
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that every service and command of the platform gets: local defaults, no secret among them."""
        return {
            "AWS_ENDPOINT_URL_S3": self.url("s3"),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "S3_BUCKET": "jaffle-shop",
            "SEED_DATA_DIR": str(ROOT / "seed_data"),
            "CONNECTIONS_FILE": str(ROOT / "connections.yaml"),
            "BOOTSTRAP_STATE_DIR": str(self.directory / "bootstrap"),
            "AIRBYTE_MODE": "lite",
            "AIRBYTE_URL": self.url("airbyte"),
            "AIRBYTE_LITE_HOST": "127.0.0.1",
            "AIRBYTE_LITE_PORT": str(self.ports["airbyte"]),
            "AIRBYTE_LITE_DATA_DIR": str(self.directory / "airbyte"),
            "CONNECTOR_ENVIRONMENTS": str(ENVIRONMENTS / "connectors"),
            "WAREHOUSE": "emulator",
            "BIGQUERY_EMULATOR_HOST": self.url("warehouse"),
            "BQ_PROJECT": "local-dev",
            "BQ_DATASET": os.environ.get("BQ_DATASET", "jaffle"),
            "BQ_LOCATION": "US",
            "DBT_PROJECT_DIR": str(ROOT / "dbt_project"),
            "DBT_PROFILES_DIR": str(ROOT / "dbt_project"),
            "DAGSTER_HOME": str(self.directory / "dagster"),
            "DAGSTER_URL": self.url("dagster"),
            # Another Airbyte's or Google's credentials in the caller's environment are not for this platform.
            **dict.fromkeys(("AIRBYTE_CLIENT_ID", "AIRBYTE_CLIENT_SECRET", "AIRBYTE_USERNAME", "AIRBYTE_PASSWORD"), ""),
            **dict.fromkeys(("AIRBYTE_PUBLIC_API_URL", "AIRBYTE_WORKSPACE_ID"), ""),
            "GOOGLE_APPLICATION_CREDENTIALS": "",
            # A proxy that is configured for the rest of the world cannot reach these services.
            **{name: ",".join(filter(None, (os.environ.get(name), LOOPBACK))) for name in ("no_proxy", "NO_PROXY")},
        }

    def command(self, service: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
        """Return the command line and the variables that run a service's Python module."""
        # A service's scripts are found by name (dbt, dagster): its environment comes first on PATH.
        path = f"{ENVIRONMENTS / service / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        variables = self.environment | {"PATH": path}
        return [python(service), "-m", *arguments], variables

    def s3(self) -> Service:
        """LocalStack's S3, which keeps its buckets and objects in the platform's folder; see prepare()."""
        root = self.directory / "s3"
        variables = {
            "SERVICES": "s3",
            "EAGER_SERVICE_LOADING": "1",
            "GATEWAY_SERVER": "twisted",
            "GATEWAY_LISTEN": f"127.0.0.1:{self.ports['s3']}",
            "DNS_ADDRESS": "false",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DISABLE_EVENTS": "1",
            "FILESYSTEM_ROOT": str(root),
            # In a container, such as a dev container, LocalStack would take itself for its image and ignore the above.
            "OVERRIDE_IN_DOCKER": "false",
            "S3_STATE_DIR": str(root / "objects"),
        }
        # Healthy once the script that brings the objects back has succeeded; it does so before LocalStack listens.
        health = f"{self.url('s3')}/_localstack/init/start"
        return Service(
            "s3", [python("localstack"), "-m", "localstack.runtime.main"], variables, health, LOCALSTACK_HAS_ITS_OBJECTS
        )

    def warehouse(self) -> Service:
        """The BigQuery emulator."""
        where = ["--host", "127.0.0.1", "--port", str(self.ports["warehouse"]), "--project", "local-dev"]
        data = ["--data-dir", str(self.directory / "warehouse")]
        command, variables = self.command("warehouse", "warehouse", *where, *data)
        return Service("warehouse", command, variables, f"{self.url('warehouse')}/healthz")

    def airbyte(self) -> Service:
        """Airbyte's API with the connectors behind it."""
        command, variables = self.command("airbyte_lite", "airbyte_lite")
        return Service("airbyte", command, variables, f"{self.url('airbyte')}/api/public/v1/health")

    def dagster(self) -> Service:
        """Dagster's webserver, daemon and code server."""
        where = ["-h", "127.0.0.1", "-p", str(self.ports["dagster"])]
        command, variables = self.command("orchestrator", "dagster", "dev", "-m", "orchestrator.definitions", *where)
        # dagster-airbyte sends local time marked as UTC when it asks for running jobs.
        variables["TZ"] = "UTC"
        # Not in the checkout: Dagster would let a .env there (Compose's) override these variables.
        home = Path(self.environment["DAGSTER_HOME"])
        return Service("dagster", command, variables, f"{self.url('dagster')}/server_info", directory=home)

    def services(self) -> list[Service]:
        """All of them, in the order in which they are started."""
        return [self.dagster(), self.s3(), self.warehouse(), self.airbyte()]

    def prepare(self) -> None:
        """Make the folders, the link by which LocalStack finds its scripts, and Dagster's instance configuration."""
        scripts = self.directory / "s3/etc/localstack/init"
        scripts.parent.mkdir(parents=True, exist_ok=True)
        if scripts.is_dir() and not scripts.is_symlink():
            scripts.rmdir()  # LocalStack makes an empty one when there is no link
        scripts.unlink(missing_ok=True)
        scripts.symlink_to(LOCALSTACK_SCRIPTS)
        home = Path(self.environment["DAGSTER_HOME"])
        home.mkdir(parents=True, exist_ok=True)
        (home / "dagster.yaml").write_text((ROOT / "services/orchestrator/dagster-local.yaml").read_text())


def warn(message: str) -> None:
    """Print to standard error."""
    print(message, file=sys.stderr, flush=True)

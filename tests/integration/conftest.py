"""The real services as processes, once per test session, through the same launcher as `make demo`."""

import os
import shutil
import signal
import socket
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google_bigquery

from airbyte_lite.connectors.registry import Connector, load_registry
from airbyte_lite.connectors.runner import ConnectorRunner
from platform_kit.s3 import client
from tools.local.free_ports import free_ports
from tools.local.platform import ENVIRONMENTS, Platform
from tools.local.processes import Supervisor
from tools.settings_table import PORTS

from .commands import Commands
from .google_front import Front, front_of
from .google_rules import Rules
from .loader_kit import Kit
from .refusing_s3 import refusing_s3
from .running import RunningPlatform, Server
from .s3_source import Source
from .s3_types import S3Client
from .syncs import Syncs
from .warm_servers import WarmServers
from .warm_services import WarmSupervisor


@pytest.fixture(scope="session", autouse=True)
def commands(tmp_path_factory: pytest.TempPathFactory, no_certificates: Path) -> Iterator[Commands]:
    """Runs the services' commands. The workers of pytest-xdist share what takes seconds to start."""
    shared = None
    if "PYTEST_XDIST_WORKER" in os.environ and sys.platform == "linux":
        folder = tmp_path_factory.getbasetemp().parent / "warm"
        folder.mkdir(exist_ok=True)
        shared = WarmServers(folder, keeper=os.getppid())
    with Commands(tmp_path_factory.mktemp("commands"), {"SSL_CERT_DIR": str(no_certificates)}, shared) as commands:
        yield commands


@pytest.fixture(scope="session")
def local_platform(tmp_path_factory: pytest.TempPathFactory, commands: Commands) -> Iterator[RunningPlatform]:
    """An empty platform: services are started by the fixtures below, all are stopped at the end."""
    directory = tmp_path_factory.mktemp("platform")
    with WarmSupervisor(directory / "logs", commands=commands) as services:
        settings = Platform(directory, free_ports(PORTS))
        settings.prepare()
        yield RunningPlatform(settings, services, commands)
    shutil.rmtree(directory / "warehouse", ignore_errors=True)


@pytest.fixture(scope="session")
def s3(local_platform: RunningPlatform) -> Iterator[Server]:
    """LocalStack's S3. It is killed at the end, because a stop takes 4 to 8 seconds and nothing needs to be kept."""
    process = local_platform.services.start(local_platform.settings.s3())
    process.wait()
    yield Server(local_platform.s3_url)
    process.signal(signal.SIGKILL)


@pytest.fixture(scope="session")
def warehouse(local_platform: RunningPlatform) -> Server:
    """The BigQuery emulator."""
    local_platform.services.start(local_platform.settings.warehouse()).wait()
    return Server(local_platform.warehouse_url)


@pytest.fixture(scope="session")
def airbyte(local_platform: RunningPlatform, s3: Server, warehouse: Server) -> Server:
    """airbyte-lite, with S3 and the warehouse running."""
    local_platform.services.start(local_platform.settings.airbyte()).wait()
    return Server(local_platform.airbyte_url)


@pytest.fixture(scope="session")
def platform(local_platform: RunningPlatform, airbyte: Server) -> RunningPlatform:
    """S3, warehouse and airbyte-lite, running, with nothing in them."""
    return local_platform


@pytest.fixture(scope="session")
def bootstrapped(platform: RunningPlatform) -> RunningPlatform:
    """The platform with the seed files uploaded and connections.yaml applied."""
    for command in ("seed", "apply"):
        result = platform.run("bootstrap", "bootstrap", command)
        assert result.returncode == 0, result.stdout + result.stderr
    return platform


@pytest.fixture(scope="session")
def s3_client(local_platform: RunningPlatform, s3: Server) -> S3Client:
    """A client of LocalStack's S3."""
    return client(local_platform.settings.environment)


@pytest.fixture
def keyless_s3() -> Iterator[str]:
    """The address of an S3 that knows no key."""
    message = "The AWS Access Key Id you provided does not exist in our records."
    with refusing_s3("InvalidAccessKeyId", message) as url:
        yield url


@pytest.fixture
def bucket(s3_client: S3Client) -> Iterator[str]:
    """The name of a fresh empty bucket."""
    name = f"bucket-{uuid.uuid4().hex[:12]}"
    s3_client.create_bucket(Bucket=name)
    yield name
    for item in s3_client.list_objects_v2(Bucket=name).get("Contents", []):
        s3_client.delete_object(Bucket=name, Key=item["Key"])
    s3_client.delete_bucket(Bucket=name)


@pytest.fixture
def put(s3_client: S3Client, bucket: str) -> Callable[[str, str | bytes], None]:
    """A function that writes an object into the fresh bucket: put("folder/file.csv", "id\\n1\\n").

    S3 keeps whole seconds, and an incremental sync reads an object again only if its time has changed. So an object is
    written again in another second.
    """
    written: dict[str, int] = {}

    def write(key: str, content: str | bytes) -> None:
        body = content.encode() if isinstance(content, str) else content
        while written.get(key) == int(time.time()):
            time.sleep(0.05)
        s3_client.put_object(Bucket=bucket, Key=key, Body=body)
        written[key] = int(time.time())

    return write


@pytest.fixture(scope="session")
def bigquery(warehouse: Server) -> google_bigquery.Client:
    """The official client, connected to the emulator."""
    options = {"api_endpoint": warehouse.url}
    return google_bigquery.Client("local-dev", AnonymousCredentials(), location="US", client_options=options)


@pytest.fixture(scope="session")
def google_front(warehouse: Server) -> Iterator[Front]:
    """The emulator behind a front that refuses what only Google BigQuery refuses."""
    with front_of(warehouse.url, authenticated=False) as front:
        yield front


@pytest.fixture
def strict_warehouse(google_front: Front, warehouse: Server) -> Front:
    """A front for one test: its rules remember no earlier request."""
    google_front.rules = Rules(warehouse.url)
    return google_front


@pytest.fixture
def dataset(bigquery: google_bigquery.Client) -> Iterator[str]:
    """The name of a fresh empty dataset."""
    name = f"dataset_{uuid.uuid4().hex[:12]}"
    bigquery.create_dataset(name)
    yield name
    bigquery.delete_dataset(name, delete_contents=True)


@pytest.fixture
def kit(strict_warehouse: Front, dataset: str, bigquery: google_bigquery.Client, tmp_path: Path) -> Kit:
    """Runs syncs without a connector into the fresh dataset."""
    return Kit(strict_warehouse.url, dataset, bigquery, tmp_path / "spool")


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of a server that accepts every connection and never answers."""
    # No program accepts: the kernel completes the connections and keeps the data.
    with socket.create_server(("127.0.0.1", 0), backlog=500) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def start_process(tmp_path: Path, commands: Commands) -> Iterator[Supervisor]:
    """A supervisor for services that one test starts, kills and restarts by itself."""
    with WarmSupervisor(tmp_path / "logs", commands=commands) as services:
        yield services


@pytest.fixture(scope="session")
def syncs(platform: RunningPlatform, bigquery: google_bigquery.Client) -> Iterator[Syncs]:
    """A client that creates connections in airbyte-lite and runs their jobs."""
    # POST /connections discovers the schema: that takes long when the connector starts cold on a busy machine.
    with httpx.Client(base_url=platform.airbyte_url, timeout=60) as http:
        yield Syncs(http, bigquery)


@pytest.fixture
def variables(local_platform: RunningPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variables of the platform's services, in the test's own process."""
    for name, value in local_platform.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConnectorRunner]:
    """Runs connectors from this process, without airbyte-lite's server."""
    runner = ConnectorRunner(tmp_path_factory.mktemp("connectors"))
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def connector() -> Connector:
    """Airbyte's S3 connector."""
    return load_registry(ENVIRONMENTS / "connectors")["source-s3"]


@pytest.fixture
def s3_source(runner: ConnectorRunner, connector: Connector, s3: Server, bucket: str) -> Source:
    """The S3 connector with the fresh bucket."""
    return Source(runner, connector, s3.url, bucket)

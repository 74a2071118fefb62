"""One airbyte-lite that asks for credentials, with a sync that succeeds, one that fails and one that never ends."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.cloud import bigquery as google_bigquery

from tools.local.platform import ENVIRONMENTS

from ..running import RunningPlatform, Server
from ..syncs import Syncs, s3_configuration

SCRIPTS = Path(__file__).parent / "scripts"
# The Prefect clients take these two for granted; the others get a client id and secret.
BASIC = {"username": "airbyte", "password": "the password"}
CLIENT = {"client_id": "platform", "client_secret": "the secret"}
World = dict[str, str]
Put = Callable[[str, str | bytes], None]
Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def authenticated(local_platform: RunningPlatform, s3: Server, warehouse: Server) -> str:
    """airbyte-lite's address; it takes both kinds of credentials."""
    service = local_platform.settings.airbyte()
    credentials = {f"AIRBYTE_{name.upper()}": value for name, value in (BASIC | CLIENT).items()}
    local_platform.services.start(replace(service, environment=service.environment | credentials)).wait()
    return local_platform.airbyte_url


@pytest.fixture(scope="session")
def syncs(authenticated: str, bigquery: google_bigquery.Client) -> Iterator[Syncs]:
    with httpx.Client(base_url=authenticated, timeout=60, auth=(BASIC["username"], BASIC["password"])) as http:
        yield Syncs(http, bigquery)


@pytest.fixture
def world(
    authenticated: str, syncs: Syncs, s3: Server, bucket: str, put: Put, dataset: str, silent_server: str
) -> Iterator[World]:
    """The input of a client script: address, credentials, a workspace, and the ids of its three connections."""
    put("people.csv", "id,name\n1,Ada\n2,Grace\n3,Edsger\n")
    workspace = syncs.workspace()

    def connect(name: str, **changes: str) -> str:
        source = s3_configuration(s3.url, bucket, name, ["people.csv"])
        identity = syncs.connect(source, dataset, "incremental_deduped_history", "id", workspace=workspace)
        if changes:  # after the creation of the connection, which reads the source
            source_id = syncs.call("GET", f"connections/{identity}")["sourceId"]
            syncs.call("PATCH", f"sources/{source_id}", {"configuration": changes})
        return identity

    connections = {
        "people": connect("people"),
        "broken": connect("broken", bucket="there-is-no-such-bucket"),
        "endless": connect("endless", endpoint=silent_server),
    }
    yield {"url": authenticated, "workspace": workspace, **BASIC, **CLIENT, **connections}
    for source in syncs.call("GET", f"sources?workspaceIds={workspace}")["data"]:
        syncs.call("DELETE", f"sources/{source['sourceId']}")  # and its connection


@pytest.fixture
def run(world: World, tmp_path: Path) -> Run:
    """A function that runs a client script in a client's environment and returns the facts that it printed."""

    def use(environment: str, script: str, *arguments: str) -> dict[str, Any]:
        python = ENVIRONMENTS / "clients" / environment / "bin/python"
        assert python.exists(), f"{environment} is not installed. Install the clients and run these tests: make clients"
        home = {name: str(tmp_path) for name in ("HOME", "AIRFLOW_HOME", "PREFECT_HOME")}
        quiet = {"DO_NOT_TRACK": "1", "DATAHUB_TELEMETRY_ENABLED": "false", "AIRBYTE_NO_TRACKING": "1"}
        done = subprocess.run(
            [python, SCRIPTS / script, json.dumps(world), *arguments],
            env={"PATH": "/usr/bin:/bin", "no_proxy": "127.0.0.1", **home, **quiet},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-8000:]
        facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return facts

    return use

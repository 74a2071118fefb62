"""Servers that ask for credentials, with the clients that have them."""

from dataclasses import replace
from pathlib import Path

import airbyte_api
import httpx
import pytest
from airbyte_api import api, models
from dagster import Failure

from tools.local.free_ports import free_ports
from tools.local.processes import Service, Supervisor

from .dagster_workspace import dagster_workspace
from .running import RunningPlatform

pytestmark = pytest.mark.filterwarnings("ignore:.*currently in beta:dagster.BetaWarning")
WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"
CLIENT = {"AIRBYTE_CLIENT_ID": "platform", "AIRBYTE_CLIENT_SECRET": "s3cret-of-the-client"}
BASIC = {"AIRBYTE_USERNAME": "ada", "AIRBYTE_PASSWORD": "pass:word of the user"}


def service(platform: RunningPlatform, directory: Path, variables: dict[str, str]) -> tuple[Service, str]:
    """A second airbyte-lite with these variables, and its address."""
    original = platform.settings.airbyte()
    port = free_ports(["airbyte"])["airbyte"]
    own = {"AIRBYTE_LITE_PORT": str(port), "AIRBYTE_LITE_DATA_DIR": str(directory / "airbyte-auth")}
    url = f"http://127.0.0.1:{port}"
    health = f"{url}/api/public/v1/health"
    return replace(original, environment=original.environment | own | variables, health_url=health), url


def create_workspace(url: str, **options: object) -> None:
    body = {"id": WORKSPACE, "name": "one"}
    answer = httpx.post(f"{url}/api/v1/workspaces/create_if_not_exist", json=body, **options)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text


def test_client_id_and_secret(platform: RunningPlatform, start_process: Supervisor, tmp_path: Path) -> None:
    own, url = service(platform, tmp_path, CLIENT)
    server = start_process.start(own)
    server.wait()  # health needs no credentials
    assert httpx.get(f"{url}/api/public/v1/workspaces").status_code == 401
    assert httpx.get(f"{url}/api/public/v1/workspaces", auth=("platform", "s3cret-of-the-client")).status_code == 401

    body = {"client_id": "platform", "client_secret": "s3cret-of-the-client"}
    token = httpx.post(f"{url}/api/public/v1/applications/token", json=body).json()["access_token"]
    create_workspace(url, headers={"Authorization": f"Bearer {token}"})

    credentials = models.SchemeClientCredentials(token_url="/api/public/v1/applications/token", **body)
    security = models.Security(client_credentials=credentials)
    sdk = airbyte_api.AirbyteAPI(server_url=f"{url}/api/public/v1", security=security)
    found = sdk.workspaces.list_workspaces(request=api.ListWorkspacesRequest()).workspaces_response
    assert found is not None
    assert len(found.data) == 1

    assert dagster_workspace(url, WORKSPACE, **body).fetch_airbyte_workspace_data().connections_by_id == {}
    with pytest.raises(Failure):
        dagster_workspace(url, WORKSPACE, client_id="platform", client_secret="wrong").fetch_airbyte_workspace_data()

    start_process.restart(own.name)
    after = httpx.get(f"{url}/api/public/v1/workspaces", headers={"Authorization": f"Bearer {token}"})
    assert after.status_code == 200  # a token outlives a restart
    assert "s3cret" not in server.log.read_text()


def test_basic(platform: RunningPlatform, start_process: Supervisor, tmp_path: Path) -> None:
    own, url = service(platform, tmp_path, BASIC)
    start_process.start(own).wait()
    credentials = ("ada", "pass:word of the user")
    assert httpx.get(f"{url}/api/public/v1/workspaces").status_code == 401
    assert httpx.get(f"{url}/api/public/v1/workspaces", auth=("ada", "wrong")).status_code == 401
    create_workspace(url, auth=credentials)
    basic = models.SchemeBasicAuth(username=credentials[0], password=credentials[1])
    sdk = airbyte_api.AirbyteAPI(server_url=f"{url}/api/public/v1", security=models.Security(basic_auth=basic))
    assert sdk.workspaces.list_workspaces(request=api.ListWorkspacesRequest()).workspaces_response is not None
    workspace = dagster_workspace(url, WORKSPACE, username=credentials[0], password=credentials[1])
    assert workspace.fetch_airbyte_workspace_data().connections_by_id == {}


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"AIRBYTE_LITE_HOST": "0.0.0.0"}, "will not listen on 0.0.0.0 without authentication"),  # noqa: S104
        ({"AIRBYTE_CLIENT_ID": "platform"}, "Set both AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET"),
    ],
)
def test_server_that_must_not_start(
    platform: RunningPlatform, start_process: Supervisor, tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    own, _ = service(platform, tmp_path, variables)
    process = start_process.start(own)
    assert process.popen.wait(60) == 2
    assert sentence in process.tail()
    assert "Traceback" not in process.tail()

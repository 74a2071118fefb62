"""bootstrap and Dagster against the shape of Airbyte Cloud.

Its public API has an address of its own, and the workspace exists already. Of the configuration API, only the endpoints
that dagster-airbyte calls are assumed to exist.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from airbyte_api import models
from dagster_airbyte.resources import AirbyteCloudWorkspace

import airbyte_as_code.apply
from airbyte_as_code.airbyte_client import AirbyteClient, Kind
from airbyte_as_code.apply import apply
from airbyte_as_code.change import Action
from airbyte_as_code.errors import UserError
from airbyte_as_code.importing import read_workspace
from airbyte_as_code.plan import Plan, make_plan
from airbyte_as_code.render import plan_lines
from airbyte_as_code.state import State
from bootstrap.settings import Settings
from bootstrap.waiting import wait
from connections_file import ConnectionsFile, load
from orchestrator import airbyte_client
from orchestrator.airbyte import Airbyte

from .airbyte_fake import DEFINITIONS, Fake, serve

CONNECTIONS = Path(__file__).parents[2] / "connections.yaml"
WORKSPACE = "c10d0000-0000-4000-8000-000000000001"
SECRETS = ("an-access-key", "a-secret-key", "another-secret-key", "of the account")
NAMES = {"jaffle_shop_customers", "jaffle_shop_orders", "stripe_payments"}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Fake]:
    """A Cloud with the user's workspace; the environment names both."""
    monkeypatch.setattr(airbyte_as_code.apply, "PAUSES", (0.0,))
    monkeypatch.setattr(airbyte_client, "FIRST_PAUSE_SECONDS", 0.01)
    key = tmp_path / "key.json"
    key.write_text(
        json.dumps({"type": "service_account", "client_email": "a@b", "private_key": "PRIVATE KEY of the account"})
    )
    with serve("2.x", cloud=True) as fake:
        fake.workspaces[WORKSPACE] = {"workspaceId": WORKSPACE, "name": "Theirs", "dataResidency": "auto"}
        for name, value in {
            **fake.credentials,
            "AIRBYTE_URL": fake.url,
            "AIRBYTE_PUBLIC_API_URL": f"{fake.url}/v1",
            "AIRBYTE_WORKSPACE_ID": WORKSPACE,
            "AIRBYTE_USERNAME": "",
            "AIRBYTE_PASSWORD": "",
            "AWS_ACCESS_KEY_ID": "an-access-key",
            "AWS_SECRET_ACCESS_KEY": "a-secret-key",
            "AWS_ENDPOINT_URL_S3": "",
            "GOOGLE_APPLICATION_CREDENTIALS": str(key),
        }.items():
            monkeypatch.setenv(name, value)
        yield fake
        assert fake.undocumented == []


def declared() -> ConnectionsFile:
    return load(CONNECTIONS)


def client() -> AirbyteClient:
    return AirbyteClient(Settings.read())


def applied(state: Path) -> None:
    with client() as airbyte:
        apply(airbyte, declared(), State(state), lambda *_: None)


def planned(state: Path) -> Plan:
    with client() as airbyte:
        return make_plan(airbyte, declared(), State(state), adopt=False)


def test_apply_converges_in_the_users_own_workspace(cloud: Fake, tmp_path: Path) -> None:
    wait(Settings.read(), 5, lambda _: None)
    assert {change.action for change in planned(tmp_path).changes} == {Action.CREATE}
    applied(tmp_path)
    assert {kind: {item["name"] for item in held.values()} for kind, held in cloud.objects.items()} == {
        "source": NAMES,
        "destination": {"warehouse"},
        "connection": NAMES,
    }
    assert {body["definitionId"] for body in cloud.sent("POST source")} == {DEFINITIONS["source"][1]}
    assert planned(tmp_path).is_empty
    assert cloud.workspaces.keys() == {WORKSPACE}
    assert cloud.workspaces[WORKSPACE]["name"] == "Theirs"


def test_a_changed_secret_is_seen_by_its_mask_and_not_shown(
    cloud: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    applied(tmp_path)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another-secret-key")
    first, second, *_ = cloud.objects["source"].values()
    first["configuration"] = first["configuration"] | {"bucket": "by-hand"}
    del second["configuration"]["credentials"]  # then nothing shows which fields are secret
    text = "\n".join(plan_lines(planned(tmp_path)))
    assert "credentials.aws_secret_access_key: changed (secret)" in text
    assert 'bucket: "by-hand" → "jaffle-shop"' in text
    assert not any(secret in text for secret in SECRETS)
    applied(tmp_path)
    keys = {item["configuration"]["credentials"]["aws_secret_access_key"] for item in cloud.objects["source"].values()}
    assert keys == {"another-secret-key"}
    assert planned(tmp_path).is_empty


def test_a_workspace_that_is_not_there_is_told_and_not_made(
    cloud: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRBYTE_WORKSPACE_ID")
    with pytest.raises(UserError, match=r"Workspace 5ae6b09b-.*\n.*AIRBYTE_WORKSPACE_ID"):
        applied(tmp_path)
    assert cloud.requests == []
    assert not State(tmp_path).made_workspace("5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6")


def test_import_reads_it_back(cloud: Fake, tmp_path: Path) -> None:
    applied(tmp_path)
    with client() as airbyte:
        imported = read_workspace(airbyte, cloud.url, None)
    assert {item["connector"] for item in imported.content["sources"]} == {"source-s3"}
    assert not any(secret in imported.text() for secret in SECRETS)


def test_dagster_syncs(cloud: Fake, tmp_path: Path) -> None:
    applied(tmp_path)
    cloud.token_uses = 2  # its tokens live for three minutes
    cloud.progress = ["queued", "running", "succeeded"]
    job = Airbyte(workspace_id=str(declared().workspace.id)).sync("jaffle_shop_orders")
    assert job["status"] == "succeeded"


@pytest.mark.filterwarnings("ignore:.*currently in beta:dagster.BetaWarning")
def test_the_addresses_are_those_of_dagster_airbyte(monkeypatch: pytest.MonkeyPatch) -> None:
    """The guide's settings give the same addresses as dagster-airbyte's own client for Airbyte Cloud."""
    for name, value in {
        "AIRBYTE_URL": "https://cloud.airbyte.com",
        "AIRBYTE_PUBLIC_API_URL": "https://api.airbyte.com/v1",
        "AIRBYTE_CLIENT_ID": "i",
        "AIRBYTE_CLIENT_SECRET": "s",
    }.items():
        monkeypatch.setenv(name, value)
    theirs = AirbyteCloudWorkspace(workspace_id=WORKSPACE, client_id="i", client_secret="s").get_client()
    ours = Airbyte(workspace_id=WORKSPACE).client()
    assert (ours.rest_api_base_url, ours.configuration_api_base_url) == (
        theirs.rest_api_base_url,
        theirs.configuration_api_base_url,
    )


@pytest.mark.parametrize("kind", [Kind.SOURCE, Kind.DESTINATION])
def test_the_fakes_definitions_are_the_sdks(cloud: Fake, kind: Kind) -> None:
    status, body = cloud.answer("GET", f"{cloud.public}workspaces/{WORKSPACE}/definitions/{kind}s", {}, {})
    assert status == 200
    found = models.DefinitionsResponse.model_validate(body)
    assert [item.id for item in found.data] == [DEFINITIONS[kind][1]]


def test_where_cloud_withholds_the_definitions_the_configuration_api_is_asked(cloud: Fake) -> None:
    """Airbyte Cloud has answered 403 to some client credentials there (airbytehq/airbyte, issue 63774)."""
    name, identity = DEFINITIONS["source"]
    listed = [{"dockerRepository": f"airbyte/{name}", "sourceDefinitionId": identity}]
    cloud.faults.append(lambda request, _: (403, {}) if request.endswith("/definitions/sources") else None)
    cloud.faults.append(
        lambda request, _: (200, {"sourceDefinitions": listed}) if request.endswith("_definitions/list") else None
    )
    with client() as airbyte:
        assert airbyte.definitions(Kind.SOURCE, WORKSPACE) == {name: identity}

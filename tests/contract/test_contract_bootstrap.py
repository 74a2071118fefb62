"""bootstrap with this project's own connections.yaml against both generations of Airbyte."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

import airbyte_as_code.airbyte_client
import airbyte_as_code.apply
from airbyte_as_code.airbyte_client import AirbyteClient, AirbyteError, Kind
from airbyte_as_code.apply import apply
from airbyte_as_code.change import Action
from airbyte_as_code.destroy import destroy, made
from airbyte_as_code.errors import UserError
from airbyte_as_code.plan import make_plan
from airbyte_as_code.state import State
from bootstrap import cli
from bootstrap.first_start import set_up
from bootstrap.settings import Settings
from connections_file import ConnectionsFile, load

from .airbyte_fake import Answer, Fake, once, problem

ROOT = Path(__file__).parents[2]
NAMES = ("jaffle_shop_customers", "jaffle_shop_orders", "stripe_payments")
EVERYTHING = {"source": set(NAMES), "destination": {"warehouse"}, "connection": set(NAMES)}


class Commands:
    """bootstrap's commands, each with its state read from disk as a new process would."""

    def __init__(self, directory: Path) -> None:
        self.path = ROOT / "connections.yaml"
        key = directory / "key.json"
        key.write_text(
            json.dumps({"type": "service_account", "client_email": "a@b", "private_key": "PRIVATE KEY of the account"})
        )
        self.environment = {
            "AWS_ACCESS_KEY_ID": "an-access-key",
            "AWS_SECRET_ACCESS_KEY": "a-secret-key",
            "GOOGLE_APPLICATION_CREDENTIALS": str(key),
        }
        self.state = directory / "state"

    def file(self) -> ConnectionsFile:
        return load(self.path, self.environment)

    def client(self) -> AirbyteClient:
        return AirbyteClient(Settings.read(os.environ))

    def edit(self, *replacements: tuple[str, str]) -> None:
        """Use a copy of the file with these texts replaced."""
        text = self.path.read_text()
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new)
        self.path = self.state.with_name("connections.yaml")
        self.path.write_text(text)

    def apply(self, *, prune: bool = False) -> list[str]:
        lines: list[str] = []
        with self.client() as client:
            apply(client, self.file(), State(self.state), lambda *told: lines.append(" ".join(told)), prune=prune)
        return lines

    def actions(self) -> set[Action]:
        with self.client() as client:
            return {change.action for change in make_plan(client, self.file(), State(self.state), adopt=False).changes}

    def destroy(self) -> None:
        with self.client() as client:
            state = State(self.state)
            destroy(client, self.file(), state, made(client, self.file(), state), lambda *_: None)


@pytest.fixture
def commands(airbyte: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    for module in (airbyte_as_code.airbyte_client, airbyte_as_code.apply):
        monkeypatch.setattr(module, "PAUSES", (0.0, 0.0))
    return Commands(tmp_path)


def held(airbyte: Fake) -> dict[str, set[str]]:
    return {kind: {item["name"] for item in items.values()} for kind, items in airbyte.objects.items()}


def test_apply_converges_though_secrets_are_masked(airbyte: Fake, commands: Commands) -> None:
    assert commands.actions() == {Action.CREATE}
    commands.apply()
    assert held(airbyte) == EVERYTHING
    [destination] = airbyte.objects["destination"].values()
    assert "of the account" in destination["configuration"]["credentials_json"]
    assert commands.actions() == {Action.UNCHANGED}
    sent = len(airbyte.requests)
    commands.apply()
    assert len(airbyte.requests) == sent


def test_a_key_that_is_none_of_google_is_refused_before_anything_is_changed(airbyte: Fake, commands: Commands) -> None:
    Path(commands.environment["GOOGLE_APPLICATION_CREDENTIALS"]).write_text('{"a-secret": "of the account"}')
    for command in (commands.actions, commands.apply):
        with pytest.raises(UserError, match=r"connections.yaml.*'warehouse': credentials_json is not a") as caught:
            command()
        assert "of the account" not in str(caught.value)
    assert held(airbyte) == {kind: set() for kind in EVERYTHING}


def test_a_changed_secret_and_a_change_by_hand_are_undone(airbyte: Fake, commands: Commands) -> None:
    commands.apply()
    commands.environment["AWS_SECRET_ACCESS_KEY"] = "another-secret-key"
    airbyte.objects["connection"][next(iter(airbyte.objects["connection"]))]["prefix"] = "by_hand_"
    assert commands.actions() == {Action.UPDATE, Action.UNCHANGED}
    commands.apply()
    secrets = {
        item["configuration"]["credentials"]["aws_secret_access_key"] for item in airbyte.objects["source"].values()
    }
    assert secrets == {"another-secret-key"}
    assert airbyte.sent("PATCH connection") == [{"prefix": ""}]
    assert commands.actions() == {Action.UNCHANGED}


def test_another_connector_is_another_source(airbyte: Fake, commands: Commands) -> None:
    commands.apply()
    commands.edit(("connector: source-s3", "connector: source-postgres"))
    assert commands.actions() == {Action.REPLACE, Action.UNCHANGED}  # the sources and their connections; the warehouse
    commands.apply(prune=True)
    assert {item["sourceType"] for item in airbyte.objects["source"].values()} == {"postgres"}
    assert held(airbyte) == EVERYTHING
    assert commands.actions() == {Action.UNCHANGED}


@pytest.mark.parametrize(
    ("declared", "field"), [("selected_fields: [id, status]", "selectedFields"), ("namespace: shop", "namespace")]
)
def test_a_setting_of_a_stream_that_airbyte_does_not_know(
    airbyte: Fake, commands: Commands, declared: str, field: str
) -> None:
    before = "dbt_source: jaffle_shop.jaffle_shop_orders"
    commands.edit((before, f"{declared}\n        {before}"))
    if field in airbyte.shapes["answers"]["stream"]:
        commands.apply()
        assert commands.actions() == {Action.UNCHANGED}
        return
    for lost in range(2):  # the second run finds what the first one made
        told = rf"yaml:\d+: connection 'jaffle_shop_orders': .* without streams\.jaffle_shop_orders\.{field}\."
        with pytest.raises(UserError, match=told):
            commands.apply()
        assert len(airbyte.sent("POST connection")) == 2
        assert len(airbyte.sent("PATCH connection")) == lost
    with commands.client() as client:
        plan = make_plan(client, commands.file(), State(commands.state), adopt=False)
    assert [change.lost for change in plan.changes if change.lost] == []  # it is not another stream
    assert {text.rpartition(".")[2] for text in airbyte.undocumented} == {field}
    airbyte.undocumented.clear()
    commands.edit((f"{declared}\n        ", ""))
    commands.apply()
    assert commands.actions() == {Action.UNCHANGED}


def test_foreign_objects_are_left_alone_on_any_page(airbyte: Fake, commands: Commands) -> None:
    workspace = str(commands.file().workspace.id)
    airbyte.workspaces[workspace] = {"workspaceId": workspace, "name": "Jaffle platform", "dataResidency": "auto"}
    for number in range(230):
        airbyte.add("source", name=f"theirs {number}", workspaceId=workspace, configuration={})
    commands.apply()
    assert commands.actions() == {Action.UNCHANGED}  # ours are on the third page
    commands.destroy()
    assert held(airbyte)["connection"] == set()
    assert len(airbyte.objects["source"]) == 230


def test_a_token_that_expires_is_fetched_again(airbyte: Fake, commands: Commands) -> None:
    airbyte.token_uses = 3
    commands.apply()
    assert held(airbyte) == EVERYTHING
    expected = len(airbyte.tokens) > 3 if airbyte.shapes["authentication"] == "token" else airbyte.tokens == []
    assert expected


@pytest.mark.parametrize("kind", ["source", "destination", "connection"])
def test_500_and_then_it_is_there_all_the_same(airbyte: Fake, commands: Commands, kind: str) -> None:
    def lose(work: Callable[[], Answer]) -> Answer:
        assert work()[0] == 200
        return 500, {"message": "Internal Server Error: null"}

    airbyte.faults.append(once(f"POST /api/public/v1/{kind}s", lose))
    commands.apply()
    assert held(airbyte) == EVERYTHING
    assert len(airbyte.sent(f"POST {kind}")) == len(EVERYTHING[kind])
    assert commands.actions() == {Action.UNCHANGED}


def test_a_conflict_is_told_and_not_repeated(airbyte: Fake, commands: Commands) -> None:
    tried = []

    def refuse(name: str, work: Callable[[], Answer]) -> Answer | None:
        if name != "POST /api/public/v1/connections":
            return None
        tried.append(name)
        return 409, problem("state-conflict", "Connection is being created already")

    airbyte.faults.append(refuse)
    with pytest.raises(UserError, match=r"409 .*Connection is being created already"):
        commands.apply()
    assert len(tried) == 1
    airbyte.faults.clear()
    commands.apply()
    assert held(airbyte) == EVERYTHING


@pytest.mark.parametrize("kind", ["source", "destination"])
def test_a_server_that_repeats_what_it_was_sent_makes_no_secret_readable(
    airbyte: Fake, commands: Commands, kind: str
) -> None:
    def repeat(work: Callable[[], Answer]) -> Answer:
        work()
        return 422, problem("invalid", json.dumps(airbyte.sent(f"POST {kind}")[-1]))

    airbyte.faults.append(once(f"POST /api/public/v1/{kind}s", repeat))
    with pytest.raises(UserError, match="422 ") as caught:
        commands.apply()
    assert "credentials" in str(caught.value)
    assert not any(secret in str(caught.value) for secret in ("an-access-key", "a-secret-key", "of the account"))


def test_a_slow_discovery_is_waited_for(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server discovers the streams while it creates a connection: that takes minutes, anything else a second."""
    takes = {"connections": 600.0, "sources": 0.0, "destinations": 0.0}  # seconds
    send = httpx.HTTPTransport.handle_request

    def slow(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        kind = request.url.path.rpartition("/")[2]
        if request.method == "POST" and kind in takes and takes[kind] > request.extensions["timeout"]["read"]:
            raise httpx.ReadTimeout(f"{kind} takes {takes[kind]} s", request=request)
        return send(transport, request)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", slow)
    commands.apply()
    takes["sources"] = 600.0
    with commands.client() as client, pytest.raises(AirbyteError, match="does not answer"):
        client.create(Kind.SOURCE, {"name": "s", "workspaceId": "w", "configuration": {}})


def test_first_start_is_set_up_once_and_only_where_it_is_ours(
    airbyte: Fake,
    commands: Commands,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in commands.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("CONNECTIONS_FILE", str(ROOT / "connections.yaml"))
    monkeypatch.setenv("BOOTSTRAP_STATE_DIR", str(tmp_path / "state"))
    cli.apply()
    assert airbyte.sent("POST setup") == []
    monkeypatch.setenv("AIRBYTE_SETUP_EMAIL", "airbyte@example.com")
    for _ in range(2):
        cli.apply()
    [body] = airbyte.sent("POST setup")
    assert (body["email"], body["anonymousDataCollection"]) == ("airbyte@example.com", False)
    assert capsys.readouterr().out.count("first-start setup is done") == 1


def test_first_start_that_somebody_else_sets_up_meanwhile_is_no_error(airbyte: Fake, commands: Commands) -> None:
    airbyte.faults.append(
        once("GET /api/v1/instance_configuration", lambda _work: (200, {"initialSetupComplete": False}))
    )
    airbyte.is_set_up = True
    with commands.client() as client:
        set_up(client, "airbyte@example.com", lambda _: None)
    airbyte.faults.append(once("POST /api/v1/instance_configuration/setup", lambda _work: (500, {"message": "no"})))
    airbyte.is_set_up = False
    with commands.client() as client, pytest.raises(AirbyteError, match=r"500 to POST .*setup: no"):
        set_up(client, "airbyte@example.com", lambda _: None)

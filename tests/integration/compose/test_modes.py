"""The combinations of Airbyte and warehouse: the checks of `make up`, and each combination as Compose resolves it."""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.stack import doctor, env, images, modes, up
from tools.stack.compose import ROOT, StackError
from tools.stack.env import generated

AIRBYTE = {f"airbyte-{name}" for name in ("bootloader", "cron", "db", "engine", "proxy", "server", "temporal")}
DAGSTER = {"bootstrap", "code", "console", "daemon", "localstack", "migrate", "postgres", "socket-proxy", "webserver"}
KEY = {"GOOGLE_APPLICATION_CREDENTIALS": "/keys/google.json"}
CLOUD_URL = {"AIRBYTE_URL": "https://cloud.airbyte.com"}
CLOUD_API = {"AIRBYTE_PUBLIC_API_URL": "https://api.airbyte.com/v1"}
EXTERNAL = KEY | {"AIRBYTE_URL": "https://airbyte.example.com", "AWS_ENDPOINT_URL_S3": ""}
SERVICES: dict[tuple[str, str], tuple[dict[str, str], set[str]]] = {
    ("lite", "emulator"): ({}, {"airbyte", "connector-engine", "warehouse"}),
    ("lite", "bigquery"): (KEY, {"airbyte", "connector-engine"}),
    ("compose", "bigquery"): (KEY, AIRBYTE | {"airbyte-webapp", "airbyte-worker"}),
    ("external", "bigquery"): (EXTERNAL, set()),
}


def has_compose() -> bool:
    """Whether Docker's client and its Compose plugin are there; an engine is not needed."""
    command = ["docker", "compose", "version"]
    return bool(shutil.which("docker")) and subprocess.run(command, capture_output=True).returncode == 0


needs_compose = pytest.mark.skipif(not has_compose(), reason="docker compose config needs Docker's client with Compose")


def variables(airbyte: str, warehouse: str, **changes: str) -> dict[str, str]:
    """The variables that `make env` writes, with these modes and variables."""
    example = (ROOT / ".env.example").read_text()
    return (
        dict(re.findall(r"^([A-Z0-9_]+)=(.*)$", example, re.MULTILINE))
        | generated()
        | {"AIRBYTE_MODE": airbyte, "WAREHOUSE": warehouse}
        | changes
    )


@pytest.fixture(autouse=True)
def _no_modes_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AIRBYTE_MODE", "WAREHOUSE", "COMPOSE_PROFILES", "AIRBYTE_WORKSPACE_ID", *CLOUD_API, *EXTERNAL):
        monkeypatch.delenv(name, raising=False)


def resolved(tmp_path: Path, settings: dict[str, str], given: dict[str, str] | None = None, folder: Path = ROOT) -> Any:
    """The compose file as Compose resolves it with an .env of these settings, and variables of the environment."""
    file = tmp_path / ".env"
    file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    command = ["docker", "compose", "--env-file", str(file), "config", "--format", "json"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **(given or {})}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "variable is not set" not in result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.parametrize("mode", SERVICES, ids="+".join)
def test_an_allowed_combination_is_allowed(mode: tuple[str, str]) -> None:
    experimental = mode[0] in ("compose", "external")
    found = modes.check(variables(*mode, **SERVICES[mode][0]))
    assert [finding.level for finding in found] == ["ok"] + ["warn"] * experimental


@pytest.mark.parametrize("mode", [mode for mode in SERVICES if mode != ("lite", "bigquery")], ids="+".join)
def test_the_guide_says_what_the_doctor_asks_for(mode: tuple[str, str]) -> None:
    """For lite with BigQuery, the guide refers to the mode above."""
    needed = modes.Mode(*mode)
    row = re.search(rf"^\| `{mode[0]}` \| `{mode[1]}` .*", (ROOT / "docs/modes.md").read_text(), re.MULTILINE)
    assert row
    slow = needed.memory + doctor.COMFORT
    machine = f"{needed.cpus} CPUs, {needed.memory:g} GiB of memory (slow below {slow:g}), {needed.disk:g} GiB of disk"
    assert machine in row[0]
    assert re.search(r"\d to \d+ minutes the first time", row[0])


@needs_compose
@pytest.mark.parametrize("mode", SERVICES, ids="+".join)
def test_an_allowed_combination_resolves(mode: tuple[str, str], tmp_path: Path) -> None:
    settings = variables(*mode, **SERVICES[mode][0])
    found = resolved(tmp_path, settings)
    assert set(found["services"]) == DAGSTER | SERVICES[mode][1]
    clients = [found["services"][name]["environment"] for name in ("bootstrap", "code", "daemon", "webserver")]
    for client in clients:
        assert (client["WAREHOUSE"], bool(client["BIGQUERY_EMULATOR_HOST"])) == (mode[1], mode[1] == "emulator")
        pairs = [("AIRBYTE_CLIENT_ID", "AIRBYTE_CLIENT_SECRET"), ("AIRBYTE_USERNAME", "AIRBYTE_PASSWORD")]
        # dagster-airbyte refuses two pairs of credentials, and half a pair.
        assert sorted([client[one] != "", client[two] != ""] for one, two in pairs) == [[False] * 2, [True] * 2]
    published = [port for service in found["services"].values() for port in service.get("ports", [])]
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}
    expected = {settings[name] for name in modes.mode(settings).ports}
    assert {port["published"] for port in published} == expected


@needs_compose
def test_each_mode_has_its_own_address_and_connectors(tmp_path: Path) -> None:
    def client(mode: tuple[str, str]) -> dict[str, str]:
        services = resolved(tmp_path, variables(*mode, **SERVICES[mode][0]))["services"]
        environment: dict[str, str] = services["bootstrap"]["environment"]
        return environment

    lite, compose, external = (
        client(("lite", "bigquery")),
        client(("compose", "bigquery")),
        client(("external", "bigquery")),
    )
    urls = [each["AIRBYTE_URL"] for each in (lite, compose, external)]
    assert urls == ["http://airbyte:8000", "http://airbyte-proxy:8000", "https://airbyte.example.com"]
    assert (lite["AIRBYTE_CONNECTORS"], external["AIRBYTE_CONNECTORS"]) == ("", "")
    lites = tomllib.loads((ROOT / "services/airbyte_lite/connectors/connectors.toml").read_text())
    source, destination = compose["AIRBYTE_CONNECTORS"].split()
    assert source == f"source-s3:{lites['source-s3']['version']}"  # one connections.yaml fits both
    assert re.fullmatch(r"destination-bigquery:\d+\.\d+\.\d+", destination)
    assert (compose["AWS_ENDPOINT_URL_S3"], external["AWS_ENDPOINT_URL_S3"]) == ("http://localstack:4566", "")


@needs_compose
def test_the_connectors_of_the_real_airbyte_are_pulled_with_the_other_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airbyte's worker may not pull images. If one is missing, `make up` pulls it before it starts a service."""
    found = resolved(tmp_path, variables("compose", "bigquery", **KEY))
    connectors = {
        f"airbyte/{name}" for name in found["services"]["bootstrap"]["environment"]["AIRBYTE_CONNECTORS"].split()
    }
    pulled: list[str] = []

    def pull(image: str) -> str:
        pulled.append(image)
        return ""

    monkeypatch.setattr(images, "config", lambda: found)
    monkeypatch.setattr(images, "outdated", dict)
    monkeypatch.setattr(images, "present", lambda image: image not in connectors - set(pulled))
    monkeypatch.setattr(images, "pull", pull)
    assert not images.are_current()
    images.make_images()
    assert len(connectors) == 2
    assert set(pulled) == connectors
    assert images.are_current()


@needs_compose
def test_the_key_reaches_who_needs_it_and_only_as_a_file(tmp_path: Path) -> None:
    found = resolved(tmp_path, variables("compose", "bigquery", **KEY))
    with_key = {name for name, service in found["services"].items() if service.get("secrets")}
    assert with_key == {"bootstrap", "code", "console"}
    assert found["secrets"]["google_key"]["file"] == "/keys/google.json"
    assert found["services"]["bootstrap"]["environment"]["GOOGLE_APPLICATION_CREDENTIALS"] == "/run/secrets/google_key"
    assert found["services"]["socket-proxy"]["environment"]["PROXY_GOOGLE_KEY"] == "/keys/google.json"


PROFILES = "COMPOSE_PROFILES=${AIRBYTE_MODE},${WAREHOUSE}"
ONE_PAIR = ["AIRBYTE_CLIENT_ID", "AIRBYTE_CLIENT_SECRET", "AIRBYTE_USERNAME", "AIRBYTE_PASSWORD"]
CLOUDS_ADDRESSES = ["AIRBYTE_URL=https://cloud.airbyte.com", "AIRBYTE_PUBLIC_API_URL=https://api.airbyte.com/v1"]


@pytest.mark.parametrize(
    ("airbyte", "warehouse", "changes", "facts"),
    [
        ("compose", "emulator", {}, ["AIRBYTE_MODE=compose, WAREHOUSE=emulator", "endpoint"]),
        ("external", "emulator", EXTERNAL, ["AIRBYTE_MODE=external, WAREHOUSE=emulator", "endpoint"]),
        ("local", "emulator", {}, ["AIRBYTE_MODE=local", "lite, compose, external"]),
        ("", "emulator", {}, ["AIRBYTE_MODE=", "lite, compose, external"]),
        ("lite", "", {}, ["WAREHOUSE=", "emulator, bigquery"]),
        ("lite", "duckdb", {}, ["WAREHOUSE=duckdb", "emulator, bigquery"]),
        ("lite", "bigquery", {}, ["service account key", "GOOGLE_APPLICATION_CREDENTIALS=/"]),
        ("compose", "bigquery", {}, ["service account key", "GOOGLE_APPLICATION_CREDENTIALS=/"]),
        ("lite", "emulator", {"COMPOSE_PROFILES": "compose"}, ["COMPOSE_PROFILES=compose", PROFILES]),
        ("lite", "emulator", {"COMPOSE_PROFILES": ""}, ["COMPOSE_PROFILES= ", PROFILES]),
        ("external", "bigquery", EXTERNAL | {"AIRBYTE_URL": ""}, ["AIRBYTE_URL is not set"]),
        ("external", "bigquery", EXTERNAL | {"AIRBYTE_URL": "airbyte.example.com"}, ["AIRBYTE_URL=airbyte", "https"]),
        ("external", "bigquery", EXTERNAL | {"AIRBYTE_URL": "https://a.example/api/v1"}, ["a.example/api", "/api"]),
        ("external", "bigquery", EXTERNAL | {"AIRBYTE_URL": "http://localhost:8000"}, ["localhost", "container"]),
        ("external", "bigquery", EXTERNAL | {"AIRBYTE_CLIENT_ID": ""}, ONE_PAIR),
        ("external", "bigquery", EXTERNAL | {"AIRBYTE_USERNAME": "a", "AIRBYTE_PASSWORD": "b"}, ONE_PAIR),
        ("external", "bigquery", EXTERNAL | {"AIRBYTE_USERNAME": "a"}, ONE_PAIR),
        ("external", "bigquery", EXTERNAL | CLOUD_URL, CLOUDS_ADDRESSES),
        ("external", "bigquery", EXTERNAL | CLOUD_API | {"AIRBYTE_URL": "https://api.airbyte.com"}, CLOUDS_ADDRESSES),
        (
            *("external", "bigquery", EXTERNAL | CLOUD_URL | {"AIRBYTE_PUBLIC_API_URL": "api.airbyte.com"}),
            ["AIRBYTE_PUBLIC_API_URL=api.airbyte.com", *CLOUDS_ADDRESSES],
        ),
        ("external", "bigquery", EXTERNAL | CLOUD_URL | CLOUD_API, ["AIRBYTE_WORKSPACE_ID is not set"]),
        ("external", "bigquery", KEY | {"AIRBYTE_URL": "https://a.example"}, ["AWS_ENDPOINT_URL_S3 is not set"]),
    ],
)
def test_a_forbidden_combination_is_refused_before_anything_starts(
    airbyte: str,
    warehouse: str,
    changes: dict[str, str],
    facts: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = variables(airbyte, warehouse, **changes)
    [finding] = modes.check(settings)
    assert finding.level == "fail"
    assert [fact for fact in facts if fact not in f"{finding.what} {finding.next}"] == []
    assert ".env" in finding.next
    started: list[object] = []
    monkeypatch.setattr(env, "make_env", lambda: None)
    monkeypatch.setattr(subprocess, "Popen", started.append)
    monkeypatch.setattr(images, "make_images", lambda: started.append("images"))
    monkeypatch.setattr(doctor, "check_engine", lambda: [])
    monkeypatch.setattr(doctor, "read_env", lambda: settings)
    monkeypatch.setattr(doctor, "ENV_FILE", tmp_path / ".env")
    (tmp_path / ".env").touch(mode=0o600)
    with pytest.raises(StackError, match="Nothing was started"):
        up.up()
    assert not started


def test_the_environment_comes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRBYTE_MODE", "compose")
    [finding] = modes.check(variables("lite", "emulator"))
    assert "AIRBYTE_MODE=compose" in finding.what


def test_an_external_airbyte_takes_a_name_and_a_password() -> None:
    login = {"AIRBYTE_CLIENT_ID": "", "AIRBYTE_CLIENT_SECRET": "", "AIRBYTE_USERNAME": "a", "AIRBYTE_PASSWORD": "b"}
    found = modes.check(variables("external", "bigquery", **EXTERNAL, **login))
    assert [finding.level for finding in found] == ["ok", "warn"]


@needs_compose
def test_airbyte_cloud_is_allowed_and_every_client_is_told_where_it_is(tmp_path: Path) -> None:
    cloud = CLOUD_URL | CLOUD_API | {"AIRBYTE_WORKSPACE_ID": "c10d0000-0000-4000-8000-000000000001"}
    settings = variables("external", "bigquery", **EXTERNAL | cloud)
    assert [finding.level for finding in modes.check(settings)] == ["ok", "warn"]
    services = resolved(tmp_path, settings)["services"]
    for name in ("bootstrap", "code", "daemon", "webserver"):
        assert cloud.items() <= services[name]["environment"].items()


@needs_compose
@pytest.mark.parametrize("name", ["AIRBYTE_MODE", "WAREHOUSE"])
def test_an_empty_mode_in_the_environment_is_refused_as_compose_would_start_too_little(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = variables("lite", "emulator")
    everything = set(resolved(tmp_path, settings)["services"])
    assert set(resolved(tmp_path, settings, {name: ""})["services"]) < everything
    monkeypatch.setenv(name, "")
    assert [finding.level for finding in modes.check(settings)] == ["fail"]


@needs_compose
def test_modes_of_the_environment_are_composes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in COMPOSE_PROFILES, which .env makes of them."""
    mode = {"AIRBYTE_MODE": "compose", "WAREHOUSE": "bigquery"} | KEY
    for name, value in mode.items():
        monkeypatch.setenv(name, value)
    settings = variables("lite", "emulator")
    assert [finding.level for finding in modes.check(settings)] == ["ok", "warn"]
    found = resolved(tmp_path, settings, mode)
    assert set(found["services"]) == DAGSTER | SERVICES[("compose", "bigquery")][1]
    assert found["services"]["bootstrap"]["environment"]["AIRBYTE_URL"] == "http://airbyte-proxy:8000"
    assert found["secrets"]["google_key"]["file"] == KEY["GOOGLE_APPLICATION_CREDENTIALS"]


@needs_compose
@pytest.mark.parametrize("late", [["AIRBYTE_MODE"], ["WAREHOUSE"], ["AIRBYTE_MODE", "WAREHOUSE"]], ids=" ".join)
def test_profiles_above_their_modes_are_refused_as_compose_would_start_too_little(
    late: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = variables("lite", "emulator")
    everything = set(resolved(tmp_path, settings)["services"])
    below = {name: settings.pop(name) for name in late}
    settings |= below
    with pytest.raises(AssertionError, match="variable is not set"):
        resolved(tmp_path, settings)
    [finding] = modes.check(settings)
    assert (finding.level, " and ".join(late) in finding.what) == ("fail", True)
    assert "move the line COMPOSE_PROFILES below" in finding.next
    for name, value in below.items():  # the environment's come before every line
        monkeypatch.setenv(name, value)
    assert set(resolved(tmp_path, settings, below)["services"]) == everything
    assert [finding.level for finding in modes.check(settings)] == ["ok"]


def test_spaces_between_profiles_are_composes_too() -> None:
    [finding] = modes.check(variables("lite", "emulator", COMPOSE_PROFILES="lite, emulator"))
    assert finding.level == "ok"


@needs_compose
def test_a_secret_of_connections_env_reaches_bootstrap_and_the_console_only(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    shutil.copytree(ROOT / "compose", tmp_path / "compose")
    (tmp_path / "connections.env").write_text("SHOP_TOKEN='se$cret'\nAIRBYTE_URL=http://elsewhere\n")
    services = resolved(tmp_path, variables("lite", "emulator"), folder=tmp_path)["services"]
    having = {name for name, service in services.items() if "SHOP_TOKEN" in (service.get("environment") or {})}
    assert having == {"bootstrap", "console"}  # the console checks a new source with it
    environment = services["bootstrap"]["environment"]
    assert environment["SHOP_TOKEN"] == "se$$cret"  # as `config` writes a $
    assert environment["AIRBYTE_URL"] == "http://airbyte:8000"

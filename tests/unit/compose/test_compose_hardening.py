"""Every service of docker-compose.yml is held to the same rules; exceptions are named here, with their reasons."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from socket_proxy.worker import VARIABLE

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
DAGSTER = yaml.safe_load((ROOT / "compose/dagster/dagster.yaml").read_text())

# The proxy reads the socket's group as root, then becomes user 10001 before it listens.
STARTS_AS_ROOT = {"socket-proxy": ["SETUID", "SETGID"]}
ONE_SHOT = {"bootstrap", "migrate"}
HAS_THE_SOCKET = {"socket-proxy"}
REACHES_THE_PROXY = {"socket-proxy", "daemon", "webserver"}
WITHOUT_PLATFORM_NETWORK = {"socket-proxy"}
SECRET = re.compile(r"PASSWORD|SECRET|_KEY|TOKEN|CREDENTIALS")


def resolve(text: str) -> dict[str, Any]:
    """The compose file as Compose resolves it with nothing but the required variables set, to their own names."""
    text = re.sub(r"\$\{(\w+):?-([^}]*)\}", r"\2", text)
    text = re.sub(r"\$\{(\w+)(:\?[^}]*)?\}", r"\1", text)
    resolved: dict[str, Any] = yaml.safe_load(text)
    return resolved


COMPOSE = resolve(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_the_services_are_those_of_the_platform() -> None:
    expected = {"postgres", "localstack", "warehouse", "airbyte", "bootstrap", "migrate", "code", "webserver", "daemon"}
    assert set(SERVICES) == expected | {"socket-proxy"}


@pytest.mark.parametrize("name", SERVICES)
class TestEveryService:
    def test_ports_are_on_loopback(self, name: str) -> None:
        assert all(str(port).startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))

    def test_privileges(self, name: str) -> None:
        service = SERVICES[name]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["cap_drop"] == ["ALL"]
        assert service.get("cap_add", []) == STARTS_AS_ROOT.get(name, [])
        forbidden = {
            "privileged",
            "pid",
            "ipc",
            "network_mode",
            "userns_mode",
            "uts",
            "cgroup",
            "devices",
            "cgroup_parent",
        }
        assert not forbidden & set(service)

    def test_not_root(self, name: str) -> None:
        user, _, group = SERVICES[name]["user"].partition(":")
        if name in STARTS_AS_ROOT:
            assert (user, group) == ("0", "0")
        else:
            assert int(user) > 0
            assert int(group) > 0

    def test_nothing_is_written_but_volumes_and_tmpfs(self, name: str) -> None:
        service = SERVICES[name]
        assert service["read_only"] is True
        binds = [volume for volume in service.get("volumes", []) if volume.startswith((".", "/", "~"))]
        assert binds == (["/var/run/docker.sock:/var/run/docker.sock"] if name in HAS_THE_SOCKET else [])

    def test_limits(self, name: str) -> None:
        service = SERVICES[name]
        assert {"mem_limit", "cpus", "pids_limit"} <= set(service)
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}

    def test_networks(self, name: str) -> None:
        networks = set(SERVICES[name]["networks"])
        assert ("engine" in networks) == (name in REACHES_THE_PROXY)
        assert ("platform" in networks) == (name not in WITHOUT_PLATFORM_NETWORK)

    def test_restarts_and_health(self, name: str) -> None:
        service = SERVICES[name]
        if name in ONE_SHOT:
            assert service["restart"] == "on-failure:3"
            assert "healthcheck" not in service
        else:
            assert service["restart"] == "unless-stopped"
            assert {"test", "interval", "timeout", "retries", "start_period", "start_interval"} <= set(
                service["healthcheck"]
            )
        assert all(set(entry) == {"condition"} for entry in service.get("depends_on", {}).values())

    def test_images_are_pinned(self, name: str) -> None:
        assert re.fullmatch(r"[\w./-]+:(?!latest)[\w.-]+", SERVICES[name]["image"])

    def test_no_secret_but_through_the_environment(self, name: str) -> None:
        service = SERVICES[name]
        for key, value in service.get("environment", {}).items():
            # Resolved with required variables only: a default would show here as something else than the name.
            assert not SECRET.search(key) or value in (key, None, "")
        elsewhere = {key: service[key] for key in ("build", "command", "labels") if key in service}
        assert not SECRET.search(str(elsewhere))


def test_the_networks_names_are_fixed_and_the_engines_is_closed() -> None:
    assert COMPOSE["networks"]["platform"]["name"] == "COMPOSE_PROJECT_NAME_platform"
    assert COMPOSE["networks"]["engine"] == {"internal": True}


def test_secrets_have_no_default_and_the_example_is_empty() -> None:
    for name, default in re.findall(r"\$\{(\w+):?-([^}]*)\}", TEXT):
        assert not SECRET.search(name) or default == ""
    for name, value in re.findall(r"^#?(\w+)=(.*)$", EXAMPLE, re.MULTILINE):
        assert not SECRET.search(name) or value == ""


def test_every_variable_of_the_compose_file_is_in_the_example() -> None:
    used = set(re.findall(r"\$\{(\w+)", TEXT)) - set(re.findall(r"INPUTS_\w+", TEXT))
    described = set(re.findall(r"^#?([A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))
    optional = {"AIRBYTE_USERNAME", "AIRBYTE_PASSWORD", "AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION"}
    assert used - described == optional
    assert described <= used


def test_what_a_run_worker_gets_is_what_the_daemon_has_and_the_proxy_lets_through() -> None:
    names = DAGSTER["run_launcher"]["config"]["env_vars"]
    environment = SERVICES["daemon"]["environment"]
    assert set(names) <= set(environment)
    assert all(re.search(VARIABLE, f"{name}=x") for name in names)
    assert not {"DOCKER_HOST", "DAGSTER_HOME"} & set(names)
    assert set(names) >= set(environment) - {
        "DOCKER_HOST",
        "PLATFORM_NETWORK",
        "DAGSTER_CURRENT_IMAGE",
        "DAGSTER_DAEMON_HEARTBEAT_TOLERANCE",
    }


def test_the_proxy_lets_through_what_dagster_asks_for() -> None:
    proxy, daemon = SERVICES["socket-proxy"]["environment"], SERVICES["daemon"]
    assert proxy["PROXY_IMAGE"] == daemon["image"] == daemon["environment"]["DAGSTER_CURRENT_IMAGE"]
    assert (
        proxy["PROXY_NETWORK"] == daemon["environment"]["PLATFORM_NETWORK"] == COMPOSE["networks"]["platform"]["name"]
    )
    volume, folder = proxy["PROXY_COMPUTE_LOGS"].split(":")
    assert volume == COMPOSE["volumes"]["compute_logs"]["name"]
    assert f"compute_logs:{folder}" in SERVICES["webserver"]["volumes"]
    assert DAGSTER["compute_logs"]["config"]["base_dir"] == folder
    assert set(DAGSTER["run_launcher"]["config"]["container_kwargs"]) == {"stop_timeout"}


@pytest.mark.parametrize("path", sorted((ROOT / "services").glob("*/Dockerfile")), ids=lambda path: path.parent.name)
def test_dockerfiles(path: Path) -> None:
    text = path.read_text()
    assert "syntax=" not in text, "asks a registry for a front end"
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"$PYTHON_IMAGE"}
    assert set(re.findall(r"--from=(\S+)", text)) == {"build"}
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE)[-1] == "platform"
    assert "UV_REQUIRE_HASHES=1" in text
    assert not re.search(r"^(ADD|COPY) (--\S+ )*\. ", text, re.MULTILINE), "copies everything"


def test_the_build_context_holds_no_secrets() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    kept = {line[1:] for line in lines if line.startswith("!")}
    assert kept == {"compose/dagster", "connections.yaml", "dbt_project", "seed_data", "services"}

"""What `make demo` and `make dev` give to their programs of the shell's environment."""

import os
from pathlib import Path

import pytest

from tools.local import foreign, processes, startup
from tools.local.platform import Platform
from tools.settings_table import PORTS


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A platform, in a shell that is prepared for other projects too."""
    monkeypatch.setenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true")
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_CONFIG_FILE", "production.ini")
    monkeypatch.setenv("DBT_TARGET", "production")
    monkeypatch.setenv("DBT_ENGINE_FULL_REFRESH", "1")
    monkeypatch.setenv("SHOP_TOKEN", "of connections.yaml")
    return Platform(tmp_path, PORTS)


def check(variables: dict[str, str]) -> None:
    """Check that a program gets nothing of the other projects, and what connections.yaml and models may refer to."""
    assert not foreign.FOREIGN & set(variables)
    assert variables["AWS_CONFIG_FILE"] == os.devnull
    assert variables["SHOP_TOKEN"] == "of connections.yaml"
    assert variables["AWS_ENDPOINT_URL_S3"] == f"http://127.0.0.1:{PORTS['s3']}"


def test_a_service_gets_nothing_of_another_project(platform: Platform, tmp_path: Path) -> None:
    check(processes.variables(platform.dagster(), tmp_path / "log"))


def test_bootstrap_gets_nothing_of_another_project(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """It uploads the seed files."""
    given: list[dict[str, str]] = []

    class Ended:
        returncode = 0

    def run(_: list[str], *, env: dict[str, str], **__: object) -> Ended:
        given.append(env)
        return Ended()

    monkeypatch.setattr("subprocess.run", run)
    startup.bootstrap(platform, "seed")
    check(given[0])


def test_variables_that_connections_yaml_names_stay(tmp_path: Path) -> None:
    """Its errors tell to export them. With a default, another value would be taken without a word."""
    file = tmp_path / "connections.yaml"
    file.write_text("region_name: ${AWS_REGION:-us-east-1}\nsession: ${AWS_SESSION_TOKEN}\n")
    shell = {"AWS_REGION": "eu-west-1", "AWS_SESSION_TOKEN": "t", "AWS_PROFILE": "other"}
    kept = foreign.without(shell | {"CONNECTIONS_FILE": str(file)})
    assert {name: kept.get(name) for name in shell} == shell | {"AWS_PROFILE": None}
    assert not foreign.FOREIGN & set(foreign.without(shell | {"CONNECTIONS_FILE": str(tmp_path / "absent")}))

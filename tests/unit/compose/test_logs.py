"""`make logs`: the services whose logs it follows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.local import claims
from tools.stack import logs
from tools.stack.compose import StackError


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which nothing has run."""
    monkeypatch.setattr(claims, "DEVELOPMENT", tmp_path / "dev")
    monkeypatch.setattr(logs, "DIRECTORY", tmp_path / "dev/logs")
    monkeypatch.setattr(logs, "ENV_FILE", tmp_path / ".env")
    monkeypatch.setattr(logs, "states", lambda: {"airbyte": {"Running": False}})
    monkeypatch.setattr(logs, "config", lambda: {"services": {"airbyte": {}, "localstack": {}}})
    return tmp_path


def write(checkout: Path, *names: str) -> None:
    (checkout / "dev/logs").mkdir(parents=True)
    for name in names:
        (checkout / f"dev/logs/{name}.log").touch()


def test_without_docker_the_files_of_make_dev_are_followed(checkout: Path) -> None:
    write(checkout, "s3", "dagster")
    assert [Path(file).name for file in logs.command_line("")[4:]] == ["dagster.log", "s3.log"]


@pytest.mark.parametrize(("service", "file"), [("daemon", "dagster.log"), ("localstack", "s3.log"), ("s3", "s3.log")])
def test_the_services_of_compose_are_found_among_the_processes(checkout: Path, service: str, file: str) -> None:
    write(checkout, "s3", "dagster")
    assert logs.command_line(service)[4:] == [str(checkout / "dev/logs" / file)]


def test_a_platform_on_docker_is_asked_by_compose(checkout: Path) -> None:
    (checkout / ".env").touch()
    write(checkout, "s3")  # of an earlier make dev
    assert logs.command_line("airbyte")[:2] == ["docker", "compose"]
    assert logs.command_line("airbyte")[-1] == "airbyte"


def no_engine() -> dict[str, dict[str, Any]]:
    raise StackError("docker is not installed")


@pytest.mark.parametrize("states", [dict, no_engine])
def test_an_ended_make_dev_is_shown_when_compose_has_no_containers(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, states: Callable[[], dict[str, dict[str, Any]]]
) -> None:
    monkeypatch.setattr(logs, "states", states)
    (checkout / ".env").touch()  # of an earlier make up
    assert logs.command_line("")[0] == "docker"
    write(checkout, "s3")
    assert logs.command_line("")[0] == "tail"


def test_a_running_make_dev_comes_first(checkout: Path) -> None:
    (checkout / ".env").touch()
    write(checkout, "s3")
    with claims.claim(claims.DEVELOPMENT):
        assert logs.command_line("")[0] == "tail"


@pytest.mark.parametrize("on_docker", [True, False])
def test_an_unknown_service_is_refused_with_the_names(checkout: Path, on_docker: bool) -> None:
    if on_docker:
        (checkout / ".env").touch()
    else:
        write(checkout, "airbyte", "s3")
    with pytest.raises(StackError, match=r"no service nope.*airbyte, .*localstack"):
        logs.command_line("nope")


def test_nothing_has_run(checkout: Path) -> None:
    with pytest.raises(StackError, match="make dev"):
        logs.command_line("")
    write(checkout)
    with pytest.raises(StackError, match="no logs yet"):
        logs.command_line("")

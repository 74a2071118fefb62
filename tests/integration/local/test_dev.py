"""`make dev`: what it does when a service ends, when files change, and when a port is taken."""

import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.local import dev, startup
from tools.local.platform import Platform
from tools.local.processes import Supervisor
from tools.settings_table import PORTS
from tools.stack import ports

from .web import web


def test_a_service_that_ended_is_started_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Supervisor(tmp_path) as services:
        services.start(web("s3")).wait(60)
        services.processes["s3"].popen.kill()
        services.processes["s3"].popen.wait()
        dev.revive("s3", services)
        assert services.processes["s3"].healthy()
        told = capsys.readouterr().err
        assert "exit code -9" in told
        assert "Last lines of" in told
        dev.revive("s3", services)  # without its vital process: the log has only the errors of those that asked it
        told = capsys.readouterr().err
        assert str(services.processes["s3"].log) in told
        assert "Last lines of" not in told


def test_a_file_that_an_editor_has_just_removed_is_no_error(tmp_path: Path) -> None:
    assert dev.modified(tmp_path / "model.sql.tmp") == 0


def test_changes_of_content_and_names_are_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    model = tmp_path / "dbt_project/models/a.sql"
    generated = tmp_path / "dbt_project/target/manifest.yml"
    for file in (model, generated):
        file.parent.mkdir(parents=True)
        file.touch()
    before = dev.snapshot()
    os.utime(generated, ns=(1, 1))
    assert dev.snapshot() == before
    os.utime(model, ns=(1, 1))
    changed = dev.snapshot()
    assert [name for name in before if before[name] != changed[name]] == [dev.CODE]


def test_a_change_of_a_shared_package_reaches_all_that_use_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    before = dev.snapshot()
    for name, expected in (
        ("connections_file", [dev.CODE, dev.CONNECTIONS, "console"]),
        ("platform_kit", [dev.CODE, "airbyte", dev.CONNECTIONS, "warehouse", "console"]),
    ):
        file = tmp_path / "packages" / name / "a.py"
        file.parent.mkdir(parents=True)
        file.touch()
        after = dev.snapshot()
        assert [action for action in before if before[action] != after[action]] == expected
        before = after


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            startup.StepError, match=rf"port {port} \(dagster\) is in use(.|\n)*DAGSTER_PORT={port + 1} "
        ):
            dev.check_ports({"dagster": port})


def test_ports_come_from_the_environment_as_on_compose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_PORT", "3001")
    monkeypatch.setenv("S3_PORT", "")
    assert ports.chosen(os.environ) == PORTS | {"dagster": 3001}
    for wrong in ("x", "0", "65536", "-1"):
        monkeypatch.setenv("DAGSTER_PORT", wrong)
        with pytest.raises(ValueError, match=f"DAGSTER_PORT={wrong}: not a port"):
            ports.chosen(os.environ)
    monkeypatch.setenv("DAGSTER_PORT", "8000")
    with pytest.raises(ValueError, match="DAGSTER_PORT and AIRBYTE_PORT are both 8000"):
        ports.chosen(os.environ)


def test_a_secret_in_the_callers_environment_reaches_the_connections_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    def run(_command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        given.update(options["env"])
        return subprocess.CompletedProcess([], 0)

    monkeypatch.setenv("MY_API_TOKEN", "t")
    monkeypatch.setenv("AIRBYTE_URL", "https://airbyte.example.com")
    monkeypatch.setattr(subprocess, "run", run)
    platform = Platform(tmp_path, PORTS)
    startup.bootstrap(platform, "apply")
    assert given["MY_API_TOKEN"] == "t"
    assert given["AIRBYTE_URL"] == platform.url("airbyte")

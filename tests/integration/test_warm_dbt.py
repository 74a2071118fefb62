"""The dbt that is imported ahead behaves as dbt does, and leaves nothing behind. A small program stands in for dbt."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.warm_dbt.client import SOCKET
from orchestrator.warm_dbt.holder import WarmDbt
from orchestrator.warm_dbt.server import MODULES
from tools.local.platform import python

CLI = """
import os, sys, time
def cli(prog_name):
    try:
        print("warm", *sys.argv, os.environ.get("VARIABLE"), os.getcwd(), flush=True)
        time.sleep(60 if "wait" in sys.argv else 0)
    except KeyboardInterrupt:
        print("queries cancelled", flush=True)
        sys.exit(2)
    sys.exit(3)
"""


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bin folder of an environment in which both ways to start dbt lead to a stand-in."""
    for module in MODULES:
        folder = tmp_path / "modules"
        for part in module.split("."):
            folder /= part
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "__init__.py").touch()
    (tmp_path / "modules/dbt/cli/main/__init__.py").write_text(CLI)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("JOINT_TESTS", "no")  # it changes the real dbt
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, line in {"python": f'exec {python("orchestrator")} "$@"', "dbt": 'echo cold "$@"'}.items():
        (programs / name).write_text(f"#!/bin/sh\n{line}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    return programs


@pytest.fixture
def warm(environment: Path) -> Iterator[WarmDbt]:
    warm = WarmDbt()
    yield warm
    warm.stop()
    assert warm.process.returncode is not None
    assert not warm.folder.exists()
    assert SOCKET not in os.environ


def command(environment: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start the client as dagster-dbt starts dbt."""
    program = str(environment / "python")
    start = f"import sys; sys.executable = {program!r}; from orchestrator.warm_dbt.client import main; main()"
    return subprocess.Popen(
        [python("orchestrator"), "-c", start, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | variables,
        cwd=environment,
    )


def test_a_command_is_run_once_and_the_next_one_by_dbt_itself(environment: Path, warm: WarmDbt) -> None:
    first = command(environment, "build", "--vars", "{}", VARIABLE="a value")
    assert first.communicate()[0] == f"warm dbt build --vars {{}} a value {environment}\n"
    assert first.returncode == 3
    second = command(environment, "build", "again")
    assert second.communicate()[0] == "cold build again\n"
    assert second.returncode == 0


def test_an_interrupted_command_ends_as_dbt_does(environment: Path, warm: WarmDbt) -> None:
    client = command(environment, "wait")
    assert client.stdout
    assert client.stdout.readline().startswith("warm")
    client.send_signal(signal.SIGINT)
    assert client.communicate()[0] == "queries cancelled\n"
    assert client.returncode == 2


@pytest.mark.parametrize("who", ["client", "run"])
def test_a_command_does_not_outlive_who_waits_for_it(environment: Path, warm: WarmDbt, who: str) -> None:
    client = command(environment, "wait")
    assert client.stdout
    assert client.stdout.readline().startswith("warm")
    if who == "client":
        client.kill()
    else:  # the pipe is closed when the run worker dies, however it dies
        assert warm.process.stdin
        warm.process.stdin.close()
    assert warm.process.wait(60) == 2
    assert client.communicate()[0] == "queries cancelled\n"


def test_a_warm_dbt_that_dies_is_replaced_by_dbt_itself(environment: Path, warm: WarmDbt) -> None:
    warm.process.kill()
    warm.process.wait()
    told, *lines = command(environment, "build").communicate()[0].splitlines()
    assert "killed" in told
    assert lines == ["cold build"]


def test_a_failed_import_is_told_before_dbt_itself_is_started(environment: Path) -> None:
    (environment.parent / "modules/dbt/task/build/__init__.py").write_text("import no_such_module")
    warm = WarmDbt()
    assert warm.process.wait(60) == 1
    told, *lines = command(environment, "build").communicate()[0].splitlines()
    assert "no_such_module" in told
    assert lines == ["cold build"]
    warm.stop()


def test_a_warm_dbt_that_waits_ends_with_its_run_worker(environment: Path) -> None:
    warm = WarmDbt()
    assert warm.process.stdin
    warm.process.stdin.close()  # the run worker was killed
    assert warm.process.wait(60) == 0
    assert not warm.folder.exists()
    warm.stop()


def test_a_warm_dbt_that_is_not_needed_ends_with_the_run(environment: Path) -> None:
    warm = WarmDbt()
    started = time.monotonic()
    warm.stop()
    assert warm.process.returncode is not None
    assert time.monotonic() - started < 5
    assert not warm.folder.exists()

"""What starts Dagster's code servers under `make dev`, and how a run's process is chosen."""

import os
import sys
import sysconfig
from pathlib import Path
from types import ModuleType

import pytest

from orchestrator.code_server import run_workers, starting
from tools.local.platform import Platform
from tools.settings_table import PORTS


def test_code_servers_are_ours_and_other_programs_are_not() -> None:
    python = "/venv/bin/python"
    for arguments in (["code-server", "start", "--socket", "s"], ["api", "grpc", "--port", "1"]):
        ours = starting.command([python, "-m", "dagster", *arguments])
        assert ours == [python, "-m", "orchestrator.code_server", *arguments]
    for other in (["-m", "dagster", "api", "execute_run"], ["-m", "dagster._daemon", "run", "-m"]):
        assert starting.command([python, *other]) == [python, *other]


def test_make_dev_knows_the_code_server_by_its_command(tmp_path: Path) -> None:
    started = starting.command(["/venv/bin/python", "-m", "dagster", "api", "grpc", "--socket", "s"])
    vital = Platform(tmp_path, PORTS).dagster().vital
    assert vital in " ".join(started), "a killed code server would not be noticed"


@pytest.mark.parametrize("what", ["a file of ours", "an installed package"])
def test_a_change_of_what_was_imported_is_seen(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, installed = tmp_path / "module.py", tmp_path / "site-packages"
    module.touch()
    installed.mkdir()
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(installed))
    named = ModuleType("named")
    named.__file__ = str(module)
    monkeypatch.setitem(sys.modules, "named", named)
    since = max(path.stat().st_ctime_ns for path in (module, installed))
    assert not run_workers.has_changed(since)

    changed = module if what == "a file of ours" else installed
    while changed.stat().st_ctime_ns == since:  # the kernel counts in steps of some milliseconds
        os.utime(changed)
    assert run_workers.has_changed(since)

    module.unlink()
    assert run_workers.has_changed(installed.stat().st_ctime_ns)

"""The start of Dagster's code servers under `make dev`, and the choice of a run's process."""

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


@pytest.mark.parametrize("what", ["a file of ours", "a file that is imported later", "an installed package"])
def test_a_change_of_what_was_imported_is_seen(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, later, installed = (tmp_path / name for name in ("module.py", "imported_later.py", "site-packages"))
    module.touch()
    later.touch()
    installed.mkdir()
    standard = sysconfig.get_path("stdlib")
    monkeypatch.setattr(sysconfig, "get_path", lambda name: standard if name == "stdlib" else str(installed))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))  # as a checkout in /usr/src with the Python of /usr
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(run_workers, "LATER", later.stem)
    named = ModuleType("named")
    named.__file__ = str(module)
    monkeypatch.setitem(sys.modules, "named", named)
    since = max(path.stat().st_ctime_ns for path in (module, later, installed))
    assert not run_workers.has_changed(since)

    changed = {"a file of ours": module, "an installed package": installed}.get(what, later)
    while changed.stat().st_ctime_ns <= since:  # the kernel counts in steps of some milliseconds
        os.utime(changed)
    assert run_workers.has_changed(since)

    module.unlink()
    assert run_workers.has_changed(installed.stat().st_ctime_ns)

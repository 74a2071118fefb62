"""`make connector` and `make connector-remove`, killed at every write: nothing is half there, the next run works."""

import os
import shutil
import signal
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.connectors import __main__ as command
from tools.connectors import adding, removing
from tools.connectors.airbyte_registry import AirbyteRegistry
from tools.connectors.new import Places

from .connector_checkout import Run, checkout, content, run
from .package_index import publish, use

__all__ = ["run"]
NAME = "source-stand-in"
WRITES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree"}


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do the work in a forked process, which is killed before its write of this number; return whether it was."""
    if child := os.fork():
        return os.WIFSIGNALED(os.waitpid(child, 0)[1])
    left = step

    def kill(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        inside_a_removal = event in ("os.remove", "os.rmdir") and arguments[-1] != -1  # of a tree: one write
        writes = event in WRITES or (event == "open" and arguments[2] & (os.O_WRONLY | os.O_RDWR))
        if writes and not inside_a_removal:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(kill)
    try:
        work()
    finally:
        os._exit(0)


def steps(places: Places, kept: Path, work: Callable[[], object]) -> tuple[int, list[dict[str, bytes]]]:
    """Kill the work at every write, and let the next command put everything in order after each.

    Return the number of kills, and the different contents of the checkout that were left.
    """
    left: list[dict[str, bytes]] = []
    step = 0
    while True:
        for folder in (".venvs", ".local", "services"):
            shutil.rmtree(places.root / folder, ignore_errors=True)
            shutil.copytree(kept / folder, places.root / folder, symlinks=True)
        killed = killed_at(step, work)
        assert command.change(lambda *_: 0, places, {}) == 0
        if (now := content(places)) not in left:
            left.append(now)
        for path in (places.work, places.trial, places.replaced, places.journal, places.moving):
            assert not path.exists(), (step, path)
        drafts = [path for path in places.root.rglob("*.draft") if path.is_file()]
        assert not drafts, step
        if not killed:
            return step, left
        assert environment(places) == entry_version(places), step
        step += 1


def entry_version(places: Places) -> str:
    """The version in the connector's entry; empty without an entry."""
    return str(tomllib.loads(places.registry.read_text()).get(NAME, {}).get("version", ""))


def environment(places: Places) -> str:
    """The version that the connector's environment has; empty without an environment."""
    found = list(places.environments.glob(f"{NAME}/lib/python3*/site-packages/airbyte_source_stand_in-*.dist-info"))
    return found[0].name.removeprefix("airbyte_source_stand_in-").removesuffix(".dist-info") if found else ""


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_command_is_killed_at_every_write(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    registry = use(tmp_path, monkeypatch)
    places = checkout(tmp_path / "checkout", registry, monkeypatch)
    publish(tmp_path, "1.0")
    before = content(places)
    source = AirbyteRegistry(registry)

    new = adding.plan(places, source, source.find(NAME), "", lambda _text: None)
    shutil.copytree(places.root, tmp_path / "tried", symlinks=True)
    kills, left = steps(places, tmp_path / "tried", lambda: adding.make(places, new))
    complete = content(places)
    assert kills > 10
    assert left == [before, complete]

    publish(tmp_path, "1.1")
    new = adding.plan(places, source, source.find(NAME), "", lambda _text: None)
    shutil.copytree(places.root, tmp_path / "tried again", symlinks=True)
    kills, left = steps(places, tmp_path / "tried again", lambda: adding.make(places, new))
    old, complete = complete, content(places)
    assert kills > 10
    assert left == [old, complete]

    changes = removing.plan(places, NAME, places.root / "connections.yaml")
    shutil.copytree(places.root, tmp_path / "added", symlinks=True)
    kills, left = steps(places, tmp_path / "added", lambda: removing.make(places, NAME, changes))
    assert kills > 5
    assert left == [complete, before]

    # A whole command after the kills: the same as without them.
    assert run("add", name=NAME, yes="1") == 0
    assert content(places) == complete
    assert (places.environments / NAME / "bin/source-stand-in").exists()
    capfd.readouterr()

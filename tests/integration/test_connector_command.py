"""`make connector` and `make connector-remove` with uv and a small connector in the place of a package on PyPI."""

import json
import tomllib
from pathlib import Path

import pytest

from airbyte_lite.connectors.registry import load_registry
from airbyte_lite.connectors.runner import ConnectorRunner
from tools.connectors.new import Places

from .connector_checkout import Run, checkout, content, run
from .package_index import publish, use

BROKEN = 'import sys\ndef run():\n    sys.exit("no such library")\n'
__all__ = ["run"]


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A checkout, and an index of packages in the folder `packages`."""
    found = checkout(tmp_path / "checkout", use(tmp_path, monkeypatch), monkeypatch)
    (found.root / "connections.yaml").write_text("sources: {}\n")
    return found


def test_a_connector_is_added_runs_is_updated_and_is_removed(
    places: Places, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path, "1.0")
    before = content(places)
    assert run("add", name="source-stand-in") == 1  # asks, and this is not a terminal
    assert "yes=1" in capfd.readouterr().err
    assert content(places) == before

    assert run("add", name="source-stand-in", yes="1") == 0
    shown = capfd.readouterr().out
    assert "+[source-stand-in]" in shown  # the diff
    assert "connector: source-stand-in" in shown  # the block
    assert "{name: users," in shown
    assert content(places).keys() - before.keys() == {
        f"airbyte_lite/connectors/source-stand-in/{name}" for name in ("requirements.in", "requirements.txt")
    }
    assert "--hash=sha256:" in (places.connectors / "source-stand-in/requirements.txt").read_text()
    assert not places.trial.exists()
    assert not places.work.exists()
    connector = load_registry(places.environments, places.registry)["source-stand-in"]
    assert connector.definition_id == "00000000-0000-0000-0000-0000000000aa"
    assert (connector.environment / "installed").read_text().endswith(f" {connector.environment}")
    runner = ConnectorRunner(tmp_path / "runner")
    try:
        assert "token" in runner.spec(connector)["connectionSpecification"]["properties"]
    finally:
        runner.close()

    assert run("add", name="source-stand-in", yes="1") == 1
    assert "installed already" in capfd.readouterr().err
    publish(tmp_path, "1.1")
    capfd.readouterr()
    assert run("list") == 0
    listed = {line.split()[0]: line.split()[1:] for line in capfd.readouterr().out.splitlines()}
    assert listed["source-stand-in"] == ["pypi", "1.0", "1.1"]
    assert listed["source-s3"][-2:] == ["not", "known"]  # this index does not have it
    assert run("add", name="source-stand-in", yes="1") == 0
    assert tomllib.loads(places.registry.read_text())["source-stand-in"]["version"] == "1.1"

    (places.root / "connections.yaml").write_text("x:\n  - connector: source-stand-in # used\n")
    assert run("remove", name="source-stand-in", yes="1") == 1
    assert "line 2" in capfd.readouterr().err
    (places.root / "connections.yaml").write_text("# connector: source-stand-in\n  - connector: source-stand-in-2\n")
    assert run("remove", name="source-stand-in", yes="1") == 0
    assert content(places) == before
    assert not connector.environment.exists()


def test_a_connector_that_does_not_run_is_not_added(
    places: Places, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path, "1.0", BROKEN)
    before = content(places)
    assert run("add", name="source-stand-in", yes="1") == 1
    told = capfd.readouterr().err
    assert "no such library" in told
    assert "Nothing was changed" in told
    assert content(places) == before
    assert not places.trial.exists()
    assert not places.environments.exists()


def test_an_image_without_an_engine_is_told(
    places: Places, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    registry = tmp_path / "oss_registry.json"
    registry.write_text(registry.read_text().replace('"pypi": {"enabled": true', '"pypi": {"enabled": false'))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    before = content(places)
    assert run("add", name="source-stand-in", yes="1") == 1
    told = capfd.readouterr().err
    assert "tcp://127.0.0.1:1" in told
    assert "AIRBYTE_MODE" in told
    assert content(places) == before


def test_what_a_killed_command_left_is_taken_back(places: Places, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    before = content(places)
    half = places.connectors / "source-stand-in/requirements.txt"
    half.parent.mkdir()
    half.write_text("half")
    original = places.registry.read_text()
    places.registry.write_text(original + "\n[source-stand-in]\n")
    for folder in (places.trial, places.work):
        folder.mkdir(parents=True)
    journal = {"new": [str(half)], "originals": {str(places.registry): original}, "deleted": []}
    places.journal.write_text(json.dumps(journal))
    assert run("remove", name="source-stand-in", yes="1") == 1
    assert "undone" in capfd.readouterr().err
    assert content(places) == before
    assert not places.trial.exists()
    assert not places.work.exists()


def test_an_interrupted_command_is_taken_back_at_once(
    places: Places, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C while the files are written: the first is at its place, the others are not."""
    publish(tmp_path, "1.0")
    before = content(places)
    replace = Path.replace

    def interrupted(path: Path, target: Path) -> Path:
        if path.name.startswith(".requirements.txt"):
            raise KeyboardInterrupt
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    assert run("add", name="source-stand-in", yes="1") == 130
    assert "undone" in capfd.readouterr().err
    assert content(places) == before
    assert not places.trial.exists()

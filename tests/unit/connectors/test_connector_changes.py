"""What `make connector` changes: only what the user agreed to, completely or not at all."""

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

from platform_kit.file_changes import Changes, ChangesError
from tools import install
from tools.connectors import __main__ as command
from tools.connectors import adding, low_code, removing, trial
from tools.connectors.airbyte_registry import Found
from tools.connectors.block import Block
from tools.connectors.errors import ConnectorCommandError
from tools.connectors.manifests import Manifest
from tools.connectors.new import NewConnector, Places, write

FOUND = Found("source-x", "X", "00000000-0000-0000-0000-000000000001", "pypi", "2")
ENTRY = '[source-x]\nversion = "1"\n'


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A checkout with source-x 1, and the environment of a trial of source-x 2."""
    found = Places(tmp_path)
    found.connectors.mkdir(parents=True)
    found.registry.write_text(ENTRY)
    for environment, version in ((found.environments / "source-x", "1"), (found.trial, "2")):
        environment.mkdir(parents=True)
        (environment / "version").write_text(version)
    found.work.mkdir(parents=True)
    found.trial_lock.write_text("x==2\n")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(install, "ENVIRONMENTS", tmp_path / ".venvs")
    monkeypatch.setenv("name", "source-x")
    return found


def update(places: Places) -> NewConnector:
    changes = Changes(places.root)
    write(changes, places.registry, ENTRY.replace("1", "2"))
    write(changes, places.connectors / "source-x/requirements.txt", "x==2\n")
    return NewConnector(FOUND, {}, changes, Block([], {}, []), environment="source-x")


def version(places: Places) -> str:
    return (places.environments / "source-x/version").read_text()


def test_an_update_replaces_the_environment(places: Places) -> None:
    adding.make(places, update(places))
    assert version(places) == "2"
    lock = places.connectors / "source-x/requirements.txt"
    target = places.environments / "source-x"
    assert (target / "installed").read_text() == install.stamp_of([lock], target)
    assert not places.replaced.exists()


@pytest.mark.parametrize("failing", ["connectors.toml", "connector-trial"])
def test_an_update_that_fails_changes_nothing(places: Places, failing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file cannot be written, or the environment cannot be moved."""

    def fail(path: Path, _target: Path) -> Path:
        raise OSError(28, "No space left on device", str(path))

    for name in ("rename", "replace"):
        real = getattr(Path, name)
        monkeypatch.setattr(
            Path, name, lambda path, to, real=real: fail(path, to) if failing in path.name else real(path, to)
        )
    with pytest.raises((ChangesError, OSError), match="No space left"):
        adding.make(places, update(places))
    monkeypatch.undo()
    assert places.registry.read_text() == ENTRY
    assert version(places) == "1"
    assert not places.replaced.exists()


def test_a_full_disk_is_told_in_a_sentence(
    places: Places, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_given: Any) -> int:
        raise OSError(28, "No space left on device", "some/file")

    monkeypatch.setattr(command, "add", full)
    assert command.main("add") == 1
    told = capsys.readouterr().err
    assert "some/file: No space left on device" in told
    assert "Nothing was changed" not in told


def test_an_interrupted_list_leaves_the_changes_of_another_command(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_given: Any) -> int:
        raise KeyboardInterrupt

    half = places.connectors / "half"
    half.write_text("half")
    places.journal.write_text(f'{{"new": ["{half}"], "originals": {{}}, "deleted": []}}')
    monkeypatch.setattr(command, "show", interrupted)
    assert command.main("list") == 130
    assert half.exists()
    assert places.journal.exists()


def test_files_with_windows_line_ends_are_updated_and_removed(places: Places) -> None:
    for path in (places.registry, places.connectors / "source-x/manifest.yaml"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(ENTRY.replace("\n", "\r\n").encode())
    changes = Changes(places.root)
    write(changes, places.connectors / "source-x/manifest.yaml", "new\r\n")
    changes.make(places.journal)
    assert (places.connectors / "source-x/manifest.yaml").read_bytes() == b"new\r\n"
    removing.plan(places, "source-x", places.root / "connections.yaml").make(places.journal)
    assert "source-x" not in places.registry.read_text()


def test_a_consent_is_to_the_code_that_was_shown() -> None:
    shown, other = (Manifest("", b"PK" + end, ("components.X",)) for end in (b"shown", b"other"))
    low_code.require_consent("source-x", "2", Manifest("", None, ()), "")
    low_code.require_consent("source-x", "2", shown, hashlib.sha256(b"PKshown").hexdigest())
    manifest = Manifest("", other.archive, other.classes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Manifest, "code", "class X: ...")
        with pytest.raises(ConnectorCommandError, match=f"code={other.archive_sha256}\n\nclass X"):
            low_code.require_consent("source-x", "2", manifest, shown.archive_sha256)
    with pytest.raises(ConnectorCommandError, match="SHA-256"):
        command.agreed_to_code({"code": "yes"})


def test_code_cannot_hide_text_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    command.complain("a\x1b[2Kb\rc\u202ed\u2066\te\nü")
    assert capsys.readouterr().err == "a\\x1b[2Kb\\rc\\u202ed\\u2066\te\nü\n"


def test_a_new_package_does_not_see_the_secrets_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, str] = {}

    def run(*_command: Any, env: dict[str, str], **_options: Any) -> subprocess.CompletedProcess[str]:
        given.update(env)
        return subprocess.CompletedProcess([], 0, '["source-x"]')

    monkeypatch.setenv("SOME_TOKEN", "secret")
    monkeypatch.setattr(subprocess, "run", run)
    assert trial.command_of(Path("environment"), "airbyte-source-x", "source-x") == "source-x"
    assert "PATH" in given
    assert "SOME_TOKEN" not in given

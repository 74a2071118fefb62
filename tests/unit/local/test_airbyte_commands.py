"""`make plan`, `make import` and the others: where they run, and what an import that ends early leaves."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from local import airbyte


@pytest.fixture(autouse=True)
def nothing_else_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No AIRBYTE_URL, no `make dev`; a .env, and a Compose that is up."""
    monkeypatch.delenv("AIRBYTE_URL", raising=False)
    monkeypatch.setattr(airbyte, "development", lambda: None)
    monkeypatch.setattr(airbyte, "ROOT", tmp_path)
    monkeypatch.setattr(airbyte, "compose_is_up", lambda: True)
    (tmp_path / ".env").touch()


def test_a_command_whose_output_is_kept_gets_no_terminal() -> None:
    kept, _ = airbyte.command(["import"], terminal=False)
    shown, _ = airbyte.command(["plan"], terminal=True)
    assert "--no-TTY" in kept
    assert "--no-TTY" not in shown


def test_an_interrupted_import_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "run", interrupted)
    output = tmp_path / "imported.yaml"
    assert airbyte.main(["import", str(output)]) == 130
    assert not output.exists()


def test_an_import_does_not_touch_a_file_that_exists(tmp_path: Path) -> None:
    output = tmp_path / "imported.yaml"
    output.write_text("mine")
    assert airbyte.main(["import", str(output)]) == 1
    assert output.read_text() == "mine"


def test_without_a_platform_it_says_what_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airbyte, "compose_is_up", lambda: False)
    with pytest.raises(airbyte.NotRunningError, match="make dev, make up"):
        airbyte.command(["plan"], terminal=True)

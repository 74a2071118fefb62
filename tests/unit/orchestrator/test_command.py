"""The program `dagster` of the image."""

import gc
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from orchestrator import command

DOCKERFILE = Path(__file__).parents[3] / "services/Dockerfile"


def test_dagster_runs_with_garbage_collection_that_skips_what_was_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[bool, bool]] = []
    dagster = ModuleType("dagster._cli")
    monkeypatch.setattr(
        dagster, "main", lambda: seen.append((gc.isenabled(), gc.get_freeze_count() > 0)), raising=False
    )
    monkeypatch.setitem(sys.modules, "dagster._cli", dagster)  # the real one starts a process when it is imported
    try:
        command.main()
    finally:
        gc.unfreeze()
    assert seen == [(True, True)]


def test_the_command_of_a_run_worker_is_this_program() -> None:
    assert re.search(r"^RUN ln -sf orchestrator-dagster /opt/venv/bin/dagster", DOCKERFILE.read_text(), re.MULTILINE)

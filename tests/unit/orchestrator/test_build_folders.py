"""Old folders of failed builds are removed, but never the folder of a build that may still run."""

import os
import tempfile
import time
from pathlib import Path

import pytest

from orchestrator import build_folders


def test_the_newest_folders_and_those_of_today_stay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    day = 24 * 3600

    def left(name: str, days: float) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "dbt.log").touch()
        os.utime(folder, (time.time() - days * day,) * 2)
        return folder

    others = left("not-of-a-build", 99)
    few = [left(f"dbt-build-{days}", days) for days in (2, 3, 4, 5)]
    first = build_folders.new_folder()
    assert {*few, first, others} == set(tmp_path.iterdir()), "five are kept, however old they are"
    today = [left(f"dbt-build-today-{number}", 0.5) for number in range(6)]
    second = build_folders.new_folder()
    assert {*today, first, second, others} == set(tmp_path.iterdir())

"""The start of `make demo` and `make dev`."""

from pathlib import Path

import pytest

from tools import disk
from tools.local import startup
from tools.local.platform import Platform
from tools.local.processes import Supervisor
from tools.settings_table import PORTS


def test_nothing_is_started_on_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster could not store the events of a run: `make demo` would wait for its end forever."""
    monkeypatch.setattr(disk, "full", lambda _: ["the disk of the checkout is full (3 MB free)."])
    with pytest.raises(startup.StepError, match="nothing was started, because a disk is full"):
        startup.bring_up(Platform(tmp_path / "demo", PORTS), Supervisor(tmp_path / "logs"))
    assert list(tmp_path.iterdir()) == []

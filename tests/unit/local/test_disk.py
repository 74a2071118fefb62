"""A full disk is named by the command that failed."""

import errno
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import disk


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose disks have 3 MB left."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3_000_000))


def fails_for(number: int) -> int:
    """A command that cannot write."""
    raise OSError(number, "message", "file.db")


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("main", [lambda: 1, lambda: fails_for(errno.ENOSPC)])
def test_a_full_disk_is_named_after_a_failure(main: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert disk.watched("dev", main) == 1  # type: ignore[arg-type]
    told = capsys.readouterr().err
    assert str(disk.ROOT) in told
    assert "full (3 MB free)" in told


@pytest.mark.usefixtures("full")
def test_a_success_names_no_disk(capsys: pytest.CaptureFixture[str]) -> None:
    assert disk.watched("dev", lambda: 0) == 0
    assert capsys.readouterr().err == ""


def test_a_failure_with_space_left_names_no_disk(tmp_path: Path) -> None:
    assert disk.full((tmp_path, tmp_path / "absent")) == []


def test_another_error_is_not_taken_for_a_full_disk() -> None:
    with pytest.raises(OSError, match="message"):
        disk.watched("dev", lambda: fails_for(errno.EACCES))

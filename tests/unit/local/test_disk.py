"""A full disk, and a folder that cannot be written, are named by the command that failed."""

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tools import disk, endings


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
    assert endings.ended("dev", main) == 1  # type: ignore[arg-type]
    told = capsys.readouterr().err
    assert str(disk.ROOT) in told
    assert "full (3 MB free)" in told


@pytest.mark.usefixtures("full")
def test_a_success_names_no_disk(capsys: pytest.CaptureFixture[str]) -> None:
    assert endings.ended("dev", lambda: 0) == 0
    assert capsys.readouterr().err == ""


def test_a_failure_with_space_left_names_no_disk(tmp_path: Path) -> None:
    assert disk.full((tmp_path, tmp_path / "absent")) == []


@pytest.fixture
def not_writable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the checkout, for a user who may write nowhere: root, who may run the tests, can write everywhere."""
    folder = tmp_path / "my checkout/.venvs"
    folder.mkdir(parents=True)
    monkeypatch.setattr(disk, "ROOT", tmp_path / "my checkout")
    monkeypatch.setattr(os, "access", lambda *_: False)
    return folder


def open_in(folder: Path) -> int:
    """A command that opens a file."""
    raise PermissionError(errno.EACCES, "Permission denied", str(folder / "lock"))


def test_a_folder_of_another_user_is_named_with_the_command_that_mends_it(
    not_writable: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert endings.ended("install", lambda: open_in(not_writable)) == 1
    assert f"Run `chmod u+w '{not_writable}'`, then run the same command again." in capsys.readouterr().err
    monkeypatch.setattr(os, "geteuid", lambda: 1234567)
    assert endings.ended("install", lambda: open_in(not_writable)) == 1
    assert f"sudo chown -R 1234567 '{not_writable}'" in capsys.readouterr().err


def test_a_read_only_file_system_is_named(
    not_writable: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=disk.FULL))
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY, f_files=0))
    assert endings.ended("install", lambda: open_in(not_writable)) == 1
    told = capsys.readouterr().err
    assert f"{not_writable} is on a file system that is mounted read-only" in told
    assert "chown" not in told


def test_no_permission_outside_the_checkout_is_another_error(not_writable: Path, tmp_path: Path) -> None:
    with pytest.raises(PermissionError):
        endings.ended("install", lambda: open_in(tmp_path))


def test_another_error_is_not_taken_for_a_full_disk() -> None:
    with pytest.raises(OSError, match="message"):
        endings.ended("dev", lambda: fails_for(errno.EACCES))

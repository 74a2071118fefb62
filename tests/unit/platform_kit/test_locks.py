"""A lock file keeps others out for as long as its holder has it."""

import fcntl
from pathlib import Path

import pytest

from platform_kit import locks
from platform_kit.locks import LockedError, exclusive, is_held


def test_a_held_lock_is_refused_and_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "RETRY_SECONDS", 0.0)
    path = tmp_path / "lock"
    assert not is_held(path)
    with exclusive(path):
        assert is_held(path)
        with pytest.raises(LockedError, match="lock"), exclusive(path):
            pass
    assert not is_held(path)
    with exclusive(path):
        pass


def test_a_look_at_the_lock_refuses_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "lock"
    with path.open("w") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr("time.sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN))
        with exclusive(path):
            assert is_held(path)


def test_a_lock_is_waited_for_until_it_is_free_or_the_time_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "RETRY_SECONDS", 0.0)
    path, told = tmp_path / "lock", list[str]()
    with path.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(LockedError), exclusive(path, lambda: told.append("waits"), wait_seconds=0.0):
            pass
        with exclusive(path, lambda: fcntl.flock(other, fcntl.LOCK_UN), wait_seconds=10.0):
            assert is_held(path)
    assert told == ["waits"]


def test_a_lock_that_is_waited_for_is_told_once(tmp_path: Path) -> None:
    path, told = tmp_path / "lock", list[str]()
    with exclusive(path) as held, exclusive(tmp_path / "other", on_wait=lambda: told.append("waits")):
        assert held is None
    assert told == []

"""Batches on disk."""

from pathlib import Path

import pytest

from airbyte_lite.loader import spool


def test_a_batch_is_full_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "BATCH_BYTES", 10)
    batches = spool.Spool(tmp_path, "s")
    assert not batches.write(b"1234\n")
    assert batches.write(b"6789\n")
    assert batches.size == 10
    batches.close()


def test_take_gives_the_closed_batch_and_begins_another(tmp_path: Path) -> None:
    batches = spool.Spool(tmp_path, "s")
    batches.write(b"one\n")
    first = batches.take()
    batches.write(b"two\n")
    second = batches.take()
    assert (first.read_bytes(), second.read_bytes()) == (b"one\n", b"two\n")
    assert first != second
    assert batches.size == 0
    batches.close()


def test_an_empty_batch_is_an_empty_file(tmp_path: Path) -> None:
    batches = spool.Spool(tmp_path, "s")
    assert batches.take().read_bytes() == b""
    batches.close()


def test_wipe_removes_everything_and_does_not_mind_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "job-1"
    folder.mkdir()
    (folder / "leftover.jsonl").write_bytes(b"x")
    spool.wipe(folder)
    spool.wipe(folder)
    assert not folder.exists()

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


def test_batches_grow_so_that_a_stream_of_any_size_stays_below_bigquerys_load_jobs_a_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = 10
    monkeypatch.setattr(spool, "BATCH_BYTES", first)
    batches = spool.Spool(tmp_path, "s")
    sizes: list[int] = []
    total, factor = 0, 400_000  # 48 MiB to 19 TB
    while total < first * factor:
        line = b"x" * max(1, batches._grown // 10)  # a batch of ten lines, so that the test writes few
        total += len(line)
        if batches.write(line):
            sizes.append(batches.size)
            batches.take().unlink()
    batches.close()
    assert sizes[:20] == [first] * 20
    assert len(sizes) < 750  # half of 1,500
    assert 3 * max(sizes) < total * 0.06  # on disk at a time


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

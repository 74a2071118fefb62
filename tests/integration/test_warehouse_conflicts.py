"""Rows are stored once, whatever stops a job or a request: a conflict with another transaction, or an interrupt."""

import json
from pathlib import Path
from typing import Any

import pytest

from .running import RunningPlatform

PROGRAM = Path(__file__).with_name("conflicting_writes.py")
ROWS = 50  # of each load in the program


@pytest.fixture(scope="module")
def answers(local_platform: RunningPlatform, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The answers to the program's writers, and the number of rows in their tables."""
    return json.loads(local_platform.run_program("warehouse", PROGRAM, str(tmp_path_factory.mktemp("conflicts"))))


def test_a_conflict_in_the_catalog_does_not_load_twice(answers: Any) -> None:
    told, rows = answers["catalog"]
    assert rows == ROWS
    assert f"{ROWS} rows" in told, "the job must say that its rows are stored"
    assert "p:d.catalog" in told


def test_an_interrupt_after_the_commit_does_not_load_twice(answers: Any) -> None:
    told, rows = answers["interrupted"]
    assert rows == ROWS
    assert "Interrupt" in told


def test_a_failed_insert_can_be_repeated_with_its_insert_id(answers: Any) -> None:
    first, *repeated, rows = answers["inserted"]
    assert first.startswith("TransactionException"), "the first insert must meet a conflict"
    assert repeated == ["done", "done"]
    assert rows == 1


def test_writes_of_one_resource_at_the_same_time_succeed(answers: Any) -> None:
    assert answers["saves"] == {"done": 40}


def test_a_change_of_the_description_during_a_job_is_kept(answers: Any) -> None:
    assert answers["patched"] == ["by the request", "by the job"]


def test_a_chunk_whose_write_was_interrupted_is_in_the_file_once(answers: Any) -> None:
    told, part = answers["uploaded"]
    assert "Interrupted" in told
    assert part == 1

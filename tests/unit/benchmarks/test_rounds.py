"""The interleaved rounds."""

import time
from collections.abc import Callable

import pytest

from benchmarks.measure import Cost
from benchmarks.rounds import Contender, Deadline, interleave, shown

LATER = Deadline(time.monotonic() + 3600)
OVER = Deadline(0)


@pytest.fixture
def ran() -> list[str]:
    """The names of the contenders in the order in which they ran."""
    return []


@pytest.fixture
def contender(ran: list[str]) -> Callable[..., Contender]:
    """A function that returns a contender, which fails from a round on."""

    def make(name: str, rounds: int = 9, fails_from: int = 99) -> Contender:
        def run() -> Cost:
            ran.append(name)
            if ran.count(name) >= fails_from:
                raise RuntimeError("no table in /home/ada/lab/dlt.duckdb, see https://example.com/help")
            return Cost(wall=len(ran), cpu={"program": 1.0})

        return Contender(name, run, rounds)

    return make


def test_each_round_begins_with_another_one(ran: list[str], contender: Callable[..., Contender]) -> None:
    found = interleave([contender("a"), contender("b", rounds=1), contender("c")], 3, LATER)
    assert ran == ["a", "b", "c", "c", "a", "c", "a"]
    assert {name: len(entry["runs"]) for name, entry in found.items()} == {"a": 3, "b": 1, "c": 3}
    assert [run["wall"] for run in found["a"]["runs"]] == [1, 5, 7]


def test_one_that_fails_is_told_and_the_others_go_on(ran: list[str], contender: Callable[..., Contender]) -> None:
    found = interleave([contender("a", fails_from=2), contender("b")], 3, LATER)
    assert ran.count("a") == 2
    assert len(found["a"]["runs"]) == 1
    assert found["a"]["error"] == "no table in dlt.duckdb, see (an address)"
    assert len(found["b"]["runs"]) == 3


def test_after_the_deadline_only_the_first_round_is_completed(
    ran: list[str], contender: Callable[..., Contender]
) -> None:
    interleave([contender("a"), contender("b")], 3, OVER)
    assert ran == ["a", "b"]


def test_an_error_on_the_page_is_one_line_without_places_of_this_machine() -> None:
    error = RuntimeError("dlt ended with exit code 1\nTraceback\n  File /opt/x/y.py\nLast | line of /var/log/dlt.log")
    assert shown(error) == "dlt ended with exit code 1: Last / line of dlt.log"
    assert shown(RuntimeError("http://127.0.0.1:80/x refused")) == "http://127.0.0.1:80/x refused"
    assert shown(KeyError()) == "KeyError"

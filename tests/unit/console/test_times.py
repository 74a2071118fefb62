"""Times and sizes in words."""

from datetime import UTC, datetime, timedelta

import pytest

from console.logic import sizes, times

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "just now"), (42, "42 s ago"), (61, "1 min ago"), (7200, "2 h ago"), (259_200, "3 days ago")],
)
def test_ago(seconds: int, words: str) -> None:
    assert times.ago(NOON - timedelta(seconds=seconds), NOON) == words


def test_a_time_to_come() -> None:
    assert times.ago(NOON + timedelta(minutes=5), NOON) == "in 5 min"


def test_the_zone_is_the_users_or_utc() -> None:
    assert times.full(NOON, times.zone("Europe/Berlin")) == "2026-03-01 13:00:00 CET"
    for unknown in (None, "", "Atlantis/Center", "../../etc/passwd", "x" * 5000):
        assert times.full(NOON, times.zone(unknown)) == "2026-03-01 12:00:00 UTC"


@pytest.mark.parametrize(("seconds", "words"), [(0.42, "0.4 s"), (12, "12 s"), (185, "3 min 5 s"), (7500, "2 h 5 min")])
def test_how_long_something_took(seconds: float, words: str) -> None:
    assert times.short(seconds) == words


def test_sizes_and_counts() -> None:
    assert [sizes.size(number) for number in (0, 999, 1500, 2_500_000, 3 * 10**9)] == [
        "0 B",
        "999 B",
        "1.5 kB",
        "2.5 MB",
        "3.0 GB",
    ]
    assert sizes.count(1200, "row") == "1,200 rows"
    assert sizes.count(1, "row") == "1 row"
    assert sizes.count(None, "row") == ""

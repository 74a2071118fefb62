"""Whether figures are as usual: what is expected, from how many runs, and what was accepted."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from statistics import median_high

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.profiles.usual import FEWEST_RUNS, Past, Verdict, judge

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)  # a Monday
ROWS, MEAN, DEVIATION, SHARE = "row_count", "amount/avg", "amount/std_dev_population", "amount/not_null_proportion"
counts = st.integers(0, 10**9).map(float)
values = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-6)


def past(figures: Sequence[float], name: str = ROWS, step: timedelta = timedelta(hours=1)) -> list[Past]:
    """The runs before NOW, the newest last."""
    return [Past(NOW - step * (len(figures) - at), {name: value}) for at, value in enumerate(figures)]


def verdict(value: float, before: Sequence[float], name: str = ROWS, accepted: Sequence[float] = ()) -> Verdict:
    [found] = judge({name: value}, NOW, past(before, name), [{name: fine} for fine in accepted])
    return found


@given(st.lists(counts, max_size=FEWEST_RUNS - 1), counts)
def test_too_few_runs_judge_nothing(before: list[float], value: float) -> None:
    assert judge({ROWS: value}, NOW, past(before)) == []


@given(st.integers(FEWEST_RUNS, 60), st.integers(1, 10**9), st.floats(-0.1, 0.1))
def test_a_table_that_never_changed_may_change_a_little(runs: int, rows: int, change: float) -> None:
    assert verdict(max(rows + int(rows * change), 1), [rows] * runs).is_usual


@given(st.integers(FEWEST_RUNS, 60), st.integers(20, 10**9))
def test_half_the_rows_or_none_are_told(runs: int, rows: int) -> None:
    assert not verdict(0, [rows] * runs).is_usual
    assert not verdict(rows * 2 + 20, [rows] * runs).is_usual


@given(st.integers(1, 9))
def test_a_small_table_that_is_empty_is_told(rows: int) -> None:
    assert not verdict(0, [rows] * FEWEST_RUNS).is_usual
    assert verdict(0, [rows, 0] * FEWEST_RUNS).is_usual


@given(st.lists(values, min_size=FEWEST_RUNS, max_size=40, unique=True))
def test_the_middle_of_what_was_is_usual(before: list[float]) -> None:
    assert verdict(median_high(before), before * 7, MEAN).is_usual


@given(st.lists(st.floats(90, 110), min_size=21, max_size=40), st.lists(values, max_size=9))
def test_a_few_odd_runs_do_not_widen_the_range(good: list[float], odd: list[float]) -> None:
    """More than half of the different figures are from 90 to 110, so no range goes far beyond them."""
    different = list(dict.fromkeys(good))
    if len(different) <= 2 * len(odd):
        return
    found = verdict(100, different + odd + good[:FEWEST_RUNS], MEAN)
    assert found.low > 90 - 130
    assert found.high < 110 + 130


@given(st.lists(values, min_size=FEWEST_RUNS, max_size=20), values, st.sampled_from([0.001, 2.0, 1024.0]))
def test_the_unit_of_a_mean_does_not_matter(before: list[float], value: float, factor: float) -> None:
    found, scaled = verdict(value, before, MEAN), verdict(value * factor, [each * factor for each in before], MEAN)
    assert scaled.low == pytest.approx(found.low * factor, rel=1e-6, abs=1e-6)
    assert scaled.high == pytest.approx(found.high * factor, rel=1e-6, abs=1e-6)


@given(st.lists(counts, min_size=FEWEST_RUNS, max_size=20), counts)
def test_what_was_accepted_is_usual(before: list[float], value: float) -> None:
    found = verdict(value, before, accepted=[value])
    assert found.is_usual
    if not verdict(value, before).is_usual:
        assert "was accepted" in str(found)


def test_unchanged_loads_do_not_hide_how_much_a_table_changes() -> None:
    """The rows go up and down by 300; then forty loads bring nothing new."""
    changing = [1000.0, 1300, 900, 1200, 1000, 1300, 950, 1250]
    assert verdict(1300, [*changing, *[1000.0] * 40]).is_usual


@given(st.integers(FEWEST_RUNS, 90), st.integers(1, 1000))
def test_a_table_that_grows_steadily_is_usual(runs: int, step: int) -> None:
    assert verdict((runs + 1) * step, [(run + 1) * step for run in range(runs)]).is_usual


def test_the_same_weekday_counts_from_four_weeks_on() -> None:
    """On Mondays there are ten rows, on other days about a thousand."""
    rows = [10.0 if (NOW - timedelta(days=days)).weekday() == 0 else 1000.0 + days for days in range(1, 36)][::-1]
    [monday] = judge({ROWS: 10}, NOW, past(rows, step=timedelta(days=1)))
    assert monday.is_usual
    assert "5 Mondays" in str(monday)
    [wrong] = judge({ROWS: 1000}, NOW, past(rows, step=timedelta(days=1)))
    assert not wrong.is_usual
    [early] = judge({ROWS: 10}, NOW, past(rows[-21:], step=timedelta(days=1)))
    assert not early.is_usual
    assert "21 successful runs" in str(early)


def test_a_mean_may_move_by_a_part_of_the_deviation() -> None:
    runs = [Past(NOW - timedelta(hours=at), {MEAN: 0.0, DEVIATION: 8.0}) for at in range(1, 9)]
    [near] = judge({MEAN: 2.0, DEVIATION: 8.0}, NOW, runs)
    [far] = judge({MEAN: 2.1, DEVIATION: 8.0}, NOW, runs)
    assert (near.is_usual, far.is_usual) == (True, False)


def test_the_sentence_has_figure_range_and_runs() -> None:
    found = verdict(0.5, [1.0] * 8, SHARE)
    assert str(found) == "amount/not_null_proportion 0.5 is not as usual: expected 0.95 to 1, from 8 successful runs"

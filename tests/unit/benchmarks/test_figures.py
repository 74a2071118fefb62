"""The statistics of the page of benchmarks."""

import pytest

from benchmarks.figures import Slope, Spread, cpu, ratio
from benchmarks.page.markdown import exponent, number, spread, table


def test_a_spread_is_the_median_with_the_lowest_and_the_highest() -> None:
    assert Spread.of([4.0, 1.0, 2.0]) == Spread(2.0, 1.0, 4.0, 3)
    assert Spread.of([4.0, 1.0]).median == 2.5


def test_the_ratio_is_the_median_of_the_ratios_of_a_round() -> None:
    # The machine was half as fast in the second round; the ratio of the medians would be 3.
    assert ratio([4.0, 12.0, 4.0], [2.0, 4.0, 2.0]) == 2.0
    assert ratio([6.0], [2.0, 100.0]) == 3.0
    assert ratio([], [1.0]) is None
    assert ratio([1.0], [0.0]) is None


def test_s3_is_not_in_the_sum() -> None:
    assert cpu({"cpu": {"S3": 5.0, "connector": 1.0, "emulator": 0.5}}) == 1.5


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_slope_finds_the_power(power: float) -> None:
    found = Slope.of([(x, 3 * x**power) for x in (10, 100, 5_000, 1_000_000)])
    assert found is not None
    assert found.exponent == pytest.approx(power)
    assert found.points == 4


def test_the_slope_is_that_of_the_least_squares() -> None:
    # By hand, in decimal logarithms: (0, 0), (1, 1), (2, 1) have the slope 1/2.
    found = Slope.of([(1, 1), (10, 10), (100, 10)])
    assert found is not None
    assert found.exponent == pytest.approx(0.5)


@pytest.mark.parametrize("points", [[], [(10, 2)], [(10, 2), (10, 3)], [(10, 2), (100, 0)]])
def test_without_two_sizes_there_is_no_slope(points: list[tuple[float, float]]) -> None:
    assert Slope.of(points) is None
    assert exponent(points) == ""


def test_numbers_and_tables() -> None:
    assert [number(value) for value in (0.123, 9.876, 12.34, 1234.5)] == ["0.12", "9.88", "12.3", "1,234"]
    assert spread([]) == ""
    assert spread([2.0]) == "2.00 (1 run)"
    assert spread([3.0, 1.0, 2.0]) == "2.00 (1.00 to 3.00)"
    assert table(["", "s"], [["a", "1"]]) == "|  | s |\n| --- | --: |\n| a | 1 |"

"""The statistics of the page: medians, ratios within a round, slopes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

S3, FRONT = "S3", "front"
BESIDE = (S3, FRONT)
"""What is shown but not part of the sums: S3 serves the same files to all contenders, the front stands in for Google.
"""

LEAST_LOOKS = 5
"""With fewer looks at the memory, no peak is shown: the highest moment was probably between two looks."""
LOOKS_PER_SECOND = 5
"""For results that have no number of looks."""


@dataclass(frozen=True)
class Spread:
    """The median of some measurements, with the lowest and the highest."""

    median: float
    lowest: float
    highest: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the spread of at least one value."""
        return cls(median(values), min(values), max(values), len(values))


def cpu(run: dict[str, Any]) -> float:
    """Return the processor seconds of one run, without S3's."""
    return sum(float(seconds) for name, seconds in run["cpu"].items() if name not in BESIDE)


def has_peak(run: dict[str, Any]) -> bool:
    """Whether the memory of one run was measured often enough for a meaningful peak."""
    return float(run.get("looks", LOOKS_PER_SECOND * run["wall"])) >= LEAST_LOOKS


def ratio(runs: Sequence[float], base: Sequence[float]) -> float | None:
    """Return the median of the ratios to the base, each of two values of the same round; None without such a pair."""
    pairs = [value / other for value, other in zip(runs, base, strict=False) if other > 0]
    return median(pairs) if pairs else None


@dataclass(frozen=True)
class Slope:
    """The line of least squares through points whose axes are logarithmic: y grows as x to the power of `exponent`."""

    exponent: float
    points: int

    @classmethod
    def of(cls, points: Iterable[tuple[float, float]]) -> Slope | None:
        """Return the slope of the points whose values are above zero; None when fewer than two different x remain."""
        logs = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
        if len({x for x, _ in logs}) < 2:
            return None
        middle_x, middle_y = fmean(x for x, _ in logs), fmean(y for _, y in logs)
        over = sum((x - middle_x) * (y - middle_y) for x, y in logs)
        return cls(over / sum((x - middle_x) ** 2 for x, _ in logs), len(logs))

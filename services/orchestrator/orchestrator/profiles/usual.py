"""Whether the figures of a profile are as usual: pure functions of the figures of earlier runs.

The expected range of a figure is its median plus and minus four standard deviations, estimated from the median
absolute deviation (MAD), which a few odd runs do not move. The range has a smallest width, so that a table that never
changed may change a little.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

FEWEST_RUNS = 7
"""With fewer runs, no figure is judged."""
FEWEST_WEEKS = 4
"""With at least this many weeks of history, a run is compared only with the runs on the same weekday."""
DEVIATIONS = 4
MAD_TO_DEVIATION = 1.4826
"""For normally distributed figures, the standard deviation is the MAD times this number."""
WEEKDAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
ROWS, PROPORTIONS = "row_count", ("/not_null_proportion", "/distinct_proportion")
JUDGED = ("not_null_proportion", "distinct_proportion", "avg", "avg_length")
"""The figures of a column that are judged, beside the table's number of rows."""
JUDGED_COLUMNS = 50
DEVIATION = "std_dev_population"
"""Kept beside `avg`: a mean may move by a part of this deviation."""

type Figures = Mapping[str, float]


@dataclass(frozen=True)
class Past:
    """A successful earlier run: when the table was profiled, and its figures."""

    at: datetime
    figures: Figures


@dataclass(frozen=True)
class Verdict:
    """The verdict about one figure."""

    name: str
    value: float
    low: float
    high: float
    basis: str
    """The runs that the range comes from."""

    @property
    def is_usual(self) -> bool:
        """Whether the value is in the range."""
        return self.low <= self.value <= self.high

    def __str__(self) -> str:
        """Return figure, expected range and basis as a sentence."""
        verb = "is as usual" if self.is_usual else "is not as usual"
        return f"{self.name} {self.value:.6g} {verb}: expected {self.low:.6g} to {self.high:.6g}, {self.basis}"


def judged_figures(profile: Mapping[str, object]) -> dict[str, float]:
    """Return the figures of a profile that are judged, and those that judging needs."""
    found = {"row_count": profile["row_count"]}
    for column in profile["columns"][:JUDGED_COLUMNS]:  # type: ignore[index]
        # How many values differ depends on the number of rows that were read.
        left_out = {"distinct_proportion"} if profile["is_sample"] else set()
        for name in (*JUDGED, DEVIATION):
            if isinstance(column.get(name), int | float) and name not in left_out:
                found[f"{column['column_name']}/{name}"] = column[name]
    return {name: float(f"{value:.9g}") for name, value in found.items()}


def judge(figures: Figures, at: datetime, past: Sequence[Past], accepted: Sequence[Figures] = ()) -> list[Verdict]:
    """Return a verdict for each figure that at least FEWEST_RUNS earlier runs have. `past` is in the order of time.

    `accepted` are the figures of runs about which somebody has said that they were fine: figures like these are usual.
    """
    found = []
    for name, value in figures.items():
        if name.endswith(f"/{DEVIATION}"):
            continue
        known = [(run.at, run.figures[name]) for run in past if name in run.figures]
        if len(known) < FEWEST_RUNS:
            continue
        same_day = _same_weekday(known, at)
        values = same_day or [each for _, each in known]
        deviations = [run.figures[other] for run in past if (other := _deviation_of(name)) in run.figures]
        low, high = _range(name, values, median(deviations) if deviations else 0.0)
        basis = f"from {len(values)} {WEEKDAYS[at.weekday()]}" if same_day else f"from {len(values)} successful runs"
        for fine in (each[name] for each in accepted if name in each):
            width = _smallest_width(name, fine, median(deviations) if deviations else 0.0)
            if not low <= value <= high and abs(value - fine) <= width:
                low, high = min(low, fine - width), max(high, fine + width)
                basis += f", and {fine:.6g} was accepted"
        found.append(Verdict(name, value, low, high, basis))
    return found


def _same_weekday(known: Sequence[tuple[datetime, float]], at: datetime) -> list[float]:
    """Return the last value of each earlier day with the same weekday; none, if there are too few such days."""
    days = {when.date(): value for when, value in known if when.weekday() == at.weekday() and when.date() != at.date()}
    return [*days.values()] if len(days) >= FEWEST_WEEKS else []


def _deviation_of(name: str) -> str:
    return f"{name.removesuffix('avg')}{DEVIATION}" if name.endswith("/avg") else ""


def _range(name: str, values: Sequence[float], deviation: float) -> tuple[float, float]:
    # Runs that brought nothing new say nothing about how much the figure changes.
    changes = [value for value, before in zip(values, [None, *values], strict=False) if value != before]
    middle = median(values)
    mad = median(abs(value - middle) for value in (changes if len(changes) >= FEWEST_RUNS else values))
    width = max(DEVIATIONS * MAD_TO_DEVIATION * mad, _smallest_width(name, middle, deviation))
    low, high = middle - width, middle + width
    if name == ROWS:
        # A table without rows is usual only if it often had none, however small it is.
        often_empty = sum(value < 1 for value in values) * 4 >= len(values)
        return max(low, 0 if often_empty else 1), high
    return (max(low, 0), min(high, 1)) if name.endswith(PROPORTIONS) else (low, high)


def _smallest_width(name: str, middle: float, deviation: float) -> float:
    """Return how far a figure may always be from the middle."""
    if name == ROWS:
        return max(0.1 * middle, 3 * math.sqrt(middle))
    if name.endswith(PROPORTIONS):
        return 0.05
    if name.endswith("/avg"):
        return max(0.1 * abs(middle), 0.25 * deviation)
    return max(0.1 * middle, 1)

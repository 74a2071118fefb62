"""Tables and numbers of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.figures import Slope, Spread

NONE = ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are numbers."""
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """Return a figure with about three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(values: Sequence[float]) -> str:
    """Return the median with the lowest and the highest, or only the value when it is one."""
    if not values:
        return NONE
    found = Spread.of(values)
    if found.count == 1:
        return f"{number(found.median)} (1 run)"
    return f"{number(found.median)} ({number(found.lowest)} to {number(found.highest)})"


def exponent(points: Iterable[tuple[float, float]]) -> str:
    """Return the exponent of the slope through points."""
    found = Slope.of(points)
    return NONE if found is None else f"{found.exponent:.2f}"

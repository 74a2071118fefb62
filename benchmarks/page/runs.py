"""A table of where the time of runs goes."""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.latency.split import STAGES
from benchmarks.page.markdown import number, spread, table

WARM = 2
"""The first runs of a platform load programs and make tables; they are not in the medians."""


def split(runs: list[dict[str, Any]]) -> str:
    """Return the table of the stages of warm runs, with their sum."""
    warm = runs[WARM:] or runs
    told = "Without the first two runs, which load programs and make tables." if runs[WARM:] else "All runs."
    rows = [[stage, spread([run["split"][stage] for run in warm])] for stage in STAGES]
    rows.append(["**launch to end**", f"**{spread([run['seconds'] for run in warm])}**"])
    return f"{told}\n\n{table(['', 's'], rows)}"


def middle(runs: list[dict[str, Any]], key: str) -> str:
    """Return the median processor seconds of a service in warm runs."""
    warm = runs[WARM:] or runs
    return number(median(run["cpu"][key] for run in warm))

"""The page's part about waiting: runs, syncs, the console."""

from __future__ import annotations

from statistics import median, quantiles
from typing import Any

from benchmarks.page import runs
from benchmarks.page.markdown import number, spread, table
from benchmarks.page.words import words

WINDOW = 3
"""A single run varies by a tenth, so the last runs are compared as the median of so many."""


def show(part: dict[str, Any]) -> str:
    """Return the section."""
    lines = [words("latency"), ""]
    if "error" in part:
        lines += [f"Not everything was measured: {part['error']}", ""]
    if found := part.get("runs"):
        lines += ["### A run of all assets", "", runs.split(found), "", later(found), ""]
        services = found[0]["cpu"]
        cpu = ", ".join(f"{name} {runs.middle(found, name)}" for name in services)
        lines += [f"CPU seconds of a run, medians: {cpu}. The part `dagster` has the run worker and dbt.", ""]
    if found := part.get("syncs"):
        rows = [[title, spread(seconds)] for title, seconds in found.items()]
        lines += ["### A sync of 100 rows", "", table(["request to end", "s"], rows), ""]
    if "pages" in part or "pages_error" in part:
        lines += [words("console"), "", console(part), ""]
    if found := part.get("answers"):
        rows = [[title, *percentiles(seconds)] for title, seconds in found.items()]
        lines += ["### Answers to other clients", "", table(["ms", "median", "95 %"], rows), ""]
    if found := part.get("start"):
        rows = [[name, number(seconds)] for name, seconds in found.items()]
        lines += ["### Start", "", "All services start at the same time.", "", table(["", "s"], rows), ""]
    if found := part.get("idle_memory"):
        told = ", ".join(f"{name} {number(mebibytes)}" for name, mebibytes in found.items())
        lines += [f"Memory before the first run, MiB: {told}.", ""]
    return "\n".join(lines)


def later(found: list[dict[str, Any]]) -> str:
    """Return how the last runs compare with the first warm ones."""
    seconds = [run["seconds"] for run in found]
    if len(seconds) < runs.WARM + 2 * WINDOW:
        return f"The first run took {number(seconds[0])} s."
    early, late = median(seconds[runs.WARM : runs.WARM + WINDOW]), median(seconds[-WINDOW:])
    return (
        f"The first run took {number(seconds[0])} s. Runs 3 to 5 took {number(early)} s, and the last three of "
        f"{len(seconds)} took {number(late)} s (medians): {late / early:.2f} times as long."
    )


def percentiles(seconds: list[float]) -> list[str]:
    """Return the median and the 95th percentile in milliseconds; nothing for fewer than two values."""
    if len(seconds) < 2:
        return ["", ""]
    found = quantiles(seconds, n=100, method="inclusive")
    return [number(1000 * found[49]), number(1000 * found[94])]


def console(part: dict[str, Any]) -> str:
    """Return the table of the pages, or why there is none."""
    if "pages" not in part:
        return f"Not measured: {part['pages_error']}"
    rows = [[title, entry.get("error") or spread(entry["seconds"])] for title, entry in part["pages"].items()]
    return table(["", "s"], rows)

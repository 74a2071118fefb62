"""Where the time of one run goes, from Dagster's event log."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

STAGES = ("queue", "process start", "imports", "syncs and their checks", "dbt start", "models and tests", "end")
RESULTS = ("MaterializationEvent", "AssetCheckEvaluationEvent")
BUILD = "dbt_build"


class SplitError(Exception):
    """An event log that does not have what the split needs. The message names it."""


def split(events: Iterable[dict[str, Any]], launched: float) -> dict[str, float]:
    """Return the seconds of each of STAGES; together they are the time from `launched` (Unix time) to the run's end.

    - queue: until the run is given to its process or container
    - process start: until the process says that it has started; a container is part of it
    - imports: until the first step begins
    - syncs and their checks: until the step of dbt begins
    - dbt start: until dbt's first result
    - models and tests: until dbt's last result
    - end: until the run has ended

    Raises SplitError for a run without one of these moments.
    """
    timed = [(float(event["timestamp"]) / 1000, event) for event in events if "timestamp" in event]
    build = [(at, event) for at, event in timed if event.get("stepKey") == BUILD]
    results = [at for at, event in build if event["__typename"] in RESULTS]
    if not results:
        raise SplitError(f"the run has no result of {BUILD}")
    moments = [
        launched,
        first(timed, "RunStartingEvent"),
        first(timed, "EngineEvent", "Started process for run"),
        first(timed, "ExecutionStepStartEvent"),
        first(build, "ExecutionStepStartEvent"),
        results[0],
        results[-1],
        first(timed, "RunSuccessEvent"),
    ]
    return {stage: round(end - begin, 3) for stage, (begin, end) in zip(STAGES, pairwise(moments), strict=True)}


def first(timed: Iterable[tuple[float, dict[str, Any]]], kind: str, text: str = "") -> float:
    """Return the time of the first event of a kind whose message has a text. Raises SplitError when there is none."""
    for at, event in timed:
        if event["__typename"] == kind and text in (event.get("message") or ""):
            return at
    raise SplitError(f"the run has no {kind} {text}".rstrip())

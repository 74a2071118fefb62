"""Runs all assets and takes the time apart."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.latency.split import split
from tools import dagster_run

RUN_SECONDS = 300
"""Time limit of a run, in seconds. A run that hangs must not take the time of the measurements after it."""


def one(url: str) -> dict[str, Any]:
    """Run all assets on the Dagster at `url`; return the seconds from the launch to the end, and their split.

    Raises DagsterRunError when the run fails or has not ended after RUN_SECONDS.
    """
    launched = time.time()
    run_id = dagster_run.launch(url)
    events = list(dagster_run.follow(url, run_id, RUN_SECONDS))
    if events[-1].get("status") != "SUCCESS":
        raise dagster_run.DagsterRunError(f"a run ended with {events[-1].get('status')}")
    stages = split(events, launched)
    return {"seconds": round(sum(stages.values()), 3), "split": stages}

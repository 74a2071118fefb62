"""Where the time of a run goes."""

from typing import Any

import pytest

from benchmarks.latency.split import STAGES, SplitError, split


def event(at: float, kind: str, step: str | None = None, message: str = "") -> dict[str, Any]:
    return {"__typename": kind, "timestamp": str(at * 1000), "stepKey": step, "message": message}


RUN = [
    event(100.5, "RunStartingEvent"),
    event(101.0, "EngineEvent", None, "Launching a process"),
    event(102.0, "EngineEvent", None, "Started process for run (pid: 7)."),
    event(104.0, "ExecutionStepStartEvent", "sync_orders"),
    event(105.0, "MaterializationEvent", "sync_orders"),
    event(106.0, "ExecutionStepStartEvent", "dbt_build"),
    event(108.0, "AssetCheckEvaluationEvent", "dbt_build"),
    event(110.0, "MaterializationEvent", "dbt_build"),
    event(111.0, "RunSuccessEvent"),
    {"status": "SUCCESS"},
]


def test_the_stages_are_the_whole_run() -> None:
    found = split(RUN, launched=100.0)
    assert found == dict(zip(STAGES, (0.5, 1.5, 2.0, 2.0, 2.0, 2.0, 1.0), strict=True))
    assert sum(found.values()) == 11


@pytest.mark.parametrize("missing", ["RunStartingEvent", "EngineEvent", "RunSuccessEvent"])
def test_an_incomplete_log_is_refused(missing: str) -> None:
    with pytest.raises(SplitError, match=missing):
        split([each for each in RUN if each.get("__typename") != missing], 100.0)


def test_a_run_without_dbt_is_refused() -> None:
    with pytest.raises(SplitError, match="dbt_build"):
        split([each for each in RUN if each.get("stepKey") != "dbt_build"], 100.0)

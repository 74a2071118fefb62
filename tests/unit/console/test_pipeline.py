"""The pipeline's picture, from what Dagster answers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from console.logic import pipeline, runs


def node(key: str, *upstream: str, **facts: Any) -> dict[str, Any]:
    made = facts.get("made")
    entries = [{"label": "dagster/row_count", "intValue": facts.get("rows")}]
    checks = [
        {
            "name": name,
            "blocking": True,
            "executionForLatestMaterialization": {"status": status, "evaluation": {"severity": severity}},
        }
        for name, status, severity in facts.get("checks", [])
    ]
    return {
        "assetKey": {"path": key.split("/")},
        "groupName": key.split("/")[0],
        "isMaterializable": not key.startswith("s3/"),
        "dependencyKeys": [{"path": other.split("/")} for other in upstream],
        "kinds": [],
        "freshnessStatusInfo": facts.get("freshness") and {"freshnessStatus": facts["freshness"]},
        "metadataEntries": [],
        "assetMaterializations": [{"timestamp": made, "runId": "r", "metadataEntries": entries}] if made else [],
        "assetChecksOrError": {"checks": checks},
    }


MADE = "1772366400000"  # 2026-03-01 12:00 UTC, in milliseconds


def test_a_table_has_its_last_success_and_its_rows() -> None:
    part = pipeline.part(node("landing/orders", made=MADE, rows=99))
    assert (part.loaded, part.rows, part.state) == (datetime(2026, 3, 1, 12, tzinfo=UTC), 99, "done")


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, "none"),
        ({"made": MADE, "freshness": "UNHEALTHY"}, "late"),
        ({"made": MADE, "freshness": "HEALTHY"}, "done"),
        ({"made": MADE, "checks": [("unique", "FAILED", "ERROR")], "freshness": "UNHEALTHY"}, "failed"),
        ({"made": MADE, "checks": [("unique", "EXECUTION_FAILED", "ERROR")]}, "failed"),
        ({"made": MADE, "checks": [("unique", "FAILED", "WARN")]}, "done"),
        ({"made": MADE, "checks": [("unique", "SUCCEEDED", "ERROR")]}, "done"),
    ],
)
def test_the_state_is_the_worst_that_is_known(facts: dict[str, Any], state: str) -> None:
    assert pipeline.part(node("landing/orders", **facts)).state == state


def test_a_check_that_never_ran_does_not_fail() -> None:
    answer = node("landing/orders", made=MADE, checks=[("unique", "FAILED", "ERROR")])
    answer["assetChecksOrError"]["checks"][0]["executionForLatestMaterialization"] = None
    assert pipeline.part(answer).failing == ()


@pytest.mark.parametrize(
    ("status", "seconds_later", "state"),
    [("FAILURE", 60, "failed"), ("FAILURE", -60, "done"), ("SUCCESS", 60, "done"), ("CANCELED", 60, "done")],
)
def test_a_failed_run_counts_if_it_is_newer_than_the_table(status: str, seconds_later: int, state: str) -> None:
    part = pipeline.part(node("landing/orders", made=MADE))
    run = {"runId": "r", "status": status, "startTime": int(MADE) / 1000 + seconds_later}
    [found] = pipeline.with_runs([part], [{"assetKey": {"path": ["landing", "orders"]}, "latestRun": run}])
    assert found.state == state


def test_a_running_table() -> None:
    part = pipeline.part(node("landing/orders", made=MADE))
    info = {"assetKey": {"path": ["landing", "orders"]}, "inProgressRunIds": ["r"], "latestRun": None}
    assert pipeline.with_runs([part], [info])[0].state == "running"


def run(**facts: Any) -> runs.Run:
    item = {"runId": "r", "status": "STARTED", "jobName": "all_assets", "startTime": 1.0, "endTime": None}
    lists: dict[str, Any] = {"creationTime": 1.0, "assetSelection": None, "tags": [], "assetMaterializations": []}
    return runs.run({**item, **lists, **facts}, tables=4)


def test_the_progress_of_a_run_is_the_share_of_its_tables() -> None:
    events = [{"assetKey": {"path": [name]}} for name in ("a", "b", "b")]
    assert run(assetMaterializations=events).progress == 0.5
    selection = [{"path": ["a"]}, {"path": ["b"]}]
    assert run(assetMaterializations=events, assetSelection=selection).progress == 1.0


def test_the_cause_of_a_run() -> None:
    assert run(tags=[{"key": "dagster/sensor_name", "value": "changed_files"}]).cause == "sensor changed_files"
    assert run(jobName="__ASSET_JOB").cause == "by hand"
    assert run().cause == "all_assets"

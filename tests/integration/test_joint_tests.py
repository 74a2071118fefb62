"""Data tests that share one query have the same results as alone, in dbt's files and in the warehouse."""

import json
import shutil
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from google.cloud import bigquery as google_bigquery

from orchestrator.warm_dbt.client import JOINT, SINGLE
from tools.local.platform import python

from .running import RunningPlatform, Server
from .test_dbt_project import PROJECT

N = {"column_name": "n"}
# Of the table `rows_of_all_kinds`, with the values 1, 1, 2 and null: the test, its configuration, its result.
JOINED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "passes": ({"accepted_range": N | {"min_value": 0}}, {}, "pass"),
    "fails": ({"unique": N}, {}, "fail"),
    "fails_unstored": ({"not_null": N}, {"store_failures": False}, "fail"),
    "warns": ({"not_null": N}, {"severity": "warn"}, "warn"),
    "warns_below_the_error": ({"not_null": N}, {"error_if": ">1", "warn_if": ">0"}, "warn"),
    "passes_by_where": ({"not_null": N}, {"where": "n > 0"}, "pass"),
    "fails_with_a_limit": ({"accepted_range": N | {"min_value": 2}}, {"limit": 1}, "fail"),
}
ALONE: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "calculates": ({"accepted_range": N | {"min_value": 2}}, {"fail_calc": "sum(n)", "error_if": ">2"}, "warn"),
}
# Of the table `broken`: one of the tests is no valid query, so the joint query fails.
BROKEN: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "cannot_be_asked": ({"not_null": {"column_name": "missing"}}, {}, "error"),
    "passes_beside_it": ({"not_null": N}, {}, "pass"),
    "fails_beside_it": ({"accepted_range": N | {"min_value": 2}}, {}, "fail"),
}
TABLES = {
    "rows_of_all_kinds": ("select 1 as n union all select 1 union all select 2 union all select null", JOINED | ALONE),
    "broken": ("select 1 as n", BROKEN),
}
COMMAND = "import sys; from orchestrator.warm_dbt import server; sys.exit(server.run({request!r}, {way!r}))"


@pytest.fixture(scope="module")
def results(
    warehouse: Server,
    local_platform: RunningPlatform,
    bigquery: google_bigquery.Client,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, tuple[dict[str, Any], dict[str, list[Any]], list[str]]]]:
    """For both ways: the results by node, the stored rows by table, and the lines of dbt's log about joint queries."""
    directory = tmp_path_factory.mktemp("joint")
    project = directory / "project"
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("target", "logs", "models", "snapshots"))
    (project / "models").mkdir()
    declared = []
    for table, (rows, tests) in TABLES.items():
        (project / f"models/{table}.sql").write_text(f"{{{{ config(materialized='table') }}}} {rows}")
        listed = [
            {kind: {"name": name, "arguments": arguments, "config": config}}
            for name, (test, config, _) in tests.items()
            for kind, arguments in test.items()
        ]
        declared.append({"name": table, "data_tests": listed})
    (project / "models/after.sql").write_text("select * from {{ ref('broken') }}")
    (project / "models/models.yml").write_text(yaml.safe_dump({"models": declared}))
    dataset = f"joint_{uuid.uuid4().hex[:12]}"
    _, environment = local_platform.settings.command("orchestrator")
    target = directory / "target"
    environment |= {"BQ_DATASET": dataset, "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
    environment |= {"DBT_PROJECT_DIR": str(project)}
    found = {}
    for way in (SINGLE, JOINT):
        arguments = ["--log-level-file", "debug", "build", "--profiles-dir", str(project)]
        request = {"arguments": arguments, "environment": environment, "directory": str(project)}
        line = [python("orchestrator"), "-c", COMMAND.format(request=request, way=way)]
        result = local_platform.commands.run("orchestrator", line, environment, project)
        assert result.returncode == 1, result.stdout + result.stderr
        nodes = {
            node["unique_id"].split(".")[2]: node
            for node in json.loads((target / "run_results.json").read_text())["results"]
        }
        stored = {
            table.table_id: sorted(tuple(row) for row in bigquery.query_and_wait(f"select * from {table.reference}"))
            for table in bigquery.list_tables(f"{dataset}_test_failures")
        }
        log = [text for text in (target / "dbt.log").read_text().splitlines() if " asked " in text]
        (target / "dbt.log").unlink()
        found[way] = nodes, stored, log
    yield found
    for suffix in ("", "_test_failures"):
        bigquery.delete_dataset(f"{dataset}{suffix}", delete_contents=True, not_found_ok=True)


def comparable(result: dict[str, Any]) -> dict[str, Any]:
    """Return a result without the values that differ in each build, and without the costs that a joint query saves."""
    saved = {"job_id", "slot_ms", "bytes_billed"}
    response = {name: value for name, value in result["adapter_response"].items() if name not in saved}
    kept = {name: value for name, value in result.items() if name not in {"timing", "thread_id", "execution_time"}}
    return kept | {"adapter_response": response, "parts": [part["name"] for part in result["timing"]]}


def test_a_joint_query_gives_each_test_its_own_result(results: dict[str, Any]) -> None:
    alone, joint = results[SINGLE][0], results[JOINT][0]
    expected = {name: status for _, tests in TABLES.values() for name, (_, _, status) in tests.items()}
    assert {name: alone[name]["status"] for name in expected} == expected
    assert alone["after"]["status"] == "skipped"
    assert {name: comparable(node) for name, node in joint.items()} == {
        name: comparable(node) for name, node in alone.items()
    }


def test_failing_rows_are_stored_in_both_ways(results: dict[str, Any]) -> None:
    stored = results[JOINT][1]
    assert stored == results[SINGLE][1]
    assert stored["fails"] == [(1, 2)]
    listed = {name: (config, status) for _, tests in TABLES.values() for name, (_, config, status) in tests.items()}
    assert set(stored) == {
        name
        for name, (config, status) in listed.items()
        if status in ("warn", "fail") and config.get("store_failures", True)
    }


def test_which_tests_are_asked_together(results: dict[str, Any]) -> None:
    assert results[SINGLE][2] == []
    joint = results[JOINT][0]
    jobs = [joint[name]["adapter_response"]["job_id"] for name in JOINED]
    assert len(set(jobs)) == 1
    billed = {way: sum(results[way][0][name]["adapter_response"]["bytes_billed"] for name in JOINED) for way in results}
    assert billed == {SINGLE: len(JOINED) * 10 * 2**20, JOINT: 10 * 2**20}, "10 MiB for each table of a query"
    assert joint["calculates"]["adapter_response"]["job_id"] not in jobs
    [together, each_alone] = sorted(results[JOINT][2], key=lambda line: "could not" in line)
    assert f"{len(JOINED)} tests were asked in one query" in together
    assert f"{len(BROKEN)} tests could not be asked together" in each_alone
    assert "missing" in each_alone, "the log says why"

"""Dagster's definitions, loaded while no service runs: the graph, the checks, the job, the schedule."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tools.local.platform import ROOT

from .running import RunningPlatform

DESCRIBE = """
import json
from orchestrator.definitions import defs
graph = defs.resolve_asset_graph()
job, schedule = defs.resolve_job_def("all_assets"), defs.resolve_schedule_def("daily")
print(json.dumps({
    "assets": {
        key.to_user_string(): [node.group_name, sorted(parent.to_user_string() for parent in node.parent_keys)]
        for key, node in ((key, graph.get(key)) for key in graph.get_all_asset_keys())
    },
    "checks": [[key.asset_key.to_user_string(), key.name] for key in graph.asset_check_keys],
    "job": sorted(node.name for node in job.nodes),
    "tables": {
        key.to_user_string(): graph.get(key).metadata.get("dagster/table_name") for key in graph.get_all_asset_keys()
    },
    "fresh": {
        key.to_user_string(): policy.fail_window.to_timedelta().total_seconds() / 3600
        for key in graph.get_all_asset_keys() if (policy := graph.get(key).freshness_policy)
    },
    "executor": job.executor_def.name,
    "sensors": {sensor.name: sensor.default_status.value for sensor in defs.sensors or []},
    "schedule": [schedule.cron_schedule, schedule.job_name, schedule.default_status.value],
}))
"""
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def described(local_platform: RunningPlatform) -> dict[str, Any]:
    """The definitions, described by a process that can reach no server."""
    (python, *_), environment = local_platform.settings.command("orchestrator")
    environment |= dict.fromkeys(("AIRBYTE_URL", "BIGQUERY_EMULATOR_HOST", "AWS_ENDPOINT_URL_S3"), NOWHERE)
    result = local_platform.commands.run("orchestrator", [python, "-c", DESCRIBE], environment)
    assert result.returncode == 0, result.stderr
    content: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return content


def test_graph(described: dict[str, Any]) -> None:
    def file(name: str) -> str:
        return f"s3/jaffle_shop/{name}.csv"

    assert described["assets"] == {
        file("jaffle_shop_customers"): ["s3", []],
        file("jaffle_shop_orders"): ["s3", []],
        file("stripe_payments"): ["s3", []],
        "jaffle_shop/jaffle_shop_customers": ["landing", [file("jaffle_shop_customers")]],
        "jaffle_shop/jaffle_shop_orders": ["landing", [file("jaffle_shop_orders")]],
        "stripe/stripe_payments": ["landing", [file("stripe_payments")]],
        "staging/stg_customers": ["staging", ["jaffle_shop/jaffle_shop_customers"]],
        "staging/stg_orders": ["staging", ["jaffle_shop/jaffle_shop_orders"]],
        "staging/stg_payments": ["staging", ["stripe/stripe_payments"]],
        "trusted/fct_orders": ["trusted", ["staging/stg_orders", "staging/stg_payments"]],
        "trusted/dim_customers": ["trusted", ["staging/stg_customers", "trusted/fct_orders"]],
        "trusted/order_status_history": ["trusted", ["staging/stg_orders"]],
        "trusted/fct_order_status_days": ["trusted", ["trusted/order_status_history"]],
    }


def test_landing_tables_are_named(described: dict[str, Any], local_platform: RunningPlatform) -> None:
    dataset = f"local-dev.{local_platform.environment['BQ_DATASET']}"
    for table in ("jaffle_shop/jaffle_shop_customers", "jaffle_shop/jaffle_shop_orders", "stripe/stripe_payments"):
        assert described["tables"][table] == f"{dataset}.{table.split('/')[1]}"


def test_every_data_test_is_a_check_and_every_landing_table_is_counted(described: dict[str, Any]) -> None:
    manifest = json.loads((ROOT / "dbt_project/target/manifest.json").read_text())
    tests = {node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "test"}
    checks = [name for _, name in described["checks"]]
    assert len(tests) == 40
    ours = ["row_count_matches_file", "columns_arrived", "values_were_cast", "file_is_well_formed", "key_is_whole"]
    ours.append("source_is_fresh")
    profiled = {asset for asset, name in described["checks"] if name == "profile_is_usual"}
    marts = {"trusted/fct_orders", "trusted/dim_customers", "trusted/fct_order_status_days"}
    assert sorted(checks) == sorted([*tests, *ours * 3, *["profile_is_usual"] * 6])
    landing = {"jaffle_shop/jaffle_shop_customers", "jaffle_shop/jaffle_shop_orders", "stripe/stripe_payments"}
    assert profiled == landing | marts
    assert all({asset for asset, name in described["checks"] if name == our} == landing for our in ours)
    assert {asset for asset, name in described["checks"] if name.startswith("source_unique")} == landing


def test_landing_tables_and_marts_have_the_freshness_of_their_dbt_sources(described: dict[str, Any]) -> None:
    landing = ["jaffle_shop/jaffle_shop_customers", "jaffle_shop/jaffle_shop_orders", "stripe/stripe_payments"]
    marts = ["trusted/fct_orders", "trusted/dim_customers", "trusted/order_status_history"]
    assert described["fresh"] == dict.fromkeys([*landing, *marts], 24)


def test_job_and_schedule(described: dict[str, Any]) -> None:
    syncs = ["sync_jaffle_shop_customers", "sync_jaffle_shop_orders", "sync_stripe_payments"]
    assert described["job"] == ["dbt_build", "profile_tables", *syncs]
    assert described["executor"] == "in_process"
    running = {"alerts": "RUNNING", "changed_files": "RUNNING", "airbyte_drift": "RUNNING"}
    assert described["sensors"] == running | {"dbt_docs": "STOPPED"}  # RUNNING in make dev and on Docker
    assert described["schedule"] == ["0 6 * * *", "all_assets", "STOPPED"]


def test_manifest_follows_settings_and_models(local_platform: RunningPlatform, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "dbt_project", project, ignore=shutil.ignore_patterns("target", "logs"))
    manifest = project / "target/manifest.json"

    def prepare() -> subprocess.CompletedProcess[str]:
        settings = {"WAREHOUSE": "bigquery", "BQ_PROJECT": "mine", "BQ_DATASET": "shop"}
        return local_platform.run("orchestrator", "orchestrator.prepare", DBT_PROJECT_DIR=str(project), **settings)

    assert prepare().stdout.strip() == str(manifest)
    made = manifest.stat().st_mtime_ns
    assert prepare().returncode == 0
    assert manifest.stat().st_mtime_ns == made
    content = json.loads(manifest.read_text())
    named = {node["relation_name"] for kind in ("nodes", "sources") for node in content[kind].values()}
    assert {"`mine`.`shop`.`stripe_payments`", "`mine`.`shop_trusted`.`dim_customers`"} < named

    (project / "models/staging/jaffle_shop/stg_orders.sql").unlink()
    result = prepare()
    assert result.returncode != 0
    assert "The dbt project cannot be parsed" in result.stderr
    assert "depends on a node named 'stg_orders'" in result.stderr

"""WAREHOUSE=bigquery as in production: a service account key, a token for it, and no access without that token.

Google's front door stands before the emulator (google_front.py); everything else is what runs on Google BigQuery.
"""

import json
import re
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import dagster as dg
import httpx
import pytest
from google.cloud import bigquery as google_bigquery

from tools.local.free_ports import free_ports
from tools.local.platform import ENVIRONMENTS, ROOT, Platform

from .commands import Commands
from .google_front import LEAST_BILLED, Front, front_of
from .running import RunningPlatform, Server
from .s3_types import S3Client
from .syncs import Syncs
from .warm_services import WarmSupervisor

LIMIT = 1 << 30
ORDERS = "jaffle_shop/jaffle_shop_orders"


@pytest.fixture(scope="module")
def google(warehouse: Server) -> Iterator[Front]:
    with front_of(warehouse.url) as front:
        yield front


@dataclass(frozen=True)
class Production:
    """The platform with WAREHOUSE=bigquery: its variables, and where it keeps its data."""

    settings: Platform
    commands: Commands
    dataset: str
    variables: dict[str, str]

    def run(self, service: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        command, environment = self.settings.command(service, *arguments)
        environment |= self.variables | variables
        return self.commands.run(service, command, environment, self.settings.directory)

    def dbt(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        _, environment = self.settings.command("orchestrator")
        target = str(self.settings.directory / "dbt")
        environment |= self.variables | {"DBT_TARGET_PATH": target, "DBT_LOG_PATH": target} | variables
        command = [str(ENVIRONMENTS / "orchestrator/bin/dbt"), "--no-use-colors", *arguments]
        return self.commands.run("orchestrator", command, environment, ROOT / "dbt_project")


@pytest.fixture(scope="module")
def production(
    google: Front,
    s3: Server,
    local_platform: RunningPlatform,
    bigquery: google_bigquery.Client,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Production]:
    """A second platform on the same S3: airbyte-lite runs, connections.yaml is applied."""
    directory = tmp_path_factory.mktemp("production")
    ports = local_platform.settings.ports | {"airbyte": free_ports(["airbyte"])["airbyte"]}
    dataset = f"production_{uuid.uuid4().hex[:8]}"
    variables = {
        "WAREHOUSE": "bigquery",
        "BQ_DATASET": dataset,
        "DBT_TARGET_PATH": str(directory / "target"),
        "BQ_MAXIMUM_BYTES_BILLED": str(LIMIT),
        "BIGQUERY_EMULATOR_HOST": google.url,  # read by Google's own client
        "GOOGLE_APPLICATION_CREDENTIALS": str(google.write_key(directory)),
    }
    platform = Production(Platform(directory, ports), local_platform.commands, dataset, variables)
    service = platform.settings.airbyte()
    with WarmSupervisor(directory / "logs", commands=local_platform.commands) as services:
        services.start(replace(service, environment=service.environment | variables)).wait()
        for command in ("seed", "apply"):
            result = platform.run("bootstrap", "bootstrap", command)
            assert result.returncode == 0, result.stdout + result.stderr
        yield platform
    for suffix in ("", "_staging", "_trusted", "_test_failures"):
        bigquery.delete_dataset(f"{dataset}{suffix}", delete_contents=True, not_found_ok=True)


@pytest.fixture(scope="module")
def instance(production: Production) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance after one run of everything."""
    production.settings.prepare()
    result = production.run(
        "orchestrator", "dagster", "job", "execute", "-m", "orchestrator.definitions", "-j", "all_assets"
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    home = production.settings.environment["DAGSTER_HOME"]
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DAGSTER_HOME", home)  # its dagster.yaml reads it
        instance = dg.DagsterInstance.from_config(home)
    with instance:  # its connections to SQLite end with it
        yield instance


def metadata(instance: dg.DagsterInstance, asset: str) -> dict[str, Any]:
    event = instance.get_latest_materialization_event(dg.AssetKey(asset.split("/")))
    assert event is not None
    assert event.asset_materialization is not None
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}


def test_everything_with_a_key(
    instance: dg.DagsterInstance, production: Production, google: Front, bigquery: google_bigquery.Client
) -> None:
    query = "select (select count(*) from {0}.jaffle_shop_orders), (select count(*) from {0}_trusted.dim_customers)"
    [row] = bigquery.query_and_wait(query.format(production.dataset))
    assert tuple(row.values()) == (99, 100)
    assert google.tokens >= 3  # airbyte-lite, the row count checks, dbt


def test_costs_are_metadata_of_every_asset(instance: dg.DagsterInstance, google: Front) -> None:
    assert metadata(instance, ORDERS)["bytes_billed"] == LEAST_BILLED  # the deduplicating query
    assert metadata(instance, "jaffle_shop/jaffle_shop_customers")["bytes_billed"] == 0  # a load job is free
    for model in ("staging/stg_orders", "trusted/fct_orders", "trusted/dim_customers"):
        costs = metadata(instance, model)
        assert costs["bytes_billed"] == LEAST_BILLED
        assert 0 < costs["bytes_processed"] < 100_000, model  # an estimate from the columns that are read
        assert costs["Execution Duration"] > 0
    # Tests cost as much as models. Tests that share a query share its costs.
    [run] = instance.get_runs()
    events = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    evaluations = [event.get_dagster_event().asset_check_evaluation_data for event in events]
    values = [found.metadata.get("bytes_billed") for found in evaluations]
    billed = [value.value or 0 for value in values if isinstance(value, dg.IntMetadataValue)]
    assert "not_null_fct_orders_order_id" in {found.check_name for found in evaluations}
    assert sum(billed) >= LEAST_BILLED
    assert sum(billed) % LEAST_BILLED == 0
    assert min(billed) > 0


def test_every_query_that_loads_or_builds_is_limited(instance: dg.DagsterInstance, google: Front) -> None:
    of_syncs = {limit for job, limit in google.queries if job.startswith("airbyte_lite_")}
    assert of_syncs == {LIMIT}
    assert {limit for job, limit in google.queries if not job.startswith("airbyte_lite_")} - {0} == {LIMIT}  # of dbt


def test_a_changed_file_is_merged_and_its_costs_are_in_the_log(
    instance: dg.DagsterInstance, production: Production, bigquery: google_bigquery.Client, s3_client: S3Client
) -> None:
    key = f"{ORDERS}.csv"
    s3_client.put_object(Bucket="jaffle-shop", Key=key, Body=(ROOT / "seed_data" / Path(key).name).read_bytes())
    with httpx.Client(base_url=production.settings.url("airbyte"), timeout=60) as http:
        syncs = Syncs(http, bigquery)
        [connection] = [c for c in syncs.call("GET", "connections")["data"] if c["name"] == "jaffle_shop_orders"]
        job = syncs.sync(connection["connectionId"])
        log = syncs.log(job["jobId"])
    assert (job["rowsSynced"], job["bytesBilled"]) == (99, LEAST_BILLED)
    assert f"99 records loaded (incremental_deduped_history). BigQuery billed {LEAST_BILLED} bytes." in log
    assert syncs.rows(f"select count(*) from {production.dataset}.jaffle_shop_orders") == [(99,)]


def test_the_key_is_no_part_of_any_log(instance: dg.DagsterInstance, production: Production, google: Front) -> None:
    line = google.key["private_key"].splitlines()[1]
    files = [path for path in production.settings.directory.rglob("*") if path.is_file()]
    holding = {path.name for path in files if line.encode() in path.read_bytes()}
    assert holding <= {"key.json", "airbyte.sqlite", "airbyte.sqlite-wal"}  # airbyte-lite keeps its destinations


def test_dbt_debug(production: Production) -> None:
    result = production.dbt("debug")
    assert result.returncode == 0, result.stdout
    assert re.search(r"method: oauth\b", result.stdout)
    assert f"maximum_bytes_billed: {LIMIT}" in result.stdout


def test_dbt_stops_at_the_limit(instance: dg.DagsterInstance, production: Production) -> None:
    result = production.dbt("run", "--select", "fct_orders", BQ_MAXIMUM_BYTES_BILLED="1000")
    assert result.returncode == 1
    assert "Query exceeded limit for bytes billed: 1000" in result.stdout


def test_a_revoked_key_is_named(production: Production, google: Front, tmp_path: Path) -> None:
    google.refused = 400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    try:
        with httpx.Client(base_url=production.settings.url("airbyte"), timeout=60) as http:
            [found] = http.get("/api/public/v1/destinations").json()["data"]
            body = {"destinationId": found["destinationId"]}
            answer = http.post("/api/v1/destinations/check_connection", json=body).json()
    finally:
        google.refused = None
    assert answer["status"] == "failed"
    assert "Invalid JWT Signature" in json.dumps(answer)

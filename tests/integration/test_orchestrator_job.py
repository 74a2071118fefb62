"""The whole job through a running Dagster, as `make demo` and `make run` launch it: figures, metadata, repetition."""

import asyncio
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from google.cloud import bigquery as google_bigquery

from console.clients.dagster import Dagster
from console.logic import runs
from console.logic.airbyte.runs import run_of
from console.settings import Settings
from tools import dagster_run

from .running import RunningPlatform

FIGURES = """
select
    (select count(*) from {0}.jaffle_shop_customers),
    (select count(*) from {0}.jaffle_shop_orders),
    (select count(*) from {0}.stripe_payments),
    (select count(*) from {0}_staging.stg_customers),
    (select count(*) from {0}_staging.stg_orders),
    (select count(*) from {0}_staging.stg_payments),
    (select count(*) from {0}_trusted.fct_orders),
    (select sum(amount) from {0}_trusted.fct_orders),
    (select min(order_date) from {0}_trusted.fct_orders),
    (select max(order_date) from {0}_trusted.fct_orders),
    (select count(*) from {0}_trusted.dim_customers),
    (select countif(number_of_orders > 0) from {0}_trusted.dim_customers),
    (select max(number_of_orders) from {0}_trusted.dim_customers),
    (select sum(lifetime_value) from {0}_trusted.dim_customers)
"""
EXPECTED = (
    *(100, 99, 120),
    *(100, 99, 120),
    *(99, Decimal("1672.00"), date(2018, 1, 1), date(2018, 4, 9)),
    *(100, 62, 5, Decimal("1672.00")),
)
AGAIN = 'key:"jaffle_shop/jaffle_shop_customers" or key:"stripe/stripe_payments" or key:"trusted/fct_orders"'
AIRBYTE_COLUMNS = ["_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "_airbyte_generation_id"]
METADATA = """{ assetNodes { assetKey { path } assetMaterializations(limit: 1) { metadataEntries { label
  ... on IntMetadataEntry { intValue } ... on FloatMetadataEntry { floatValue } } } } }"""


@pytest.fixture(scope="module")
def dagster_url(bootstrapped: RunningPlatform) -> Iterator[str]:
    """A running Dagster (webserver, daemon, code server)."""
    bootstrapped.settings.prepare()
    process = bootstrapped.services.start(bootstrapped.settings.dagster())
    process.wait()
    yield bootstrapped.settings.url("dagster")
    process.stop()


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_no_page_of_another_site_starts_a_run(dagster_url: str, headers: dict[str, str]) -> None:
    answer = httpx.post(f"{dagster_url}/graphql", json={"query": "{ version }"}, headers=headers, timeout=60)
    assert answer.status_code == 403


def metadata(url: str) -> dict[str, dict[str, Any]]:
    """The numbers that the latest materialization of each asset carries."""
    return {
        "/".join(node["assetKey"]["path"]): {
            entry["label"]: entry.get("intValue", entry.get("floatValue"))
            for materialization in node["assetMaterializations"]
            for entry in materialization["metadataEntries"]
        }
        for node in dagster_run.query(url, METADATA)["assetNodes"]
    }


def run_that_started(url: str, job: int) -> tuple[bool, str]:
    """Whether the console links a job to a run of all assets, and the console's link for a job unknown to Dagster."""

    async def ask() -> tuple[bool, str]:
        dagster = Dagster(Settings.read({"DAGSTER_URL": url}))
        newest = {run.id: run.cause for run in await runs.newest(dagster)}
        found, unknown = [await run_of(dagster, ["stripe", "stripe_payments"], number) for number in (job, 10**9)]
        await dagster.close()
        return newest.get(found) == runs.JOB, unknown

    return asyncio.run(ask())


def test_all_assets(
    dagster_url: str,
    bootstrapped: RunningPlatform,
    bigquery: google_bigquery.Client,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dataset = bootstrapped.environment["BQ_DATASET"]

    def figures() -> tuple[Any, ...]:
        [row] = bigquery.query_and_wait(FIGURES.format(dataset))
        return tuple(row.values())

    describe, workers = dagster_run.describe, []

    def described(event: dict[str, Any], started: float) -> str | None:
        if Path("/proc").exists() and (
            found := re.search(r"Started process for run \(pid: (\d+)\)", event.get("message") or "")
        ):
            workers.append(Path("/proc", found[1], "cmdline").read_text().rstrip("\0"))
        return describe(event, started)

    monkeypatch.setattr(dagster_run, "describe", described)
    seconds = dagster_run.run(dagster_url)
    assert workers == ["dagster run worker"] * Path("/proc").exists(), (
        "the run is not a fork of the code server's fork server"
    )
    output = capsys.readouterr().out
    assert "10 assets, 64 checks, 0 failed checks" in output
    assert " WARN " not in output
    assert figures() == EXPECTED

    landed = bigquery.get_table(f"{dataset}.stripe_payments")
    assert {field.name for field in landed.schema} >= {*AIRBYTE_COLUMNS, "ID", "ORDERID", "AMOUNT"}
    first = metadata(dagster_url)
    customers, payments = first["jaffle_shop/jaffle_shop_customers"], first["stripe/stripe_payments"]
    assert (customers["rows_synced"], customers["dagster/row_count"]) == (100, 100)
    assert (payments["rows_synced"], payments["dagster/row_count"]) == (120, 120)
    assert payments["bytes_synced"] > 0
    assert first["trusted/fct_orders"]["dagster/row_count"] == 99
    assert payments["airbyte_job_id"] > customers["airbyte_job_id"] > 0
    assert run_that_started(dagster_url, payments["airbyte_job_id"]) == (True, "")
    assert 0 < payments["Execution Duration"] < seconds

    # Again, an asset of each kind: the same figures. An incremental sync does not load an unchanged file again.
    arguments = ("dagster", "asset", "materialize", "-m", "orchestrator.definitions", "--select", AGAIN)
    command, environment = bootstrapped.settings.command("orchestrator", *arguments)
    home = environment["DAGSTER_HOME"]  # not the repository: dagster would prefer a .env there to its environment
    result = bootstrapped.commands.run("orchestrator", command, environment, home)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert figures() == EXPECTED
    assert re.search(r"OK created sql incremental model .*fct_orders", result.stdout + result.stderr)
    again = metadata(dagster_url)
    assert again["jaffle_shop/jaffle_shop_customers"]["rows_synced"] == 100
    assert again["stripe/stripe_payments"]["rows_synced"] == 0
    assert again["stripe/stripe_payments"]["dagster/row_count"] == 120

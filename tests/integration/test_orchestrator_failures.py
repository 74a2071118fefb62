"""Runs with a faulty file, connection or service: the run reports the fault and stops."""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.cloud import bigquery as google_bigquery

from tools.local.platform import ROOT

from .running import RunningPlatform
from .s3_types import S3Client

# Does what *Re-execute*, *From asset failure* in Dagster's UI does. Prints the assets that the run loaded or built.
REPEAT = """
import json, sys
from dagster import DagsterEventType, DagsterInstance, RunsFilter
from dagster._core.execution.api import execute_run
from dagster._core.execution.plan.resume_retry import ReexecutionStrategy
from dagster._core.test_utils import in_process_test_workspace
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._utils.hosted_user_process import recon_job_from_origin

origin = LoadableTargetOrigin(module_name="orchestrator.definitions")
with DagsterInstance.get() as instance, in_process_test_workspace(instance, origin) as workspace:
    [parent] = instance.get_runs(RunsFilter(job_name=sys.argv[1]))
    [location] = workspace.code_locations
    [repository] = location.get_repositories().values()
    run = instance.create_reexecuted_run(
        request_context=workspace, parent_run=parent, code_location=location,
        remote_job=repository.get_full_job(parent.job_name),
        strategy=ReexecutionStrategy[parent.tags["dagster/retry_strategy"]],
    )
    result = execute_run(recon_job_from_origin(run.job_code_origin), run, instance)
    events = instance.all_logs(run.run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION)
    built = sorted(entry.dagster_event.asset_key.to_user_string() for entry in events)
print(json.dumps([result.success, built]))
"""
DEFINITIONS = "orchestrator.definitions"
ORDERS = "jaffle_shop/jaffle_shop_orders"
SEED = (ROOT / "seed_data/jaffle_shop_orders.csv").read_text()


@dataclass(frozen=True)
class Shop:
    """A bucket, a workspace and a dataset of their own on the running platform."""

    platform: RunningPlatform
    s3: S3Client
    bucket: str
    dataset: str
    variables: dict[str, str]

    def materialize(self, selection: str, **variables: str) -> tuple[bool, str]:
        """Run Dagster on some assets; return whether it succeeded and the log."""
        return self.run("-m", "dagster", "asset", "materialize", "-m", DEFINITIONS, "--select", selection, **variables)

    def run(self, *arguments: str, **variables: str) -> tuple[bool, str]:
        """Run Dagster's Python with these arguments; return whether it succeeded and what it printed."""
        (python, *_), environment = self.platform.settings.command("orchestrator")
        environment |= self.variables | variables
        # Not in the repository: dagster would prefer a .env there to its environment.
        home = self.variables["DAGSTER_HOME"]
        result = self.platform.commands.run("orchestrator", [python, *arguments], environment, home)
        return result.returncode == 0, result.stderr + result.stdout

    def put_orders(self, content: str) -> None:
        """Replace the orders file."""
        self.s3.put_object(Bucket=self.bucket, Key=f"{ORDERS}.csv", Body=content.encode())


@pytest.fixture(scope="module")
def shop(
    platform: RunningPlatform,
    s3_client: S3Client,
    bigquery: google_bigquery.Client,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    """The seed files, applied connections and nothing materialized yet."""
    directory = tmp_path_factory.mktemp("shop")
    name = f"shop_{uuid.uuid4().hex[:12]}"
    bucket = name.replace("_", "-")
    file = directory / "connections.yaml"
    declared = (ROOT / "connections.yaml").read_text()
    file.write_text(re.sub(r"^  id: .*$", f"  id: {uuid.uuid4()}", declared, count=1, flags=re.MULTILINE))
    variables = {
        "S3_BUCKET": bucket,
        "BQ_DATASET": name,
        "CONNECTIONS_FILE": str(file),
        "BOOTSTRAP_STATE_DIR": str(directory / "state"),
        "DAGSTER_HOME": str(directory / "dagster"),
        "DBT_TARGET_PATH": str(directory / "target"),
    }
    (directory / "dagster").mkdir()
    (directory / "dagster/dagster.yaml").write_text((ROOT / "services/orchestrator/dagster-local.yaml").read_text())
    for command in ("seed", "apply"):
        result = platform.run("bootstrap", "bootstrap", command, **variables)
        assert result.returncode == 0, result.stdout + result.stderr
    yield Shop(platform, s3_client, bucket, name, variables)
    for suffix in ("", "_staging", "_trusted", "_test_failures"):
        bigquery.delete_dataset(f"{name}{suffix}", delete_contents=True, not_found_ok=True)


def test_a_table_short_of_its_file_holds_up_dbt_and_deleted_records_only_warn(
    shop: Shop, bigquery: google_bigquery.Client
) -> None:
    shop.put_orders(SEED + "99,85,2018-04-09,placed\n")  # a second record with the key 99
    succeeded, log = shop.materialize(f'key:"{ORDERS}" or key:"staging/stg_orders"')
    assert not succeeded
    assert "1 blocking asset check failed with ERROR severity" in log, log
    assert "row_count_matches_file" in log
    assert "99 rows in the table, 100 records in the file" in log
    assert "Running dbt command" not in log

    shop.put_orders("\n".join(SEED.splitlines()[:-1]) + "\n")  # the last record was deleted
    succeeded, log = shop.materialize(f'key:"{ORDERS}"')
    assert succeeded, log
    assert "99 rows in the table, 98 records in the file" in log
    [(rows,)] = bigquery.query_and_wait(f"select count(*) from {shop.dataset}.jaffle_shop_orders")
    assert rows == 99

    # With `deletions: mark` the row is not counted.
    declared = Path(shop.variables["CONNECTIONS_FILE"])
    marked = declared.with_name("marked.yaml")
    mode = "sync_mode: incremental_deduped_history"
    marked.write_text(declared.read_text().replace(mode, f"deletions: mark\n        {mode}", 1))
    succeeded, log = shop.materialize(f'key:"{ORDERS}"', CONNECTIONS_FILE=str(marked))
    assert succeeded, log
    assert "98 rows in the table and 1 rows marked as deleted, 98 records in the file" in log


def test_a_failed_run_is_repeated_from_the_model_that_failed(shop: Shop, bigquery: google_bigquery.Client) -> None:
    job = "connection_jaffle_shop_customers"
    succeeded, log = shop.run("-m", "dagster", "job", "execute", "-m", DEFINITIONS, "-j", job)
    assert not succeeded
    assert "Materialized value staging stg_customers" in log
    assert "Materialized value trusted dim_customers" not in log, "its other input, fct_orders, was never built"
    bigquery.query_and_wait(
        f"create schema if not exists {shop.dataset}_trusted;"
        f"create table {shop.dataset}_trusted.fct_orders"
        "(order_id int64, customer_id int64, order_date date, status string, amount numeric)"
    )

    succeeded, log = shop.run("-c", REPEAT, job)
    assert json.loads(log.splitlines()[-1]) == [True, ["trusted/dim_customers"]], log


def test_failed_sync_shows_airbytes_reason(shop: Shop) -> None:
    key = "jaffle_shop/jaffle_shop_customers.csv"
    shop.s3.delete_object(Bucket=shop.bucket, Key=key)
    succeeded, log = shop.materialize('key:"jaffle_shop/jaffle_shop_customers"')
    assert not succeeded
    assert "Airbyte's sync of 'jaffle_shop_customers' did not succeed" in log
    assert "No files were identified in the stream" in log
    assert "The end of the job's log:" in log
    shop.s3.put_object(Bucket=shop.bucket, Key=key, Body=(ROOT / "seed_data/jaffle_shop_customers.csv").read_bytes())


def test_connection_that_was_not_applied(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "connections.yaml"
    declared = Path(shop.variables["CONNECTIONS_FILE"]).read_text()
    file.write_text(declared.replace("  - name: stripe_payments\n    source:", "  - name: renamed\n    source:"))
    succeeded, log = shop.materialize('key:"stripe/stripe_payments"', CONNECTIONS_FILE=str(file))
    assert not succeeded
    assert "no connection called 'renamed'" in log
    assert "make apply" in log


def test_airbyte_that_is_not_running(shop: Shop) -> None:
    succeeded, log = shop.materialize('key:"stripe/stripe_payments"', AIRBYTE_URL="http://127.0.0.1:9")
    assert not succeeded
    assert "Airbyte gave no answer, or an unexpected one, at http://127.0.0.1:9/api/public/v1" in log


def test_mistake_in_connections_yaml_is_named_when_the_definitions_load(shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "connections.yaml"
    file.write_text(Path(shop.variables["CONNECTIONS_FILE"]).read_text().replace("sync_mode: full", "sync_mod: full"))
    result = shop.platform.run("orchestrator", "orchestrator.definitions", CONNECTIONS_FILE=str(file))
    assert result.returncode != 0
    assert str(file) in result.stderr
    assert "sync_mod" in result.stderr

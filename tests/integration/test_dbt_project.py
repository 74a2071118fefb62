"""The dbt project on the emulator: it builds, gives the known figures, and each of its tests can fail."""

import csv
import json
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.cloud import bigquery as google_bigquery

from console.logic import reports
from tools.local.platform import ENVIRONMENTS, ROOT, python

from .commands import Commands
from .running import RunningPlatform, Server

PROJECT = ROOT / "dbt_project"
TABLES = ("jaffle_shop_customers", "jaffle_shop_orders", "stripe_payments")
INTEGERS = {"id", "user_id", "orderid", "amount"}
DATA_TESTS, UNIT_TESTS, MODELS = 40, 2, 7

# The columns that Airbyte adds (destination-bigquery, Destinations V2).
AIRBYTE_COLUMNS = [
    google_bigquery.SchemaField("_airbyte_raw_id", "STRING", mode="REQUIRED"),
    google_bigquery.SchemaField("_airbyte_extracted_at", "TIMESTAMP", mode="REQUIRED"),
    google_bigquery.SchemaField("_airbyte_meta", "JSON", mode="REQUIRED"),
    google_bigquery.SchemaField("_airbyte_generation_id", "INTEGER"),
]

# Rows that break every data test: a second row for a key, a row without values, a row of unknown values.
BREAK = """
insert into {landing}.jaffle_shop_customers
  select * from {landing}.jaffle_shop_customers where id = 1;
insert into {landing}.jaffle_shop_customers (_airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta)
  values ('x', current_timestamp(), json '{{}}');
insert into {landing}.jaffle_shop_orders
  select * from {landing}.jaffle_shop_orders where id = 1;
insert into {landing}.jaffle_shop_orders (_airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta, user_id, status)
  values ('x', current_timestamp(), json '{{}}', null, null), ('y', current_timestamp(), json '{{}}', 9999, 'lost');
insert into {landing}.stripe_payments
  select * from {landing}.stripe_payments where id = 1;
insert into {landing}.stripe_payments
  (_airbyte_raw_id, _airbyte_extracted_at, _airbyte_meta, orderid, paymentmethod, status, amount)
  values ('x', current_timestamp(), json '{{}}', null, null, null, null),
         ('y', current_timestamp(), json '{{}}', 9999, 'shells', 'perhaps', -1);
insert into {landing}_trusted.fct_orders select * from {landing}_trusted.fct_orders where order_id = 1;
insert into {landing}_trusted.fct_orders (order_id, customer_id, amount) values (null, null, null), (1000, 9999, 1);
insert into {landing}_trusted.dim_customers select * from {landing}_trusted.dim_customers where customer_id = 1;
insert into {landing}_trusted.dim_customers (customer_id, number_of_orders, lifetime_value) values (null, null, null);
insert into {landing}_trusted.order_status_history
  select * from {landing}_trusted.order_status_history where order_id = 1;
insert into {landing}_trusted.order_status_history (order_id, status, is_deleted) values (null, null, false);
"""


@dataclass(frozen=True)
class Dbt:
    """dbt on one landing dataset."""

    commands: Commands
    environment: dict[str, str]
    target: Path

    def __call__(self, *arguments: str, project: Path = PROJECT) -> tuple[int, dict[str, str], str]:
        """Run a dbt command; return its exit code, the status of each node but hooks by name, and what it printed."""
        command = [str(ENVIRONMENTS / "orchestrator/bin/dbt"), "--no-use-colors", *arguments]
        environment = self.environment | {"DBT_PROJECT_DIR": str(project), "DBT_PROFILES_DIR": str(project)}
        process = self.commands.run("orchestrator", command, environment, project)
        name = "sources.json" if arguments[:2] == ("source", "freshness") else "run_results.json"
        results = json.loads((self.target / name).read_text())["results"] if (self.target / name).exists() else []
        found = {tuple(result["unique_id"].split(".", 2)): str(result["status"]) for result in results}
        statuses = {name: status for (kind, _, name), status in found.items() if kind != "operation"}
        return process.returncode, statuses, process.stdout + process.stderr


def load(client: google_bigquery.Client, dataset: str) -> None:
    """Load the seed files as Airbyte lands them: its own columns first, dates as text."""
    now = datetime.now(UTC).isoformat()
    for table in TABLES:
        with (ROOT / "seed_data" / f"{table}.csv").open(newline="") as file:
            records = list(csv.DictReader(file))
        names = list(records[0])
        kinds = {name: "INTEGER" if name.lower() in INTEGERS else "STRING" for name in names}
        rows: list[dict[str, Any]] = [
            {
                "_airbyte_raw_id": str(uuid.uuid4()),
                "_airbyte_extracted_at": now,
                "_airbyte_meta": {"sync_id": 1, "changes": []},
                "_airbyte_generation_id": 0,
            }
            | {name: int(record[name]) if kinds[name] == "INTEGER" else record[name] for name in names}
            for record in records
        ]
        schema = [*AIRBYTE_COLUMNS, *(google_bigquery.SchemaField(name, kinds[name]) for name in names)]
        configuration = google_bigquery.LoadJobConfig(schema=schema)
        client.load_table_from_json(rows, f"{client.project}.{dataset}.{table}", job_config=configuration).result()


@pytest.fixture(scope="module")
def built(
    warehouse: Server,
    local_platform: RunningPlatform,
    bigquery: google_bigquery.Client,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Dbt]]:
    """A fresh dataset with the seed files on which `dbt build` succeeded, with every test; and dbt on it."""
    dataset = f"dbt_{uuid.uuid4().hex[:12]}"
    bigquery.create_dataset(dataset)
    load(bigquery, dataset)
    target = tmp_path_factory.mktemp("target")
    _, environment = local_platform.settings.command("orchestrator")
    environment |= {"BQ_DATASET": dataset, "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
    dbt = Dbt(local_platform.commands, environment, target)
    code, statuses, output = dbt("build")
    assert code == 0, output
    counts = {kind: list(statuses.values()).count(kind) for kind in ("pass", "success")}
    assert counts == {"pass": DATA_TESTS + UNIT_TESTS, "success": MODELS}, output
    yield dataset, dbt
    for suffix in ("", "_staging", "_trusted", "_test_failures"):
        bigquery.delete_dataset(f"{dataset}{suffix}", delete_contents=True, not_found_ok=True)


def one(client: google_bigquery.Client, query: str) -> tuple[Any, ...]:
    [row] = client.query_and_wait(query)
    return tuple(row.values())


def test_figures(built: tuple[str, Dbt], bigquery: google_bigquery.Client) -> None:
    dataset, _ = built
    counts = "select (select count(*) from {0}.stg_customers), (select count(*) from {0}.stg_orders), "
    counts += "(select count(*) from {0}.stg_payments)"
    assert one(bigquery, counts.format(f"{dataset}_staging")) == (100, 99, 120)
    assert one(
        bigquery,
        f"select count(*), sum(amount), min(order_date), max(order_date) from {dataset}_trusted.fct_orders",
    ) == (99, Decimal("1672.00"), date(2018, 1, 1), date(2018, 4, 9))
    assert one(
        bigquery,
        "select count(*), countif(number_of_orders > 0), max(number_of_orders), sum(lifetime_value) "
        f"from {dataset}_trusted.dim_customers",
    ) == (100, 62, 5, Decimal("1672.00"))
    statuses = f"select status, count(*) from {dataset}_staging.stg_orders group by status"
    assert {row[0]: row[1] for row in bigquery.query_and_wait(statuses)} == {
        "completed": 67,
        "placed": 13,
        "shipped": 13,
        "returned": 4,
        "return_pending": 2,
    }


def test_types_and_descriptions(built: tuple[str, Dbt], bigquery: google_bigquery.Client) -> None:
    dataset, _ = built
    staging = {field.name: field.field_type for field in bigquery.get_table(f"{dataset}_staging.stg_payments").schema}
    assert (staging["amount"], staging["created_date"]) == ("NUMERIC", "DATE")
    orders = bigquery.get_table(f"{dataset}_trusted.fct_orders")
    documented = yaml.safe_load((PROJECT / "models/trusted/_trusted__models.yml").read_text())["models"]
    assert orders.description in [model["description"] for model in documented if model["name"] == "fct_orders"]
    fields = {field.name: field for field in orders.schema}
    assert (fields["amount"].field_type, fields["order_date"].field_type) == ("NUMERIC", "DATE")
    assert "return_pending" in fields["status"].description


def test_documentation_and_lineage_of_columns(built: tuple[str, Dbt], tmp_path: Path) -> None:
    dataset, dbt = built
    code, _, output = dbt("docs", "generate", "--static")
    assert code == 0, output
    publish = f"from pathlib import Path; pages.publish(Path({str(dbt.target)!r}), Path({str(tmp_path)!r}))"
    line = [python("orchestrator"), "-c", f"from orchestrator.documentation import pages; {publish}"]
    result = dbt.commands.run("orchestrator", line, dbt.environment, tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    lineage = reports.column_lineage(tmp_path)
    assert lineage is not None
    mart, orders = f"{dataset}_trusted.dim_customers", f"{dataset}_trusted.fct_orders"
    assert lineage.above[(mart, "lifetime_value")] == [reports.Source(orders, "amount")]
    assert (
        reports.Source(f"{dataset}_staging.stg_orders", "status")
        in lineage.below[(f"{dataset}.jaffle_shop_orders", "status")]
    )
    assert dataset in lineage.compiled[mart]
    for name in reports.FILES:
        assert reports.page(tmp_path, name)
    assert b"colibriTelemetry = false" in (tmp_path / reports.FILES["columns"]).read_bytes()  # it sends no statistics


@pytest.fixture
def changed_project(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """A function that replaces text in one model of a copy of the project: changed("fct_orders", old, new)."""
    copy = tmp_path / "project"
    shutil.copytree(PROJECT, copy, ignore=shutil.ignore_patterns("target", "logs"))

    def change(model: str, old: str, new: str) -> Path:
        path = copy / "models/trusted" / f"{model}.sql"
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        return copy

    return change


def test_a_branch_has_datasets_of_its_own_and_is_compared(
    built: tuple[str, Dbt], bigquery: google_bigquery.Client, tmp_path: Path
) -> None:
    dataset, dbt = built
    checkout = tmp_path / "checkout"
    shutil.copytree(PROJECT, checkout / "dbt_project", ignore=shutil.ignore_patterns("target", "logs"))
    git = ["git", "-C", str(checkout), "-c", "user.name=test", "-c", "user.email=test@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "main"]):
        subprocess.run([*git, *command], check=True)
    model = checkout / "dbt_project/models/staging/jaffle_shop/stg_customers.sql"
    model.write_text(model.read_text().replace("cast(first_name as string)", "nullif(upper(first_name), 'MICHAEL')"))
    environment = dbt.environment | {"DBT_PROJECT_DIR": str(checkout / "dbt_project"), "DBT_PROFILES_DIR": str(PROJECT)}

    def branch(*options: str) -> str:
        line = [python("orchestrator"), "-m", "orchestrator.branch", "--name", "x", "--checkout", str(checkout)]
        result = dbt.commands.run("orchestrator", [*line, "--dataset", dataset, *options], environment, tmp_path)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    before = one(bigquery, f"select count(*), min(first_name) from {dataset}_trusted.dim_customers")
    said = branch()
    lines = {line.split()[0]: line.split(maxsplit=5) for line in said.splitlines()}
    for name in ("stg_customers", "dim_customers"):
        assert lines[name] == [name, "100", "100", "0", "0", "first_name: 100 rows"], said
    assert (
        not {"fct_orders", "stg_orders"} & lines.keys()
    )  # they do not differ, so they are read from the main datasets
    assert one(bigquery, f"select count(*), min(first_name) from {dataset}_trusted.dim_customers") == before
    names = {item.dataset_id for item in bigquery.list_datasets()}
    own = {f"{dataset}_branch_x_staging", f"{dataset}_branch_x_trusted"}
    assert own <= names
    branch("--drop")
    left = {item.dataset_id for item in bigquery.list_datasets()}
    assert {name for name in names if name not in left} >= own
    assert {f"{dataset}_staging", f"{dataset}_trusted"} <= left


def test_unit_tests_notice_wrong_logic(
    built: tuple[str, Dbt], changed_project: Callable[[str, str, str], Path]
) -> None:
    _, dbt = built
    changed_project("fct_orders", "where status = 'success'", "")
    project = changed_project("dim_customers", "left join", "inner join")
    code, statuses, output = dbt("test", "--select", "test_type:unit", project=project)
    assert code == 1, output
    assert list(statuses.values()) == ["fail"] * UNIT_TESTS, output


def test_contract_refuses_another_type(
    built: tuple[str, Dbt], changed_project: Callable[[str, str, str], Path]
) -> None:
    _, dbt = built
    project = changed_project(
        "fct_orders", "coalesce(order_payments.amount, 0)", "cast(order_payments.amount as int64)"
    )
    code, _, output = dbt("run", "--select", "fct_orders", project=project)
    assert code == 1
    assert "This model has an enforced contract that failed" in output


def test_freshness_of_every_source_table(built: tuple[str, Dbt], bigquery: google_bigquery.Client) -> None:
    dataset, dbt = built
    for table, hours in zip(TABLES, (11, 13, 25), strict=True):
        bigquery.query_and_wait(
            f"update {dataset}.{table} set _airbyte_extracted_at = "
            f"timestamp_sub(current_timestamp(), interval {hours} hour) where true"
        )
    code, statuses, output = dbt("source", "freshness")
    assert code == 1, output
    assert statuses == {
        "jaffle_shop.jaffle_shop_customers": "pass",
        "jaffle_shop.jaffle_shop_orders": "warn",
        "stripe.stripe_payments": "error",
    }


def test_every_data_test_can_fail(built: tuple[str, Dbt], bigquery: google_bigquery.Client) -> None:
    """The last test on this dataset: it breaks the rows."""
    dataset, dbt = built
    for statement in BREAK.format(landing=dataset).strip().split(";\n"):
        bigquery.query_and_wait(statement)
    code, statuses, output = dbt("test", "--select", "test_type:data")
    assert code == 1, output
    assert len(statuses) == DATA_TESTS
    assert set(statuses.values()) == {"fail"}, output

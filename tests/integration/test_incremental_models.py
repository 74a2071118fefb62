"""The incremental models: after any sequence of files and syncs, the same rows as a rebuild from scratch.

dbt runs for real a few times. The statements of its incremental run are then repeated, without dbt, for many sequences.
"""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery as google_bigquery
from hypothesis import example, given, settings
from hypothesis import strategies as st

from .running import RunningPlatform, Server
from .test_dbt_project import AIRBYTE_COLUMNS, Dbt

FILE = [
    google_bigquery.SchemaField("_ab_source_file_url", "STRING"),
    google_bigquery.SchemaField("_ab_source_file_last_modified", "STRING"),
]
COLUMNS = {
    "jaffle_shop_customers": {"id": "INTEGER", "first_name": "STRING", "last_name": "STRING"},
    "jaffle_shop_orders": {"id": "INTEGER", "user_id": "INTEGER", "order_date": "STRING", "status": "STRING"},
    "stripe_payments": {
        "ID": "INTEGER",
        "ORDERID": "INTEGER",
        "PAYMENTMETHOD": "STRING",
        "STATUS": "STRING",
        "AMOUNT": "INTEGER",
        "CREATED": "STRING",
    },
}
ORDERS, PAYMENTS = "jaffle_shop_orders", "stripe_payments"
MARKED = {"deletions_marked": ["jaffle_shop.jaffle_shop_orders", "stripe.stripe_payments"]}
STEP = timedelta(days=3)  # between two syncs: more than the look-back, so that the high-water mark counts

type File = dict[int, dict[str, Any]]


def order(number: int, user: int = 1, day: int = 1, status: str = "placed") -> dict[str, Any]:
    return {"id": number, "user_id": user, "order_date": f"2018-0{day}-01", "status": status}


def payment(number: int, of: int, status: str = "success", cents: int = 100) -> dict[str, Any]:
    return {
        **{"ID": number, "ORDERID": of, "PAYMENTMETHOD": "coupon"},
        **{"STATUS": status, "AMOUNT": cents, "CREATED": "2018-01-01"},
    }


@dataclass
class Landing:
    """The landing tables as deduplicated syncs fill them: a changed file is read as a whole, no row is removed."""

    client: google_bigquery.Client
    dataset: str
    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)
    rows: dict[str, File] = field(default_factory=lambda: {table: {} for table in COLUMNS})

    def sync(self, table: str, records: list[dict[str, Any]], *, reset: bool = False) -> None:
        """Load the new version of the file. With `reset`, the table is emptied before."""
        self.now += STEP
        if reset:
            self.rows[table] = {}
        for record in records:
            key = record[next(iter(COLUMNS[table]))]
            self.rows[table][key] = {
                "_airbyte_raw_id": str(uuid.uuid4()),
                "_airbyte_extracted_at": self.now.isoformat(),
                "_airbyte_meta": {"sync_id": 1, "changes": []},
                "_airbyte_generation_id": 0,
                "_ab_source_file_url": f"{table}.csv",
                "_ab_source_file_last_modified": self.now.isoformat(),
                **record,
            }

    def write(self, table: str) -> None:
        """Write the table as it is after the last sync."""
        own = [google_bigquery.SchemaField(name, kind) for name, kind in COLUMNS[table].items()]
        config = google_bigquery.LoadJobConfig(
            schema=[*AIRBYTE_COLUMNS, *FILE, *own], write_disposition="WRITE_TRUNCATE"
        )
        rows = list(self.rows[table].values())
        self.client.load_table_from_json(rows, f"{self.dataset}.{table}", job_config=config).result()


@dataclass
class Shop:
    """Landing tables, dbt on them, and the statements by which dbt updates fct_orders."""

    landing: Landing
    dbt: Dbt
    statements: list[str]
    rebuild: str

    def update(self) -> int:
        """Run what an incremental run of dbt runs; return the number of rows that the MERGE wrote."""
        written = 0
        for statement in self.statements:
            job = self.landing.client.query(statement)
            job.result()
            if "merge into" in statement:
                written = job.num_dml_affected_rows or 0
        return written

    def rows(self, query: str) -> list[dict[str, Any]]:
        return [dict(row) for row in self.landing.client.query_and_wait(query)]

    def difference(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the rows of fct_orders and of a rebuild, without `changed_at`, which depends on the runs."""
        select = "select * except (changed_at) from {} order by order_id"
        stored = self.rows(select.format(f"{self.landing.dataset}_trusted.fct_orders"))
        return stored, self.rows(select.format(f"({self.rebuild})"))


@pytest.fixture(scope="module")
def shop(
    warehouse: Server,
    local_platform: RunningPlatform,
    bigquery: google_bigquery.Client,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    """Two real runs of dbt: the first creates the tables, the second is incremental."""
    dataset = f"incremental_{uuid.uuid4().hex[:12]}"
    bigquery.create_dataset(dataset)
    landing = Landing(bigquery, dataset)
    landing.sync("jaffle_shop_customers", [{"id": 1, "first_name": "Ada", "last_name": "L."}])
    landing.sync(ORDERS, [order(1), order(2)])
    landing.sync(PAYMENTS, [payment(1, of=1), payment(2, of=2)])
    for table in COLUMNS:
        landing.write(table)
    target = tmp_path_factory.mktemp("target")
    _, environment = local_platform.settings.command("orchestrator")
    environment |= {"BQ_DATASET": dataset, "DBT_TARGET_PATH": str(target), "DBT_LOG_PATH": str(target)}
    dbt = Dbt(local_platform.commands, environment, target)
    options = ("--exclude-resource-types", "test", "unit_test", "--vars", json.dumps(MARKED))
    code, _, output = dbt("build", *options)
    assert code == 0, output
    rebuild = (target / "compiled/jaffle_shop/models/trusted/fct_orders.sql").read_text()
    landing.sync(ORDERS, [order(1, status="shipped"), order(3)])
    landing.sync(PAYMENTS, [payment(1, of=3), payment(3, of=1, cents=250)])
    for table in COLUMNS:
        landing.write(table)
    before = datetime.now(UTC)
    code, _, output = dbt("build", *options)
    assert code == 0, output
    jobs = sorted(bigquery.list_jobs(min_creation_time=before), key=lambda job: job.created)
    queries = [job.query for job in jobs if job.job_type == "query" and f"{dataset}_trusted" in job.query]
    statements = [query for query in queries if '"node_id": "model.jaffle_shop.fct_orders"' in query]
    statements = [query for query in statements if "limit 0" not in query]  # it asks for the columns' types
    yield Shop(landing, dbt, statements, rebuild)
    for suffix in ("", "_staging", "_trusted", "_test_failures"):
        bigquery.delete_dataset(f"{dataset}{suffix}", delete_contents=True, not_found_ok=True)


def test_real_runs(shop: Shop) -> None:
    stored, rebuilt = shop.difference()
    assert stored == rebuilt
    assert [(row["order_id"], row["status"], float(row["amount"]), row["payment_ids"]) for row in stored] == [
        (1, "shipped", 2.5, [3]),
        (3, "placed", 1.0, [1]),
    ]


def test_status_history(shop: Shop) -> None:
    dataset = f"{shop.landing.dataset}_trusted"
    history = shop.rows(
        f"select order_id, status, is_deleted, dbt_valid_from, dbt_valid_to from {dataset}.order_status_history "
        "order by order_id, dbt_valid_from"
    )
    assert [(row["order_id"], row["status"], row["is_deleted"], row["dbt_valid_to"] is None) for row in history] == [
        (1, "placed", False, False),
        (1, "shipped", False, True),
        (2, "placed", False, False),
        (2, "placed", True, True),
        (3, "placed", False, True),
    ]
    days = shop.rows(f"select * from {dataset}.fct_order_status_days order by order_id, first_seen_at")
    assert [(row["order_id"], row["status"], row["is_current"]) for row in days] == [
        *((1, "placed", False), (1, "shipped", True), (2, "placed", False), (3, "placed", True)),
    ]
    assert float(days[0]["days"]) == 2 * STEP.days  # the payments were synced between the two files
    assert days[0]["last_seen_at"] == days[1]["first_seen_at"]


def test_a_deleted_order_that_comes_back_has_a_current_status(shop: Shop, tmp_path: Path) -> None:
    """`deletions` from mark to keep, as a run of dbt without the variable, and to mark again."""
    history = f"{shop.landing.dataset}_trusted.order_status_history"
    states = []
    # With other variables dbt parses all again: in a folder of its own, so that the parsed project of `shop` stays.
    folder = {"DBT_TARGET_PATH": str(tmp_path), "DBT_LOG_PATH": str(tmp_path)}
    without = replace(shop.dbt, environment=shop.dbt.environment | folder, target=tmp_path)
    for dbt, variables in ((without, ()), (shop.dbt, ("--vars", json.dumps(MARKED)))):
        # Other tests run the data tests of stg_orders; the data tests of the history belong to this test.
        selected = ("--select", "stg_orders", "order_status_history", "--exclude", "stg_orders+1,resource_type:test")
        code, _, output = dbt("build", *selected, *variables)
        assert code == 0, output
        states.append(
            shop.rows(
                "select countif(dbt_valid_to is null) as current_rows, "
                "countif(dbt_valid_to < dbt_valid_from) as wrong, "
                f"logical_or(is_deleted and dbt_valid_to is null) as is_deleted from {history} where order_id = 2"
            )
        )
    assert states == [
        [{"current_rows": 1, "wrong": 0, "is_deleted": False}],
        [{"current_rows": 1, "wrong": 0, "is_deleted": True}],
    ]


NUMBERS, ORDERED = st.integers(1, 12), st.integers(1, 8)
ORDER = st.builds(
    order, ORDERED, user=st.integers(1, 2), day=st.integers(1, 2), status=st.sampled_from(["placed", "shipped"])
)
PAYMENT = st.builds(
    payment, NUMBERS, of=ORDERED, status=st.sampled_from(["success", "success", "fail"]), cents=st.integers(1, 3)
)
SYNC = st.one_of(
    st.tuples(st.just(ORDERS), st.lists(ORDER, max_size=8, unique_by=lambda row: row["id"]), st.booleans()),
    st.tuples(st.just(PAYMENTS), st.lists(PAYMENT, max_size=12, unique_by=lambda row: row["ID"]), st.booleans()),
)
# A late order, a payment that moves to another order, files without records, and a reset that loses payments.
KNOWN = [
    [(PAYMENTS, [payment(1, of=2), payment(2, of=3)], True), (ORDERS, [order(2), order(3)], True)],
    [(PAYMENTS, [payment(1, of=1), payment(3, of=1)], False)],
    [(ORDERS, [order(1), order(2, status="shipped")], False)],
    [(PAYMENTS, [], True)],
]


@settings(max_examples=2, deadline=None, derandomize=True, database=None)
@example(KNOWN)
@given(st.lists(st.lists(SYNC, min_size=1, max_size=3), min_size=2, max_size=2))
def test_any_sequence_of_syncs_gives_the_rows_of_a_rebuild(
    shop: Shop, runs: list[list[tuple[str, list[dict[str, Any]], bool]]]
) -> None:
    """Each run of dbt follows some syncs: new, corrected, moved, failed and vanished records, and resets."""
    for syncs in runs:
        for table, records, reset in syncs:
            shop.landing.sync(table, records, reset=reset)
        for table in {table for table, _, _ in syncs}:
            shop.landing.write(table)
        shop.update()
        stored, rebuilt = shop.difference()
        assert stored == rebuilt


def test_only_what_changed_is_written(shop: Shop) -> None:
    """The whole file is loaded again; one order is corrected, one payment of another order is new."""
    orders = [order(number) for number in range(1, 41)]
    payments = [payment(number, of=number) for number in range(1, 41)]
    written = []
    for changed, paid in (([], []), ([order(7, status="shipped")], [payment(41, of=9)]), ([], [])):
        shop.landing.sync(ORDERS, orders + changed)
        shop.landing.sync(PAYMENTS, payments + paid)
        payments += paid
        orders += changed
        shop.landing.write(ORDERS)
        shop.landing.write(PAYMENTS)
        written.append(shop.update())
    assert 36 <= written[0] <= 40
    assert written[1:] == [2, 0]


def test_a_range_of_days_is_built_again(shop: Shop) -> None:
    """The last test here: it damages rows that are too old for the high-water mark."""
    table = f"{shop.landing.dataset}_trusted.fct_orders"
    shop.landing.sync(ORDERS, [order(1, day=1), order(2, day=2), order(3, day=3)])
    shop.landing.write(ORDERS)
    shop.update()
    for change in ("amount = -1", "changed_at = timestamp_add(changed_at, interval 30 day)"):
        shop.rows(f"update {table} set {change} where true")
    days = {"from_date": "2018-01-15", "to_date": "2018-02-15"}
    code, _, output = shop.dbt("run", "--select", "fct_orders", "--vars", json.dumps(MARKED | days))
    assert code == 0, output
    assert [row["order_id"] for row in shop.rows(f"select order_id from {table} where amount = -1 order by 1")] == [
        1,
        3,
    ]

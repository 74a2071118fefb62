"""The second day: nobody types a command. Files change, one is wrong, services are killed, and the marts are right."""

import csv
import io
import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPIError

from .stack import ROOT, Stack, eventually

ORDERS, PAYMENTS = "jaffle_shop_orders.csv", "stripe_payments.csv"
SOON = 45  # seconds from the upload to the right marts
AFTER_AN_OUTAGE = 150  # the failed run, the pause of 30 s before it is repeated, and that run

FACTS = "select order_id, customer_id, status, cast(amount as string) from {0}_trusted.fct_orders"
CUSTOMERS = "select customer_id, number_of_orders, cast(lifetime_value as string) from {0}_trusted.dim_customers"
LANDED = "select (select count(*) from {0}.jaffle_shop_orders), (select count(*) from {0}.stripe_payments)"
STARTED = """{ runsOrError(filter: {pipelineName: "changed_files", statuses: [STARTED]}) {
  ... on Runs { results { runId } } } }"""


@dataclass
class Shop:
    """The shop's files: rows by id, uploaded by an ordinary S3 client; and the expected marts."""

    stack: Stack
    rows: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Begin with the files that are loaded."""
        for name in (ORDERS, PAYMENTS):
            reader = csv.DictReader(io.StringIO((ROOT / "seed_data" / name).read_text()))
            key = (reader.fieldnames or [""])[0]
            self.rows[name] = {row[key]: row for row in reader}

    def order(self, number: int, status: str, amount: int) -> None:
        """Add an order of customer 1 and its payment, or change them."""
        order = {"id": str(number), "user_id": "1", "order_date": "2018-04-10", "status": status}
        self.rows[ORDERS][str(number)] = order
        payment = {"ID": str(1000 + number), "ORDERID": str(number), "PAYMENTMETHOD": "coupon", "STATUS": "success"}
        self.rows[PAYMENTS][payment["ID"]] = payment | {"AMOUNT": str(amount), "CREATED": "2018-04-10"}

    def upload(self, *names: str, change: Callable[[str], str] = lambda text: text) -> float:
        """Put files into the bucket; return the time."""
        for name in names:
            text = io.StringIO()
            rows = list(self.rows[name].values())
            writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            body = change(text.getvalue()).encode()
            self.stack.s3().put_object(Bucket=self.stack.env["S3_BUCKET"], Key=f"jaffle_shop/{name}", Body=body)
        return time.monotonic()

    def expected(self) -> list[list[Any]]:
        """The rows that the two marts must have for these files."""
        paid: dict[str, int] = defaultdict(int)
        for row in self.rows[PAYMENTS].values():
            paid[row["ORDERID"]] += int(row["AMOUNT"]) if row["STATUS"] == "success" else 0
        facts = [
            (int(row["id"]), int(row["user_id"]), row["status"], paid[row["id"]] / 100)
            for row in self.rows[ORDERS].values()
        ]
        customers = {number: [0, 0.0] for number in range(1, 101)}
        for _, customer, _, amount in facts:
            customers[customer][0] += 1
            customers[customer][1] += amount
        return [sorted(facts), sorted((number, int(n), total) for number, (n, total) in customers.items())]

    def marts(self) -> list[list[Any]] | None:
        """The rows that the two marts have; None while the warehouse is away."""
        try:
            facts, customers = self.stack.rows(FACTS), self.stack.rows(CUSTOMERS)
        except (GoogleAPIError, OSError):
            return None
        return [sorted((*row[:-1], float(row[-1])) for row in rows) for rows in (facts, customers)]

    def wait(self, seconds: float, since: float) -> None:
        """Wait until the marts are right; at most these seconds after a time."""
        wanted = self.expected()
        eventually("the marts are right", lambda: self.marts() == wanted, since + seconds - time.monotonic())


@pytest.fixture(scope="module")
def shop(running: Stack) -> Shop:
    shop = Shop(running)
    shop.upload(ORDERS, PAYMENTS)  # the sensor knows these files: from here on, other files are new
    shop.wait(5, time.monotonic())
    return shop


def alerts(stack: Stack) -> list[dict[str, Any]]:
    """The messages in the file of alerts."""
    output = stack.container("code").exec_run(["sh", "-c", "cat /opt/alerts/alerts.jsonl 2>/dev/null || true"]).output
    assert isinstance(output, bytes)
    return [json.loads(line) for line in output.splitlines()]


def test_changed_files_flow_by_themselves(shop: Shop) -> None:
    shop.order(100, "placed", 2500)
    shop.order(99, "returned", 1)
    shop.wait(SOON, since=shop.upload(ORDERS, PAYMENTS))


def test_wrong_data_is_stopped_and_told_once(shop: Shop) -> None:
    before, told = shop.marts(), len(alerts(shop.stack))
    shop.order(101, "placed", 100)

    def twice(text: str) -> str:
        return text + text.splitlines()[-1].replace("placed", "lost") + "\n"

    shop.upload(ORDERS, change=twice)
    [message] = eventually("an alert", lambda: alerts(shop.stack)[told:], 90)
    assert message["kind"] == "failed"
    for fact in ("row_count_matches_file", "101 rows", "102 records", "Not built", "trusted/fct_orders"):
        assert fact in message["text"]
    assert shop.marts() == before, "downstream stays on the last good data"


def test_the_corrected_file_heals_it_and_that_is_told_once(shop: Shop) -> None:
    told = alerts(shop.stack)
    shop.wait(SOON, since=shop.upload(ORDERS, PAYMENTS))
    [message] = eventually("a message", lambda: alerts(shop.stack)[len(told) :], 30)
    assert (message["kind"], message["incident"]) == ("recovered", told[-1]["incident"])


def test_nothing_is_lost_or_doubled_when_services_are_killed_in_the_middle(shop: Shop) -> None:
    stack, told = shop.stack, len(alerts(shop.stack))
    shop.order(103, "placed", 300)
    shop.order(100, "completed", 2600)
    dropped = shop.upload(ORDERS, PAYMENTS)
    eventually("a run of the changed files", lambda: stack.dagster(STARTED)["runsOrError"]["results"], 60)
    for name in ("localstack", "airbyte", "warehouse", "daemon"):
        container = stack.container(name)
        container.kill()
        time.sleep(1)
        container.start()
    shop.wait(AFTER_AN_OUTAGE, since=dropped)
    eventually("every service is healthy", stack.healthy, 60)
    assert stack.rows(LANDED) == [(len(shop.rows[ORDERS]), len(shop.rows[PAYMENTS]))]

    def open_incidents() -> set[str]:
        """The incidents that were reported and have not recovered."""
        new = alerts(stack)[told:]
        kinds = {kind: [each["incident"] for each in new if each["kind"] == kind] for kind in ("failed", "recovered")}
        assert all(len(found) == len(set(found)) for found in kinds.values()), new
        return set(kinds["failed"]) - set(kinds["recovered"])

    eventually("each incident has recovered, once", lambda: not open_incidents(), 60)

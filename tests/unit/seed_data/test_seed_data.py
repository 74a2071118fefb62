"""The seed files hold the rows from which every acceptance figure follows."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from connections_file import load

ROOT = Path(__file__).parents[3]
SEED_DATA = ROOT / "seed_data"


def rows(name: str) -> list[dict[str, str]]:
    with (SEED_DATA / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("name", "columns", "count"),
    [
        ("jaffle_shop_customers.csv", ["id", "first_name", "last_name"], 100),
        ("jaffle_shop_orders.csv", ["id", "user_id", "order_date", "status"], 99),
        ("stripe_payments.csv", ["ID", "ORDERID", "PAYMENTMETHOD", "STATUS", "AMOUNT", "CREATED"], 120),
    ],
)
def test_columns_rows_and_ids(name: str, columns: list[str], count: int) -> None:
    records = rows(name)
    assert list(records[0]) == columns
    assert [int(record[columns[0]]) for record in records] == list(range(1, count + 1))


def test_every_column_is_declared() -> None:
    for source in load(ROOT / "connections.yaml", {}).sources:
        [options] = source.configuration["streams"]
        assert list(options["columns"]) == list(rows(f"{source.name}.csv")[0])


def test_order_statuses_dates_and_customers() -> None:
    orders = rows("jaffle_shop_orders.csv")
    assert Counter(order["status"] for order in orders) == {
        "completed": 67,
        "placed": 13,
        "shipped": 13,
        "returned": 4,
        "return_pending": 2,
    }
    dates = [order["order_date"] for order in orders]
    assert (min(dates), max(dates)) == ("2018-01-01", "2018-04-09")
    orders_by_customer = Counter(order["user_id"] for order in orders)
    assert (len(orders_by_customer), max(orders_by_customer.values())) == (62, 5)
    assert set(orders_by_customer) <= {customer["id"] for customer in rows("jaffle_shop_customers.csv")}


def test_successful_payments_add_up() -> None:
    payments = rows("stripe_payments.csv")
    assert Counter(payment["STATUS"] for payment in payments) == {"success": 113, "fail": 7}
    assert sum(int(payment["AMOUNT"]) for payment in payments if payment["STATUS"] == "success") == 167_200


def test_failed_payments_are_the_seven_added_ones() -> None:
    failed = [tuple(payment.values()) for payment in rows("stripe_payments.csv") if payment["STATUS"] == "fail"]
    assert failed == [
        ("5", "5", "bank_transfer", "fail", "1700", "2018-01-05"),
        ("15", "13", "credit_card", "fail", "500", "2018-01-17"),
        ("28", "23", "gift_card", "fail", "2300", "2018-01-26"),
        ("46", "38", "credit_card", "fail", "1500", "2018-02-10"),
        ("58", "49", "bank_transfer", "fail", "600", "2018-02-21"),
        ("71", "58", "coupon", "fail", "1800", "2018-03-01"),
        ("114", "94", "gift_card", "fail", "700", "2018-04-03"),
    ]


def test_payments_are_dated_by_their_order() -> None:
    ordered = {order["id"]: order["order_date"] for order in rows("jaffle_shop_orders.csv")}
    assert all(payment["CREATED"] == ordered[payment["ORDERID"]] for payment in rows("stripe_payments.csv"))

"""The statements that dbt sends to the warehouse, through the official client."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud import bigquery as google_bigquery

Client = google_bigquery.Client


def rows(client: Client, sql: str) -> list[dict[str, object]]:
    """Run a query and return its rows."""
    return [dict(row) for row in client.query_and_wait(sql)]


def test_a_table_from_a_select_is_the_destination_of_its_job(bigquery: Client, dataset: str) -> None:
    job = bigquery.query(f"/* dbt */ create or replace table {dataset}.orders as select 1 as id union all select 2")
    assert list(job.result()) == []
    assert job.destination.table_id == "orders"
    assert bigquery.get_table(job.destination).num_rows == 2


def test_grants_are_stored_and_listed(bigquery: Client, dataset: str) -> None:
    """What dbt compares with the `grants:` of a model."""
    bigquery.query_and_wait(f"create table {dataset}.orders (id int64)")
    users = "'user:a@example.com', \"user:b@x.com\""
    grant = f"grant `roles/bigquery.dataViewer` on table `local-dev`.{dataset}.orders to {users}"
    job = bigquery.query(f"/* dbt */\n{grant}")
    job.result()
    assert job.statement_type == "GRANT"
    revoke = f"revoke `roles/bigquery.dataViewer` on table {dataset}.orders from 'user:b@x.com'"
    bigquery.query_and_wait(f"{revoke}; grant `roles/bigquery.dataEditor` on table {dataset}.orders to 'user:c@x.com'")
    listed = "select * from `local-dev`.`region-us`.INFORMATION_SCHEMA.OBJECT_PRIVILEGES"
    found = rows(bigquery, f"{listed} where object_schema = '{dataset}' and grantee != session_user()")
    assert [tuple(row.values()) for row in found] == [
        ("local-dev", dataset, "orders", "TABLE", "roles/bigquery.dataEditor", "user:c@x.com"),
        ("local-dev", dataset, "orders", "TABLE", "roles/bigquery.dataViewer", "user:a@example.com"),
    ]
    bigquery.query_and_wait(f"drop table {dataset}.orders")
    assert rows(bigquery, f"{listed} where object_schema = '{dataset}'") == []


def test_grants_at_the_same_time_are_all_stored(bigquery: Client, dataset: str) -> None:
    users = [[f"user:{number}@{domain}.com" for number in range(20)] for domain in "abcd"]
    grant = f"grant `roles/bigquery.dataViewer` on schema {dataset} to"
    scripts = ["; ".join(f"{grant} '{user}'" for user in each) for each in users]
    with ThreadPoolExecutor(len(scripts)) as pool:
        list(pool.map(bigquery.query_and_wait, scripts))
    listed = "`local-dev`.`region-us`.INFORMATION_SCHEMA.OBJECT_PRIVILEGES"
    found = rows(bigquery, f"select grantee from {listed} where object_name = '{dataset}'")
    assert {row["grantee"] for row in found} >= {user for each in users for user in each}


def test_the_grants_on_a_table_end_with_it(bigquery: Client, dataset: str) -> None:
    table = f"`local-dev`.{dataset}.short_lived"
    view = "`local-dev`.`region-us`.INFORMATION_SCHEMA.OBJECT_PRIVILEGES"
    listed = f"select grantee from {view} where object_schema = '{dataset}' and object_name = 'short_lived'"
    again = f"create or replace table {table} (id int64); drop table {table}; create table {table} (id int64)"
    bigquery.query_and_wait(again)
    before = len(rows(bigquery, listed))
    bigquery.query_and_wait(f"grant `roles/bigquery.dataViewer` on table {table} to 'user:a@x.com'")
    assert len(rows(bigquery, listed)) == before + 1
    bigquery.query_and_wait(again)
    assert len(rows(bigquery, listed)) == before


@pytest.mark.parametrize(
    ("wrong", "message"), [("roles/invalid", "Role roles/invalid"), ("roles/bigquery.user", "no_table")]
)
def test_a_grant_of_a_role_or_table_that_does_not_exist_is_refused(
    bigquery: Client, dataset: str, wrong: str, message: str
) -> None:
    with pytest.raises(GoogleAPICallError, match=message):
        bigquery.query_and_wait(f"grant `{wrong}` on table {dataset}.no_table to 'user:a@example.com'")


def test_partitions_to_replace_are_collected_into_a_variable(bigquery: Client, dataset: str) -> None:
    """dbt's incremental strategy insert_overwrite, as dbt-bigquery writes it."""
    bigquery.query_and_wait(
        f"create table {dataset}.orders partition by day as "
        "select date '2024-01-01' as day, 'old' as state union all select date '2024-01-02', 'old'"
    )
    bigquery.query_and_wait(f"create table {dataset}.new as select date '2024-01-02' as day, 'new' as state")
    bigquery.query_and_wait(f"""
        declare dbt_partitions_for_replacement array<date>;
        set (dbt_partitions_for_replacement) = (
            select as struct array_agg(distinct date(day) ignore nulls) from {dataset}.new
        );
        merge into {dataset}.orders as DBT_INTERNAL_DEST
        using (select * from {dataset}.new) as DBT_INTERNAL_SOURCE on FALSE
        when not matched by source and date(DBT_INTERNAL_DEST.day) in unnest(dbt_partitions_for_replacement)
            then delete
        when not matched then insert (`day`, `state`) values (`day`, `state`);
    """)
    assert rows(bigquery, f"select string(day) as day, state from {dataset}.orders order by day") == [
        {"day": "2024-01-01", "state": "old"},
        {"day": "2024-01-02", "state": "new"},
    ]


def test_several_variables_are_set_from_one_struct(bigquery: Client) -> None:
    script = "declare a int64; declare b string; set (a, b) = (select as struct 7, 'x'); select a, b"
    assert rows(bigquery, script) == [{"a": 7, "b": "x"}]


def test_struct_fields_are_named_after_their_columns(bigquery: Client) -> None:
    with_orders = "with orders as (select 1 as id, 'new' as state)"
    assert rows(bigquery, f"{with_orders} select struct(id, orders.state, id + 1 as next) as s from orders") == [
        {"s": {"id": 1, "state": "new", "next": 2}}
    ]


def test_a_materialized_view_reports_its_refresh_options(bigquery: Client, dataset: str) -> None:
    bigquery.query_and_wait(f"create table {dataset}.orders as select 1 as id")
    bigquery.query_and_wait(f"create materialized view {dataset}.totals as select count(*) as n from {dataset}.orders")
    view = bigquery.get_table(f"{dataset}.totals")
    assert view.table_type == "MATERIALIZED_VIEW"
    assert view.mview_enable_refresh is True
    assert view.mview_refresh_interval.total_seconds() == 1800
    bigquery.query_and_wait(f"alter materialized view {dataset}.totals set options (enable_refresh = true)")


def test_row_counts_are_exact_after_deletes(bigquery: Client, dataset: str) -> None:
    bigquery.query_and_wait(f"create table {dataset}.orders as select n from unnest(generate_array(1, 5000)) as n")
    bigquery.query_and_wait(f"delete from {dataset}.orders where n > 1200")
    assert bigquery.get_table(f"{dataset}.orders").num_rows == 1200


def test_wildcard_tables_have_every_row(bigquery: Client, dataset: str) -> None:
    for year in (2023, 2024):
        bigquery.query_and_wait(f"create table {dataset}.orders_{year} as select 1 as id from unnest([1, 2, 3])")
    by_year = f"select _table_suffix as year, count(*) as n from `{dataset}.orders_*` group by year order by year"
    assert rows(bigquery, by_year) == [{"year": "2023", "n": 3}, {"year": "2024", "n": 3}]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [("selct 1", "invalidQuery"), ("select * from nowhere.nothing", "notFound"), ("select 1 / 0", "invalidQuery")],
)
def test_errors_have_bigquerys_shape(bigquery: Client, sql: str, reason: str) -> None:
    with pytest.raises(GoogleAPICallError) as raised:
        bigquery.query_and_wait(sql)
    assert raised.value.errors[0]["reason"] == reason

"""Copy jobs in the warehouse, through the official client."""

import pytest
from google.api_core.exceptions import BadRequest, Conflict
from google.cloud import bigquery as google_bigquery

Client = google_bigquery.Client


def copy(client: Client, source: str, destination: str, disposition: str) -> None:
    """Copy a table and wait for the job."""
    config = google_bigquery.CopyJobConfig(write_disposition=disposition)
    sources, target = (f"local-dev.{name}" for name in (source, destination))
    client.copy_table(sources, target, job_config=config).result()


def values(client: Client, table: str) -> list[tuple[object, ...]]:
    """Return a table's rows, sorted."""
    return sorted(row.values() for row in client.query_and_wait(f"select * from {table}"))


@pytest.fixture
def orders(bigquery: Client, dataset: str) -> str:
    """A partitioned and clustered table of one row."""
    bigquery.query_and_wait(f"""
        create table {dataset}.orders (
            id int64 not null options (description = 'the key'), `at` timestamp not null, data json
        ) partition by timestamp_trunc(`at`, day) cluster by id
        as select 1 as id, timestamp '2024-01-01' as `at`, json '{{"a": 1}}' as data
    """)
    return f"{dataset}.orders"


@pytest.mark.parametrize("exists", [True, False])
def test_a_copy_is_like_its_source(bigquery: Client, dataset: str, orders: str, exists: bool) -> None:
    if exists:
        bigquery.query_and_wait(f"create table {dataset}.copied as select 'x' as other")
    copy(bigquery, orders, f"{dataset}.copied", "WRITE_TRUNCATE")
    source, copied = bigquery.get_table(orders), bigquery.get_table(f"{dataset}.copied")
    assert copied.schema == source.schema
    assert [field.mode for field in copied.schema] == ["REQUIRED", "REQUIRED", "NULLABLE"]
    assert copied.time_partitioning == source.time_partitioning
    assert copied.clustering_fields == ["id"]
    assert values(bigquery, f"{dataset}.copied") == values(bigquery, orders)


def test_append_keeps_what_is_there(bigquery: Client, dataset: str, orders: str) -> None:
    copy(bigquery, orders, f"{dataset}.copied", "WRITE_EMPTY")
    with pytest.raises(Conflict):
        copy(bigquery, orders, f"{dataset}.copied", "WRITE_EMPTY")
    copy(bigquery, orders, f"{dataset}.copied", "WRITE_APPEND")
    assert len(values(bigquery, f"{dataset}.copied")) == 2
    bigquery.query_and_wait(f"create table {dataset}.other (other string)")
    with pytest.raises(BadRequest):
        copy(bigquery, orders, f"{dataset}.other", "WRITE_APPEND")


def test_one_day_is_replaced(bigquery: Client, dataset: str) -> None:
    """dbt's `copy_partitions`: the new rows of a day take the place of the old ones."""
    for table, state in (("orders", "old"), ("new", "new")):
        bigquery.query_and_wait(f"""
            create table {dataset}.{table} partition by day as
            select date '2024-01-01' as day, '{state}' as state union all select date '2024-01-02', '{state}'
        """)
    for partition in ("20240102", "20240103"):
        copy(bigquery, f"{dataset}.new${partition}", f"{dataset}.orders${partition}", "WRITE_TRUNCATE")
    assert [state for _, state in values(bigquery, f"{dataset}.orders")] == ["old", "new"]


def test_one_range_is_replaced(bigquery: Client, dataset: str) -> None:
    for table, first in (("orders", 0), ("new", 100)):
        bigquery.query_and_wait(f"""
            create table {dataset}.{table} partition by range_bucket(id, generate_array(0, 30, 10)) as
            select id, {first} + id as value from unnest([1, 11, 12, 21]) as id
        """)
    ranges = bigquery.get_table(f"{dataset}.orders").range_partitioning
    assert (ranges.field, ranges.range_.start, ranges.range_.end, ranges.range_.interval) == ("id", 0, 30, 10)
    copy(bigquery, f"{dataset}.new$10", f"{dataset}.orders$10", "WRITE_TRUNCATE")
    assert values(bigquery, f"{dataset}.orders") == [(1, 1), (11, 111), (12, 112), (21, 21)]


def test_a_table_without_partitions_has_none_to_copy(bigquery: Client, dataset: str) -> None:
    bigquery.query_and_wait(f"create table {dataset}.orders as select 1 as id")
    with pytest.raises(BadRequest, match="has no partition 20240101"):
        copy(bigquery, f"{dataset}.orders$20240101", f"{dataset}.orders$20240101", "WRITE_TRUNCATE")

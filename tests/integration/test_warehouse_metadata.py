"""INFORMATION_SCHEMA, options, estimates of bytes, and refused requests."""

from typing import Any

import pytest
from google.api_core.exceptions import GoogleAPICallError, NotFound
from google.cloud import bigquery as google_bigquery

from .queries import rows

Client = google_bigquery.Client
Config = google_bigquery.QueryJobConfig
ENDLESS = "select count(*) from unnest(generate_array(1, 100000)) a, unnest(generate_array(1, 1000000)) b where a < b"


@pytest.fixture
def orders(bigquery: Client, dataset: str) -> str:
    """A partitioned table with two rows."""
    bigquery.query_and_wait(f"""
        create table {dataset}.orders (
          id int64 not null options(description='key'), name string(10), price numeric(5, 2) default 1.5, day date,
          item struct<sku string, tags array<string>>, primary key (id) not enforced
        ) partition by day cluster by id options(description='what was sold', partition_expiration_days=900000);
        insert {dataset}.orders (id, name, day) values (1, 'ab', date '2024-01-01'), (2, 'abcd', date '2024-01-02');
    """)
    return f"{dataset}.orders"


def test_the_ddl_of_a_table_makes_it_again(bigquery: Client, dataset: str, orders: str) -> None:
    [(ddl,)] = rows(bigquery, f"select ddl from {dataset}.INFORMATION_SCHEMA.TABLES where table_name = 'orders'")
    assert str(ddl).splitlines() == [
        f"CREATE TABLE `local-dev.{orders}`",
        "(",
        '  id INT64 NOT NULL OPTIONS(description="key"),',
        "  name STRING(10),",
        "  price NUMERIC(5, 2) DEFAULT 1.5,",
        "  day DATE,",
        "  item STRUCT<sku STRING, tags ARRAY<STRING>>,",
        "  PRIMARY KEY (id) NOT ENFORCED",
        ")",
        "PARTITION BY day",
        "CLUSTER BY id",
        "OPTIONS(",
        '  description="what was sold",',
        "  partition_expiration_days=900000.0",
        ");",
    ]
    bigquery.query_and_wait(str(ddl).replace("orders`", "again`"))
    assert bigquery.get_table(f"{dataset}.again").schema == bigquery.get_table(orders).schema


def test_information_schema_has_bigquerys_columns(bigquery: Client, dataset: str, orders: str) -> None:
    where = f"{dataset}.INFORMATION_SCHEMA"
    change = "select is_change_history_enabled, table_type from {}.TABLES where table_name = 'orders'"
    assert rows(bigquery, change.format(where)) == [("NO", "BASE TABLE")]
    columns = f"select column_name, data_type, column_default, is_partitioning_column from {where}.COLUMNS order by 1"
    assert rows(bigquery, columns)[3:] == [
        ("name", "STRING(10)", "NULL", "NO"),
        ("price", "NUMERIC(5, 2)", "1.5", "NO"),
    ]
    storage = "select total_rows, total_logical_bytes from `region-us`.INFORMATION_SCHEMA.TABLE_STORAGE"
    size = bigquery.get_table(orders).num_bytes
    assert rows(bigquery, f"{storage} where table_schema = '{dataset}'") == [(2, size)]


def test_integer_range_partitions(bigquery: Client, dataset: str) -> None:
    bigquery.query_and_wait(f"""
        create table {dataset}.ranges (k int64) partition by range_bucket(k, generate_array(0, 100, 10));
        insert {dataset}.ranges values (1), (15), (19), (null), (500);
    """)
    listed = f"select partition_id, total_rows from {dataset}.INFORMATION_SCHEMA.PARTITIONS order by 1"
    assert rows(bigquery, listed) == [("0", 1), ("10", 2), ("__NULL__", 1), ("__UNPARTITIONED__", 1)]


def test_parameters_have_whole_types_and_jobs_the_rows_of_dml(bigquery: Client, dataset: str) -> None:
    bigquery.query_and_wait(f"create function {dataset}.f(a array<struct<x int64>>) returns array<string> as (['x'])")
    listed = f"select parameter_name, data_type from {dataset}.INFORMATION_SCHEMA.PARAMETERS order by ordinal_position"
    assert rows(bigquery, listed) == [(None, "ARRAY<STRING>"), ("a", "ARRAY<STRUCT<x INT64>>")]
    bigquery.query_and_wait(f"create table {dataset}.counted as select 1 as k union all select 2")
    job = bigquery.query(f"delete {dataset}.counted where k = 1")
    job.result()
    found = "select dml_statistics.deleted_row_count, query_dialect from `region-us`.INFORMATION_SCHEMA.JOBS"
    assert rows(bigquery, f"{found} where job_id = '{job.job_id}'") == [(1, "GOOGLE_SQL")]


def test_a_failed_job_has_its_error_in_jobs(bigquery: Client) -> None:
    job = bigquery.query("select error('no stock')", job_config=Config(labels={"team": "shop"}))
    with pytest.raises(GoogleAPICallError):
        job.result(job_retry=None)
    found = "select error_result.reason, error_result.message, labels from `region-us`.INFORMATION_SCHEMA.JOBS"
    [(reason, message, labels)] = rows(bigquery, f"{found} where job_id = '{job.job_id}'")
    assert (reason, labels) == ("invalidQuery", [{"key": "team", "value": "shop"}])
    assert "no stock" in str(message)


@pytest.mark.parametrize("view", ["JOBS_TIMELINE", "NOPE"])
def test_an_unknown_view_is_named(bigquery: Client, view: str) -> None:
    with pytest.raises(GoogleAPICallError, match=f"INFORMATION_SCHEMA.{view}"):
        bigquery.query_and_wait(f"select * from `region-us`.INFORMATION_SCHEMA.{view}")


def test_options_are_kept_and_removed(bigquery: Client, dataset: str, orders: str) -> None:
    bigquery.query_and_wait(f"alter table {orders} set options(description=null, friendly_name='Orders')")
    table = bigquery.get_table(orders)
    assert (table.description, table.friendly_name) == (None, "Orders")
    assert table.time_partitioning is not None
    assert table.time_partitioning.expiration_ms == 900_000 * 86_400_000
    with pytest.raises(GoogleAPICallError, match="nope"):
        bigquery.query_and_wait(f"alter table {orders} set options(nope=1)")
    bigquery.query_and_wait(f"alter schema {dataset} set options(default_partition_expiration_days=3)")
    assert bigquery.get_dataset(dataset).default_partition_expiration_ms == 3 * 86_400_000


def test_refresh_options_of_a_materialized_view(bigquery: Client, dataset: str, orders: str) -> None:
    options = "options(enable_refresh=true, refresh_interval_minutes=15)"
    bigquery.query_and_wait(f"create materialized view {dataset}.n {options} as select count(*) as n from {orders}")
    interval = bigquery.get_table(f"{dataset}.n").mview_refresh_interval
    assert interval.total_seconds() == 15 * 60
    bigquery.query_and_wait(f"alter materialized view {dataset}.n set options(refresh_interval_minutes=20)")
    assert bigquery.get_table(f"{dataset}.n").mview_refresh_interval.total_seconds() == 20 * 60


def test_bytes_of_the_columns_that_a_query_names(bigquery: Client, orders: str) -> None:
    def estimate(sql: str) -> int:
        job: google_bigquery.QueryJob = bigquery.query(sql, job_config=Config(dry_run=True))
        return int(job.total_bytes_processed or 0)

    assert estimate(f"select id from {orders}") == 2 * 8
    assert estimate(f"select name from {orders}") == 2 * 2 + len("ab") + len("abcd")
    assert estimate(f"select * from {orders}") == bigquery.get_table(orders).num_bytes
    assert estimate("select 1") == 0
    config = Config(dry_run=True)
    assert bigquery.query(f"select id from {orders}", config, api_method="QUERY").total_bytes_processed == 16
    job = bigquery.query(f"select id from {orders}")
    job.result()
    assert job.total_bytes_processed == 16
    assert job.total_bytes_billed == 10 << 20
    script = bigquery.query(f"select id from {orders}; select id from {orders}")
    script.result()
    assert script.total_bytes_processed == 32


def test_a_query_above_its_limit_of_bytes_is_refused(bigquery: Client, orders: str) -> None:
    bigquery.query_and_wait("select 1", job_config=Config(maximum_bytes_billed=1))
    bigquery.query_and_wait(f"select id from {orders}", job_config=Config(maximum_bytes_billed=10 << 20))
    with pytest.raises(GoogleAPICallError, match="10485760 or higher"):
        bigquery.query(f"select id from {orders}", job_config=Config(maximum_bytes_billed=1)).result(job_retry=None)


def test_a_dry_run_checks_the_query_and_returns_its_schema(bigquery: Client, orders: str) -> None:
    job = bigquery.query(f"select id, item from {orders}", job_config=Config(dry_run=True))
    assert [(field.name, field.field_type) for field in job.schema or ()] == [("id", "INTEGER"), ("item", "RECORD")]
    with pytest.raises(GoogleAPICallError, match="nope"):
        bigquery.query(f"select nope from {orders}", job_config=Config(dry_run=True))


def test_a_job_stops_at_its_time_limit(bigquery: Client) -> None:
    endless = (
        "select count(*) from unnest(generate_array(1, 1000000)) a, unnest(generate_array(1, 1000000)) b where a < b"
    )
    job = bigquery.query(endless, job_config=Config(job_timeout_ms=100))
    with pytest.raises(GoogleAPICallError, match="timed out after"):
        job.result(job_retry=None, timeout=60)


def test_a_session_keeps_temporary_tables_and_variables(bigquery: Client) -> None:
    first = bigquery.query("create temp table n as select 7 as id", job_config=Config(create_session=True))
    first.result()
    assert first.session_info is not None
    properties = [google_bigquery.ConnectionProperty("session_id", str(first.session_info.session_id))]
    assert list(bigquery.query_and_wait("select id from n", job_config=Config(connection_properties=properties)))
    bigquery.query_and_wait("call BQ.ABORT_SESSION()", job_config=Config(connection_properties=properties))
    with pytest.raises(GoogleAPICallError, match="session"):
        bigquery.query_and_wait("select id from n", job_config=Config(connection_properties=properties))


def test_statements_of_a_transaction_have_its_id(bigquery: Client, orders: str) -> None:
    job = bigquery.query(f"begin transaction; delete {orders} where id = 1; commit transaction; select 1")
    job.result()
    children = {child.statement_type: child.transaction_info for child in bigquery.list_jobs(parent_job=job)}
    assert children["DELETE"] is not None
    assert children["SELECT"] is None


def test_wildcard_tables_have_the_columns_of_the_newest(bigquery: Client, dataset: str) -> None:
    bigquery.query_and_wait(f"create table {dataset}.day_1 as select 1 as a")
    bigquery.query_and_wait(f"create table {dataset}.day_2 as select 1 as a, 'x' as b")
    found = rows(bigquery, f"select a, b, _table_suffix from `{dataset}.day_*` order by 3")
    assert found == [(1, None, "1"), (1, "x", "2")]
    bigquery.query_and_wait(f"create table {dataset}.day_3 as select 'text' as a")
    with pytest.raises(GoogleAPICallError, match="column a"):
        bigquery.query_and_wait(f"select * from `{dataset}.day_*`")


def test_functions_are_no_tables(bigquery: Client, dataset: str, orders: str) -> None:
    bigquery.query_and_wait(
        f"create function {dataset}.f(x int64) as (x + 1); create function {dataset}.orders() as (1)"
    )
    assert [table.table_id for table in bigquery.list_tables(dataset)] == ["orders"]
    bigquery.query_and_wait(f"drop function {dataset}.orders")
    assert bigquery.get_table(orders).description == "what was sold"


def test_a_table_without_columns_has_no_rows(bigquery: Client, dataset: str) -> None:
    assert list(bigquery.list_rows(bigquery.create_table(f"local-dev.{dataset}.empty"))) == []


def test_update_sets_null_of_each_type_and_no_other_type(bigquery: Client, orders: str) -> None:
    bigquery.query_and_wait(f"update {orders} set name = null, price = null, item = null where true")
    assert rows(bigquery, f"select count(name), count(price) from {orders}") == [(0, 0)]
    with pytest.raises(GoogleAPICallError, match="INT64"):
        bigquery.query_and_wait(f"update {orders} set name = 5 where true")


def test_tables_of_a_case_insensitive_dataset(bigquery: Client, dataset: str, orders: str) -> None:
    with pytest.raises(NotFound):
        bigquery.get_table(orders.replace("orders", "Orders"))
    resource = bigquery.get_dataset(dataset)
    resource.is_case_insensitive = True
    bigquery.update_dataset(resource, ["is_case_insensitive"])
    assert bigquery.get_table(orders.replace("orders", "Orders")).num_rows == 2


def test_removed_policy_tags_are_gone(bigquery: Client, dataset: str) -> None:
    tags = google_bigquery.PolicyTagList(["projects/p/locations/us/taxonomies/1/policyTags/2"])
    field = google_bigquery.SchemaField("a", "INT64", policy_tags=tags)
    table = bigquery.create_table(google_bigquery.Table(f"local-dev.{dataset}.secret", [field]))
    assert table.schema[0].policy_tags == tags
    table.schema = [google_bigquery.SchemaField("a", "INT64", policy_tags=google_bigquery.PolicyTagList())]
    assert bigquery.update_table(table, ["schema"]).schema[0].policy_tags is None


def test_permissions_may_be_asked_for_in_a_list(bigquery: Client, orders: str) -> None:
    table = bigquery.get_table(orders)
    asked: Any
    for asked in (["bigquery.tables.get"], [["bigquery.tables.get"]]):
        assert bigquery.test_iam_permissions(table, asked)["permissions"] == ["bigquery.tables.get"]


def test_a_job_is_cancelled_before_it_runs(bigquery: Client) -> None:
    """The second job of a session waits for the first."""
    opened = bigquery.query("select 1", job_config=Config(create_session=True))
    opened.result()
    assert opened.session_info is not None
    properties = [google_bigquery.ConnectionProperty("session_id", str(opened.session_info.session_id))]
    first, second = (bigquery.query(ENDLESS, job_config=Config(connection_properties=properties)) for _ in range(2))
    second.cancel()
    first.cancel()
    with pytest.raises(GoogleAPICallError, match="cancelled"):
        second.result(job_retry=None, timeout=60)


def test_geography_from_and_to_text(bigquery: Client) -> None:
    point = "select st_astext(st_geogpoint(1, 2.5)), st_geogfromtext('POLYGON((0 0, 1 1, 1 0, 0 0))')"
    assert rows(bigquery, point) == [("POINT(1 2.5)", "POLYGON((0 0, 1 1, 1 0, 0 0))")]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("undrop table d.t", "UNDROP"),
        ("/* x */ create external table d.t options(format='CSV', uris=['gs://b/a'])", "external tables"),
        ("create or replace model d.m options(model_type='linear_reg') as select 1 as x", "BigQuery ML"),
        ("select st_distance(st_geogpoint(1, 2), st_geogpoint(1, 2))", "ST_DISTANCE"),
        ("set @@time_zone = 'Asia/Tokyo'", "UTC"),
    ],
)
def test_what_is_not_there_is_refused(bigquery: Client, sql: str, reason: str) -> None:
    with pytest.raises(GoogleAPICallError, match=reason):
        bigquery.query_and_wait(sql)


def test_only_the_present_of_a_table_is_read(bigquery: Client, orders: str) -> None:
    now = "for system_time as of current_timestamp()"
    assert rows(bigquery, f"select count(*) from {orders} {now}") == [(2,)]
    with pytest.raises(GoogleAPICallError, match="earlier versions"):
        bigquery.query_and_wait(f"select * from {orders} for system_time as of timestamp '2024-01-01'")


def test_external_data_and_legacy_sql_are_refused(bigquery: Client, dataset: str) -> None:
    source = google_bigquery.ExternalConfig("CSV")
    source.source_uris = ["gs://bucket/a.csv"]
    table = google_bigquery.Table(f"local-dev.{dataset}.outside")
    table.external_data_configuration = source
    with pytest.raises(GoogleAPICallError, match="external tables"):
        bigquery.create_table(table)
    with pytest.raises(GoogleAPICallError, match="external tables"):
        bigquery.query_and_wait("select * from x", job_config=Config(table_definitions={"x": source}))
    for sql in ("select 1 from [d.t]", "select a from d.t, d.u", "select count(distinct a) from d.t"):
        with pytest.raises(GoogleAPICallError, match="legacy SQL"):
            bigquery.query_and_wait(sql, job_config=Config(use_legacy_sql=True))
    with pytest.raises(GoogleAPICallError, match="legacy SQL"):
        bigquery.query_and_wait("select 1 from [d.t]", job_config=Config(use_legacy_sql=True))
    assert [row.values() for row in bigquery.query_and_wait("select 1", job_config=Config(use_legacy_sql=True))] == [
        (1,)
    ]


@pytest.mark.parametrize("name", ["ai", "ml", "obj", "mysql"])
def test_datasets_may_have_the_names_of_functions(bigquery: Client, name: str) -> None:
    bigquery.query_and_wait(f"create schema {name}; create table {name}.t as select 1 as a")
    assert rows(bigquery, f"select t.a, (select count(*) from `local-dev`.{name}.t) from {name}.t") == [(1, 1)]
    assert bigquery.get_table(f"{name}.t").num_rows == 1
    bigquery.query_and_wait(f"drop schema {name} cascade")

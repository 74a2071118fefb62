"""Profiles of tables in the warehouse: every type, odd names, wide and empty tables, views, and the step in a run."""

import json
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest
from google.cloud import bigquery as google_bigquery

from orchestrator.profiles import reading
from orchestrator.profiles.accept import accept_profile
from orchestrator.profiles.reading import read_profiles
from orchestrator.profiles.step import profile_checks
from orchestrator.warehouse import Warehouse

from .running import Server

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")

TYPES = """
create table {0}.types as
select
    x as `select`, if(x = 4, null, cast(x as numeric) / 4) as amount, cast(x as bignumeric) as `Größe in m`,
    case x when 1 then cast('nan' as float64) when 2 then cast('inf' as float64) else 1.5 end as ratio,
    if(x < 4, 'a|b', 'long') as types, cast('é' as bytes) as bits, x = 1 as is_first, date '2018-01-01' + x as day,
    timestamp '2018-01-01 00:00:00.5+00' as seen, datetime '2018-01-01 00:00:00' as local, time '10:00:00' as hour,
    struct(x as a, ['b'] as b) as whole, generate_array(1, x) as list, if(x = 1, null, json '{{"a": 1}}') as document,
    'id' as _airbyte_raw_id
from unnest([1, 2, 3, 4]) as x;
create table {0}.without (place geography, span interval, text string, parts array<struct<x int64>>);
create table {0}.wide as select {1};
create view {0}.doubled as select `select` * 2 as id from {0}.types;
create view {0}.counted as select 1 as id from {0}.types;
create table {0}.gone (x int64);
create view {0}.broken as select x from {0}.gone;
alter table {0}.gone rename column x to y
"""


@pytest.fixture
def tables(dataset: str, warehouse: Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh dataset, named as in a query."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", warehouse.url)
    return f"local-dev.{dataset}"


def test_profiles_of_every_type(tables: str, bigquery: google_bigquery.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = ", ".join(f"{at} as c{at}" for at in range(60))
    bigquery.query_and_wait(TYPES.format(f"`{tables}`", numbers))
    monkeypatch.setattr(reading, "MOST_COLUMNS", 50)  # with its 300 columns, the test would take seconds
    names = [f"{tables}.{name}" for name in ("types", "without", "wide", "doubled", "broken", "missing")]
    counted = f"{tables}.counted"
    found = read_profiles(Warehouse(), names, 1000, [counted])
    rows = found.pop(counted)
    assert isinstance(rows, dict)
    assert (rows["row_count"], rows["columns"]) == (4, [])
    json.dumps(found, allow_nan=False)
    types, without, wide, doubled, broken, missing = (found[each] for each in names)
    assert isinstance(types, dict)
    columns: dict[str, dict[str, Any]] = {column.pop("column_name"): column for column in types["columns"]}
    assert [*columns] == [
        *("select", "amount", "Größe in m", "ratio", "types", "bits", "is_first", "day", "seen", "local", "hour"),
        *("whole", "list", "document"),
    ]
    assert columns["select"] == {
        **{"data_type": "INTEGER", "row_count": 4, "not_null_proportion": 1, "distinct_count": 4, "is_unique": True},
        **{"distinct_proportion": 1, "min": 1, "max": 4, "avg": 2.5, "q1": 1, "median": 2, "q3": 3},
        "std_dev_population": pytest.approx(1.118034),
    }
    assert (columns["amount"]["not_null_proportion"], columns["amount"]["max"]) == (0.75, 0.75)
    assert (columns["ratio"]["min"], columns["ratio"]["max"], columns["ratio"]["avg"]) == (1.5, 1.5, 1.5)
    assert columns["types"]["top_values"] == [{"value": "a|b", "count": 3}, {"value": "long", "count": 1}]
    assert columns["types"]["avg_length"] == 3.25
    assert columns["bits"]["max_length"] == 2
    assert columns["is_first"]["avg"] == 0.25
    assert (columns["day"]["min"], columns["day"]["max"]) == ("2018-01-02", "2018-01-05")
    assert columns["seen"]["max"].startswith("2018-01-01T00:00:00.5")
    assert (columns["whole"]["distinct_count"], columns["list"]["avg_length"]) == (4, 2.5)
    assert (columns["document"]["not_null_proportion"], columns["document"]["distinct_count"]) == (0.75, 1)

    assert isinstance(without, dict)
    assert (without["row_count"], len(without["columns"])) == (0, 4)
    assert isinstance(wide, dict)
    assert (len(wide["columns"]), wide["columns_left_out"], wide["columns"][49]["max"]) == (50, 10, 49)
    assert isinstance(doubled, dict)
    assert doubled["columns"][0]["max"] == 8
    # The other tables have profiles although one table cannot be read.
    assert isinstance(broken, str)
    assert isinstance(missing, str)
    assert "Not found" in missing


def test_a_large_table_is_profiled_by_a_sample(tables: str, bigquery: google_bigquery.Client) -> None:
    numbers = "select x from unnest(generate_array(1, 50000)) as x"
    bigquery.query_and_wait(f"create table `{tables}.large` as {numbers}")
    name = f"{tables}.large"
    profile = read_profiles(Warehouse(), [name], 40000)[name]
    assert isinstance(profile, dict)
    assert (profile["row_count"], profile["is_sample"]) == (50000, True)
    assert profile["rows_read"] <= 50000


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def test_an_unusual_load_warns_until_it_is_accepted(
    tables: str, bigquery: google_bigquery.Client, instance: dg.DagsterInstance
) -> None:
    orders = f"{tables}.orders"
    bigquery.query_and_wait(f"create table `{orders}` as select x as id from unnest([1, 2, 3, 4]) as x")

    loaded, view = dg.AssetKey("loaded"), dg.AssetKey("view")

    @dg.multi_asset(specs=[dg.AssetSpec(loaded), dg.AssetSpec(view)])
    def build() -> Iterator[dg.MaterializeResult[None]]:
        yield dg.MaterializeResult(asset_key=loaded)
        yield dg.MaterializeResult(asset_key=view)

    views = {view: orders, dg.AssetKey("not_built"): f"{tables}.missing"}
    checks = profile_checks({loaded: orders}, views)
    definitions = dg.Definitions([build], asset_checks=[checks], resources={"warehouse": Warehouse()})
    job = definitions.resolve_implicit_global_asset_job_def()

    def run() -> dg.AssetCheckEvaluation:
        [found] = job.execute_in_process(instance=instance).get_asset_check_evaluations()
        return found

    first = [run() for _ in range(7)]
    assert all(check.passed for check in first)
    assert "Not judged yet: 6 successful runs" in str(first[-1].description)
    assert "as usual" in str(run().description)

    counts = [record.asset_observation for record in instance.fetch_observations(view, limit=100).records]
    assert {count.metadata["dagster/row_count"].value for count in counts if count} == {4}
    bigquery.query_and_wait(f"delete from `{orders}` where true")
    for _ in range(2):  # one such run does not make the next one usual
        odd = run()
        assert (odd.passed, odd.severity) == (False, dg.AssetCheckSeverity.WARN)
        assert "row_count 0 is not as usual: expected 1 to 10" in str(odd.description)
        assert "accept_profile with table: loaded" in str(odd.description)
    options = {"ops": {"accept_newest_profile": {"config": {"table": "loaded", "why": "a new season"}}}}
    accept_profile.execute_in_process(instance=instance, run_config=options)
    assert run().passed

    bigquery.query_and_wait(f"drop table `{orders}`")
    lost = run()
    assert (lost.passed, lost.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "Not found" in str(lost.description)

"""The console's SQL and tables on the emulator, and on Google's front door with a service account's key."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from google.cloud import bigquery as google_bigquery

from console.clients.warehouse import Warehouse
from console.logic.sql import downloads, results, running
from console.logic.sql.running import Limits, Outcome, QueryError, Running
from console.logic.sql.statements import Place, chosen
from console.logic.tables import catalog, facts
from console.pages import sql, tables
from console.settings import Settings
from tests.console_pages import opened

from .google_front import Front
from .running import Server

LIMITS = Limits(seconds=20, rows=1_000)
SLOW = "select count(*) from unnest(generate_array(1, 3000000)) a, unnest(generate_array(1, 30000)) b"
VALUES = """select null as n, '' as empty, 9007199254740993 as big, numeric '12345678901234567890.123456789' as exact,
  [1, 2] as list, struct('<b>' as html, numeric '0.10' as n) as record, json '{"a": 1.0}' as doc, b'abc' as bytes,
  timestamp '2026-01-02 03:04:05.000006+00' as moment, cast('nan' as float64) as x"""


@pytest.fixture(params=["emulator", "bigquery"])
def settings(
    request: pytest.FixtureRequest, warehouse: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The settings of both modes; Google's client is the official one with a key, which the front checks."""
    if request.param == "bigquery":
        front: Front = request.getfixturevalue("google_front")
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(front.write_key(tmp_path)))
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", front.url)
    return {"WAREHOUSE": request.param, "BIGQUERY_EMULATOR_HOST": warehouse.url}


@pytest.fixture
def console(settings: dict[str, str]) -> Warehouse:
    """The console's client."""
    return Warehouse(Settings.read(settings))


def done[T](answer: Awaitable[T]) -> T:
    async def wait() -> T:
        return await answer

    return asyncio.run(wait())


def run(console: Warehouse, sql: str, limits: Limits = LIMITS) -> Outcome:
    return done(running.run(console, Running(chosen(sql)), limits))


def ask[T](console: Warehouse, function: Callable[[google_bigquery.Client], T]) -> T:
    return done(console.call(function))


def test_a_query_is_estimated_run_paged_and_downloaded(console: Warehouse) -> None:
    plan = done(running.estimate(console, chosen(VALUES), LIMITS))
    assert (plan.kind, plan.writes) == ("SELECT", False)
    outcome = run(console, VALUES)
    rows = outcome.rows
    assert rows is not None
    page = ask(console, lambda client: results.page(client, rows, 0, LIMITS.rows))
    shown = {column.name: cell.text for column, cell in zip(page.columns, page.rows[0], strict=True)}
    assert page.rows[0][0].is_null
    assert shown == {
        **{"n": "NULL", "empty": "", "big": "9007199254740993", "exact": "12345678901234567890.123456789"},
        **{"list": "[1, 2]", "record": '{"html": "<b>", "n": 0.1}', "doc": '{"a":1.0}', "bytes": "YWJj"},
        **{"moment": "2026-01-02 03:04:05.000006 UTC", "x": "NaN"},
    }
    again = done(running.finished(console, outcome.job_id))
    assert again is not None

    def whole(ending: str) -> bytes:
        return ask(console, lambda client: b"".join(downloads.file(client, again, ending, 10)))

    assert whole("csv").splitlines()[1].startswith(b',"",9007199254740993,12345678901234567890.123456789,')
    assert b'"big": "9007199254740993"' in whole("jsonl")
    assert pq.read_table(io.BytesIO(whole("parquet")))["exact"].to_pylist()[0].as_tuple().exponent == -9


def test_many_rows_stay_on_the_server(console: Warehouse) -> None:
    rows = run(console, "select x, repeat('a', 500) as text from unnest(generate_array(1, 5000)) as x order by x").rows
    assert rows is not None
    page = ask(console, lambda client: results.page(client, rows, 4_900, 10_000))
    assert [row[0].text for row in (page.rows[0], page.rows[-1])] == ["4901", "5000"]
    assert (page.total, len(page.rows), page.rows[0][1].length) == (5_000, 100, 500)
    assert ask(console, lambda client: results.value(client, rows, 4_999, 1)).text == "a" * 500
    limited = ask(console, lambda client: results.page(client, rows, 0, 30))
    assert (limited.total, len(limited.rows)) == (30, 30)
    parts = ask(console, lambda client: [*results.pages(client, rows, 4_500)])
    assert sum(map(len, parts)) == 4_500


def test_what_writes_is_known_before_it_runs_and_its_table_is_listed(console: Warehouse, dataset: str) -> None:
    make = f"""create table {dataset}.orders (id int64 not null options (description = 'The <b>number</b>'), day date)
      partition by day cluster by id options (description = 'Orders')"""
    plan = done(running.estimate(console, chosen(make), LIMITS))
    assert plan.writes
    assert plan.target == f"{dataset}.orders"
    insert = f"insert {dataset}.orders values (1, '2026-01-01'), (2, null)"
    script = f"{make};\n{insert};\nselect max(id) as newest from {dataset}.orders"
    assert done(running.estimate(console, chosen(script), LIMITS)).kind == "SCRIPT"
    outcome = run(console, script)
    assert outcome.rows is not None
    assert [field.name for field in outcome.rows.schema] == ["newest"]
    assert run(console, f"delete from {dataset}.orders where id = 2").changed == 1
    found = ask(console, lambda client: facts.read(client, dataset, "orders"))
    assert (found.rows, found.partitioning, found.clustering) == (1, "by day of day", ("id",))
    assert (found.description, found.columns[0].mode) == ("Orders", "required")
    assert found.columns[0].description == "The <b>number</b>"
    run(console, f"create view {dataset}.recent as select * from {dataset}.orders")
    view = ask(console, lambda client: facts.read(client, dataset, "recent"))
    assert "select * from" in view.view_sql.lower()
    assert view.rows is None
    listed = {each.name: each.tables for each in done(catalog.datasets(console))}
    assert [(table.name, table.kind) for table in listed[dataset]] == [("orders", "table"), ("recent", "view")]


def test_the_pages_of_a_table_and_of_sql(
    settings: dict[str, str], console: Warehouse, dataset: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(console, f"create table {dataset}.notes (id int64 options (description = 'The number'), note string)")
    run(console, f"insert {dataset}.notes values (1, 'a note')")
    given = settings | {"CONSOLE_DATA_DIR": str(tmp_path)}
    columns = opened(monkeypatch, tables.ONE_TABLE, given, dataset=dataset, table="notes")
    assert all(fact in columns for fact in (dataset, "The number", "INT64", "note"))
    rows = opened(monkeypatch, tables.ONE_TABLE, given, dataset=dataset, table="notes", tab="Rows")
    assert "1 to 1 of 1 row" in rows
    assert "notes" in opened(monkeypatch, sql.PAGE, given)


def test_an_error_is_at_its_line_and_says_what_bigquery_said(console: Warehouse) -> None:
    with pytest.raises(QueryError, match="nope") as failure:
        run(console, "select 1 as a,\n  nope\nfrom unnest([1])")
    assert failure.value.where == Place(2, 3)
    with pytest.raises(QueryError, match="division by zero"):
        run(console, "select 1 / 0")
    with pytest.raises(QueryError, match="not_there"):
        done(running.estimate(console, chosen("select * from not_there.t"), LIMITS))


def test_a_query_that_is_cancelled_before_it_is_a_job_does_not_become_one(console: Warehouse, dataset: str) -> None:
    query = Running(chosen(f"create table {dataset}.t as select 1 as id"))
    done(running.cancel(console, query))
    with pytest.raises(QueryError, match="cancelled"):
        done(running.run(console, query, LIMITS))
    assert ask(console, lambda client: [*client.list_tables(dataset)]) == []


def test_a_query_is_cancelled_or_stopped_at_its_time_limit(console: Warehouse) -> None:
    async def cancelled() -> None:
        query = Running(chosen(SLOW))
        task = asyncio.create_task(running.run(console, query, LIMITS))
        await asyncio.sleep(0)  # the start is sent, and not answered
        await running.cancel(console, query)
        await task

    with pytest.raises(QueryError, match="cancelled"):
        asyncio.run(cancelled())
    with pytest.raises(QueryError, match="1 second"):
        run(console, SLOW, Limits(seconds=1, rows=10))

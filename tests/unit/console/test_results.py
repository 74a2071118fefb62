"""Results: values as text, pages, downloads; and HTML in a value stays text."""

import asyncio
import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq
import pytest
from google.cloud import bigquery
from google.cloud.bigquery import SchemaField as Field

from console.logic.sql import downloads, results
from console.logic.sql.html import extent, table
from console.logic.sql.results import Column, Page, Source, type_of
from console.logic.sql.running import Limits, Running, is_ours
from console.logic.sql.values import SHOWN, Cell, cell
from console.logic.tables import catalog, facts
from platform_kit.bigquery_results import readable

TABLE = bigquery.TableReference.from_string("p.d.t")
POINT = Field("point", "RECORD", fields=[Field("x", "NUMERIC"), Field("name", "STRING"), Field("doc", "JSON")])


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (Field("a", "STRING"), "", ""),
        (Field("a", "INTEGER"), 2**62, "4611686018427387904"),
        (Field("a", "NUMERIC"), Decimal("1E+3"), "1000"),
        (Field("a", "NUMERIC"), Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
        (Field("a", "BOOLEAN"), False, "false"),
        (Field("a", "DATE"), date(2026, 1, 2), "2026-01-02"),
        (Field("a", "TIMESTAMP"), datetime(2026, 1, 2, 3, 4, 5, 6, UTC), "2026-01-02 03:04:05.000006 UTC"),
        (Field("a", "DATETIME"), datetime(2026, 1, 2, 3, 4, 5), "2026-01-02 03:04:05"),
        (Field("a", "JSON"), '{"n":1.0}', '{"n":1.0}'),
        (Field("a", "FLOAT"), float("inf"), "Infinity"),
        (Field("a", "FLOAT"), float("nan"), "NaN"),
        (Field("a", "INTEGER", "REPEATED"), [], "[]"),
        (Field("a", "STRING", "REPEATED"), ["ä", 'say "x"'], '["ä", "say \\"x\\""]'),
        (
            POINT,
            {"x": Decimal("0.10"), "name": None, "doc": "[1, null]"},
            '{"x": 0.10, "name": null, "doc": [1, null]}',
        ),
    ],
)
def test_a_value_is_shown_exactly(field: Field, value: Any, text: str) -> None:
    assert cell(value, field) == Cell(text)


def test_null_is_not_an_empty_text() -> None:
    assert cell(None, Field("a", "STRING")) != cell("", Field("a", "STRING"))
    page = Page((Column("a", "STRING", False), Column("b", "STRING", False)), ((Cell("NULL", True), Cell("")),), 0, 1)
    assert '<span class="null">NULL</span>' in table(page)
    assert table(page).count("NULL") == 1


def test_a_long_value_is_cut_and_its_length_told() -> None:
    found = cell("x" * 10_000_000, Field("a", "STRING"))
    assert (len(found.text), found.length) == (SHOWN, 10_000_000)
    shown = table(Page((Column("a", "STRING", False),), ((found,),), 7, 9))
    assert "10,000,000" in shown
    assert 'data-row="7" data-column="0"' in shown
    assert len(shown) < 2 * SHOWN + 500


def test_html_in_names_and_values_is_text() -> None:
    hostile = "<script>alert(1)</script><img src=x onerror='x' \">&\u202e"
    page = Page((Column(hostile, f"STRUCT<{hostile} INT64>", False),), ((Cell(hostile),),), 0, 1)
    shown = table(page)
    assert "<script" not in shown
    assert "<img" not in shown
    assert "'x'" not in shown
    assert 'dir="auto"' in shown  # right-to-left text stays in its cell


def test_the_rows_of_a_page_are_told() -> None:
    assert extent(Page((), (), 0, 0)) == "no rows"
    assert extent(Page((), ((Cell("a"),),) * 50, 100, 1_150)) == "101 to 150 of 1,150 rows"


def test_a_page_is_bounded_in_rows_cells_and_bytes() -> None:
    def size(columns: int, rows: int, byte_count: int) -> int:
        return Source(TABLE, (Field("a", "STRING"),) * columns, rows, byte_count).page_rows

    assert size(3, 1_000_000, 30_000_000) == results.PAGE_ROWS
    assert size(2_000, 1_000_000, 1_000_000) == results.LEAST_ROWS
    assert size(1, 20, 20 * 10_000_000) == 1  # 10 MB cells
    assert size(1, 0, 0) == results.PAGE_ROWS


def test_types_are_written_as_in_sql() -> None:
    assert type_of(Field("a", "RECORD", "REPEATED", fields=[Field("b", "INTEGER")])) == "ARRAY<STRUCT<b INT64>>"
    assert type_of(Field("a", "NUMERIC", precision=10, scale=2)) == "NUMERIC(10, 2)"
    assert type_of(Field("a", "STRING", max_length=3)) == "STRING(3)"


def test_values_whose_text_is_exact_are_read_as_text() -> None:
    [found] = readable([POINT])
    assert [field.field_type for field in found.fields] == ["NUMERIC", "STRING", "STRING"]


SCHEMA = (Field("id", "INTEGER"), Field("text", "STRING"), Field("tags", "STRING", "REPEATED"), Field("x", "FLOAT"))
ROWS: list[list[tuple[Any, ...]]] = [[(1, None, ["a"], 0.5), (2**60, "", [], float("nan"))], [(3, 'a,"b"\n', [], None)]]


def test_csv_keeps_null_and_empty_apart() -> None:
    content = b"".join(downloads.csv_lines(SCHEMA, iter(ROWS))).decode()
    assert content.splitlines()[1] == '1,,"[""a""]",0.5'
    assert content.splitlines()[2] == '1152921504606846976,"","[]",NaN'
    assert [row[1] for row in csv.reader(io.StringIO(content, newline=""))] == ["text", "", "", 'a,"b"\n']


def test_json_lines_keep_large_numbers() -> None:
    lines = [json.loads(line) for line in b"".join(downloads.json_lines(SCHEMA, iter(ROWS))).splitlines()]
    assert lines[0] == {"id": "1", "text": None, "tags": ["a"], "x": 0.5}
    assert (lines[1]["id"], lines[1]["text"], lines[1]["x"]) == (str(2**60), "", "NaN")


class Pages:
    """Google's RowIterator, as far as a Parquet file needs it."""

    def to_arrow_iterable(self) -> Iterator[Any]:
        import pyarrow as pa

        for start in (0, 3):
            yield pa.record_batch({"id": [start, start + 1, start + 2]})


class Client:
    """A client whose table has six rows in two pages."""

    def list_rows(self, *_: object, **__: object) -> Pages:
        return Pages()


def test_parquet_is_made_page_by_page() -> None:
    source = Source(TABLE, (Field("id", "INTEGER"),), 6, 48)
    parts = [*downloads.parquet(Client(), source, 100)]  # type: ignore[arg-type]
    assert len(parts) == 3
    assert all(parts)
    assert pq.read_table(io.BytesIO(b"".join(parts)))["id"].to_pylist() == [0, 1, 2, 3, 4, 5]


def test_only_our_own_jobs_are_downloaded() -> None:
    assert is_ours(Running(sent=None).id)  # type: ignore[arg-type]
    assert not any(is_ours(each) for each in ("job_1", "console_" + "g" * 32, "console_../" + "0" * 28))
    assert Limits(1, 1).bytes_billed is None


class Listed:
    """A warehouse, and its client: each dataset has an external table."""

    project = "p"

    def __init__(self) -> None:
        self.calls = 0

    async def call(self, function: Any) -> Any:
        self.calls += 1
        return function(self)

    def list_datasets(self) -> list[Any]:
        return [
            bigquery.dataset.DatasetListItem({"datasetReference": {"projectId": "p", "datasetId": name}})
            for name in ("b", "_c", "a")
        ]

    def list_tables(self, dataset: str, **_: Any) -> list[Any]:
        reference = {"projectId": "p", "datasetId": dataset.split(".")[1], "tableId": "t"}
        return [bigquery.table.TableListItem({"tableReference": reference, "type": "EXTERNAL"})]

    def get_table(self, name: str) -> bigquery.Table:
        reference = bigquery.TableReference.from_string(name).to_api_repr()
        return bigquery.Table.from_api_repr({"tableReference": reference, "type": "EXTERNAL", "numRows": "0"})


def test_each_dataset_is_a_call_of_its_own_and_pages_share_them() -> None:
    warehouse: Any = Listed()

    async def pages() -> None:
        first, second = await asyncio.gather(catalog.datasets(warehouse), catalog.datasets(warehouse))
        assert first is second

    asyncio.run(pages())
    found = asyncio.run(catalog.datasets(warehouse))
    assert [table.path for each in found for table in each.tables] == ["a.t", "b.t"]
    assert warehouse.calls == 3


def test_an_external_table_is_not_called_empty() -> None:
    client: Any = Listed()
    found = facts.read(client, "d", "t")
    assert (found.kind, found.rows, found.extent) == ("external table", None, "")
    with pytest.raises(ValueError, match="query it"):
        results.source(client, "p.d.t")

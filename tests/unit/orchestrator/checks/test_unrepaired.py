"""What Airbyte's own connector changes and airbyte-lite does not: the places in the files, and what the rows say."""

import io
from typing import Any, cast

import fastavro
import pyarrow
import pyarrow.parquet
import pytest

from connections_file import Stream
from orchestrator.checks import file_form, losses
from orchestrator.checks.row_count import compare
from orchestrator.checks.table import TableFacts
from orchestrator.checks.unrepaired import MOST_FILES, confirmed
from orchestrator.reading.avro_blocks import read_header, written
from orchestrator.reading.avro_file import scan_avro
from orchestrator.reading.csv_file import scan_csv
from orchestrator.reading.facts import FileFacts, Loss
from orchestrator.reading.formats import AvroFormat, CsvFormat, ParquetFormat, StreamFiles
from orchestrator.reading.parquet_file import scan_parquet
from orchestrator.warehouse import Warehouse

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")

PARQUET = ParquetFormat(filetype="parquet")
FILES = StreamFiles(["*"], PARQUET)
STREAM = Stream(name="t", sync_mode="full_refresh_overwrite", dbt_source="files.t")
DAY = 86_400
BIG, SMALL = (1_234_567).to_bytes(4, "big"), bytes(3) + b"\x05"
YEAR = Loss(column="at", kind="years", line=3, text="1600-01-01 00:00:00", loaded="2184-07-20 23:34:33.709551")


def numbers(kind: pyarrow.DataType, *values: int | None) -> pyarrow.Array:
    return pyarrow.array(values, pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64()).view(kind)


def of_parquet(column: pyarrow.Array, **options: Any) -> list[tuple[str, int, str, str]]:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"x": column}), file, **options)
    return [(loss.kind, loss.line, loss.text, loss.loaded) for loss in scan_parquet(file, PARQUET).losses]


@pytest.mark.parametrize(
    ("kind", "values", "text", "loaded"),
    [
        (pyarrow.time64("us"), (None, 0, 25 * 3600 * 10**6), "90,000.000000", "01:00:00"),
        (pyarrow.time64("us"), (0, DAY * 10**6 - 1, -5), "-0.000005", "23:59:59.999995"),
        (pyarrow.time64("ns"), (0, None, DAY * 10**9), "86,400.000000", "00:00:00"),
        (pyarrow.time32("ms"), (0, 1, DAY * 1000, DAY * 2000), "86,400.000000", "00:00:00"),
        (pyarrow.time32("s"), (0, 1, DAY), "86,400.000000", "00:00:00"),
    ],
)
def test_a_time_of_day_outside_of_a_day(
    kind: pyarrow.DataType, values: tuple[Any, ...], text: str, loaded: str
) -> None:
    found = ("days", 3, f"{text} seconds after midnight", loaded)
    assert of_parquet(numbers(kind, *values)) == [found]
    lists = pyarrow.ListArray.from_arrays(list(range(len(values) + 1)), numbers(kind, *values))
    assert of_parquet(lists) == [found]
    assert of_parquet(numbers(kind, *values[:2])) == []


@pytest.mark.parametrize("unit", ["ms", "us"])
def test_a_duration_that_is_computed_with_doubles(unit: str) -> None:
    assert of_parquet(numbers(pyarrow.duration(unit), None, 2, 1001)) == [
        ("durations", 3, "1001", "1000.9999999999999")
    ]
    assert of_parquet(numbers(pyarrow.duration(unit), 1000, None, 3)) == []
    assert of_parquet(numbers(pyarrow.duration("ns"), 1001, 1_000_001)) == []
    assert of_parquet(numbers(pyarrow.duration("s"), 1001)) == []


def test_the_row_of_a_year_that_nanoseconds_do_not_reach() -> None:
    """Of a list, a map or an object, the connector fails."""
    years = numbers(pyarrow.timestamp("us"), *[0] * 70_000, -11_676_096_000_000_000, None)
    options = {"use_deprecated_int96_timestamps": True, "row_group_size": 30_000}
    assert of_parquet(years, **options) == [("years", 70_001, YEAR.text, YEAR.loaded)]
    assert of_parquet(pyarrow.StructArray.from_arrays([years], ["at"]), **options) == []
    assert of_parquet(years) == []


@pytest.mark.parametrize("stored", ["bytes", {"type": "fixed", "name": "four", "size": 4}])
def test_a_decimal_with_more_digits_than_its_precision(stored: Any) -> None:
    file = io.BytesIO()
    fields = [{"name": "x", "type": stored}]
    fastavro.writer(file, {"type": "record", "name": "r", "fields": fields}, [{"x": SMALL}, {"x": BIG}])
    file.seek(0)
    header = read_header(file)
    content = file.read()

    def of_avro(precision: int, *, nullable: bool = False) -> list[tuple[str, int, str, str]]:
        plain = {"type": stored} if stored == "bytes" else dict(stored)
        kind: Any = plain | {"logicalType": "decimal", "precision": precision, "scale": 2}
        header.schema["fields"][0]["type"] = ["null", kind] if nullable else kind
        body = content if not nullable else b""
        facts = scan_avro(io.BytesIO(written(header, header.schema) + body), AvroFormat(filetype="avro"))
        return [(loss.kind, loss.line, loss.text, loss.loaded) for loss in facts.losses]

    assert of_avro(4) == [("precision", 2, "12345.67", "1.235E+4")]
    assert of_avro(7) == []
    if stored != "bytes":  # the type of another field
        fields.append({"name": "y", "type": "four"})
        file.seek(0)
        fastavro.writer(file, {"type": "record", "name": "r", "fields": fields}, [{"x": SMALL, "y": BIG}])
        file.seek(0)
        header, content = read_header(file), file.read()
        assert of_avro(4) == [("precision", 1, "12345.67", "1.235E+4")]
    assert of_avro(4, nullable=True) == []  # the connector fails there


class Answers(Warehouse):
    """A warehouse with one answer, which keeps the queries."""

    rows: list[dict[str, Any]] = []
    asked: list[str] = []

    def query(self, query: str, *, most_bytes: int | None = None) -> list[dict[str, Any]]:
        assert most_bytes is None
        self.asked.append(query)
        return self.rows


def table() -> TableFacts:
    columns = {"at": ("at", "TIMESTAMP"), "_ab_source_file_url": ("_ab_source_file_url", "STRING")}
    return TableFacts("p.d.t", columns, rows=1, values={"at": 1})


@pytest.mark.parametrize(
    ("changed", "right", "blocking"), [(1, 0, [True]), (1, 1, [True]), (0, 1, []), (0, 0, [False])]
)
def test_the_rows_say_whether_the_connector_has_changed_a_value(changed: int, right: int, blocking: list[bool]) -> None:
    warehouse = Answers(rows=[{"url": 'a"b.parquet', "n_0": changed, "n_1": right}], asked=[])
    other = Loss(column="at", kind="nanoseconds", line=0, text="1", loaded="0")
    facts = confirmed({'a"b.parquet': FileFacts(losses=[YEAR, other]), "b": FileFacts()}, table(), warehouse)
    [query] = warehouse.asked
    parts = ("1600\\\\-01\\\\-01T00:00:00", "2184\\\\-07\\\\-20T23:34:33\\\\.709551", 'a\\"b.parquet')
    assert all(part in query for part in parts)
    found = [each for each in losses.find(STREAM, FILES, facts, table(), set()) if "1600" in each.text]
    assert [each.blocking for each in found] == blocking
    for each in found:
        place = each.sentence("row")
        assert place.startswith("a\"b.parquet, row 3, column 'at': 1600-01-01 00:00:00 is loaded as 2184-07-20")
        assert "INT96" in place
        assert "TIMESTAMP_MICROS" in each.remedy
    assert [loss.kind for loss in facts['a"b.parquet'].losses if loss.kind != "years"] == ["nanoseconds"]


def test_the_warehouse_is_asked_once_and_only_about_some_files() -> None:
    warehouse = Answers(rows=[], asked=[])
    facts = {f"{number:04}": FileFacts(losses=[YEAR]) for number in range(1000)}
    found = confirmed(facts, table(), warehouse)
    assert len(warehouse.asked) == 1
    assert warehouse.asked[0].count("as n_") == 2 * MOST_FILES
    assert sum(len(fact.losses) for fact in found.values()) == MOST_FILES
    assert confirmed({"a": FileFacts()}, table(), cast(Any, None)) == {"a": FileFacts()}


def test_a_byte_order_mark_before_the_first_value() -> None:
    names = {"header_definition_type": "User Provided", "column_names": ["id"]}
    headless = CsvFormat(filetype="csv", header_definition=names)
    content = b"\xef\xbb\xbf1\n2\n"
    files = StreamFiles(["*"], headless)
    [finding] = file_form.find(files, {"a.csv": scan_csv(io.BytesIO(content), headless)}, {})
    assert (finding.line, finding.blocking) == (1, True)
    assert "utf-8-sig" in finding.remedy
    for right in (headless.model_copy(update={"encoding": "utf-8-sig"}), CsvFormat(filetype="csv")):
        assert scan_csv(io.BytesIO(content), right).faults == []


def test_a_key_in_place_of_which_the_connector_reads_another_one() -> None:
    facts = {"a\tb.csv": FileFacts(), "ab.csv": FileFacts(), "c\td.csv": FileFacts()}
    [finding] = file_form.find(FILES, facts, {})
    assert (finding.file, finding.blocking) == ("a\tb.csv", False)
    assert "ab.csv" in finding.text


def test_records_that_the_connector_should_have_skipped() -> None:
    fact = FileFacts(records=4, fault_counts={"number of values": 2})
    assert compare(STREAM, 2, {"a.csv": fact}, "skips").passed
    verdict = compare(STREAM, 4, {"a.csv": fact}, "skips")
    assert not verdict.passed
    assert verdict.severity.value == "ERROR"
    assert "2 with another number of values" in (verdict.description or "")

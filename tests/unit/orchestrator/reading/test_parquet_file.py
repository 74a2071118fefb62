"""The facts about a Parquet file: its rows, its columns, and the values that the connector changes."""

import datetime
import io
from decimal import Decimal
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from orchestrator.reading.exact import Kind
from orchestrator.reading.facts import Sought
from orchestrator.reading.formats import ParquetFormat
from orchestrator.reading.json_lines import scan_json_lines
from orchestrator.reading.parquet_file import scan_parquet
from tests.data_files import parquet

PARQUET = ParquetFormat(filetype="parquet")


def test_parquet_rows_and_columns_come_from_the_footer(tmp_path: Path) -> None:
    file = tmp_path / "a.parquet"
    file.write_bytes(parquet({"id": list(range(500)), "none": [None] * 500}, row_group_size=200))
    with file.open("rb") as content:
        facts = scan_parquet(content, PARQUET, Sought(frozenset({"id", "none"})))
    assert (facts.records, facts.names, list(facts.first_values)) == (500, ["id", "none"], ["id"])
    assert facts.header_line == scan_json_lines(io.BytesIO(b'{"a": 1}')).header_line == 0
    with pytest.raises(ValueError, match="Parquet"):
        scan_parquet(io.BytesIO(b"id,name\n1,a\n"), PARQUET)


@pytest.mark.parametrize("statistics", [True, False])
def test_what_values_of_a_parquet_file_lose_is_found_in_any_place(statistics: bool) -> None:
    """Such values are found also if the file has no statistics and its first and last values are usual."""
    nan, inf = float("nan"), float("inf")
    columns = {
        "middle": [0.5, 0.12345678901, 1.25],
        "short": [0.1, 123456789012.25, 1e300],
        "gap": [1.0, nan, None],
        "list": [[1.0], [2.0, inf], None],
        "object": [{"a": {"b": [1.0]}}, {"a": None}, {"a": {"b": [None, nan]}}],
        "map": pyarrow.array([[("k", 1.0)], [("k", 1.0), ("k", 2.0)], None], pyarrow.map_("string", "float64")),
        "time": pyarrow.array([1000, 1001, None], pyarrow.timestamp("ns")),
        "hour": pyarrow.array([1000, 1001, None], pyarrow.time64("ns")),
        "kind": pyarrow.array([1.0, nan, 1.0]).dictionary_encode(),
        "text": ["a", "b", "NaN"],
    }
    file = io.BytesIO(parquet(columns, write_statistics=statistics, row_group_size=2))
    numbers: dict[str, Kind] = dict.fromkeys(("middle", "short", "gap"), "number")
    facts = scan_parquet(file, PARQUET, Sought(kinds=numbers))
    assert {(loss.column, loss.kind, loss.text) for loss in facts.losses} == {
        *(("middle", "decimals", "0.12345678901"), ("gap", "null", "nan"), ("list", "null", "inf")),
        *(("object", "null", "nan"), ("map", "repeated", "k"), ("kind", "null", "nan")),
        ("time", "nanoseconds", "1970-01-01 00:00:00.000001001"),
        ("hour", "nanoseconds", "00:00:00.000001001"),
    }
    texts = scan_parquet(file, PARQUET).losses  # the columns of the table are texts
    assert "middle" not in {loss.column for loss in texts}


def test_times_of_the_type_int96_lose_their_nanoseconds_and_their_year_without_the_repair() -> None:
    """Spark writes this type. The last digits of years that nanoseconds do not reach are no nanoseconds."""
    years = [datetime.datetime(1600, 1, 1), None, datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)]
    columns = {
        "years": pyarrow.array(years, pyarrow.timestamp("us")),
        "fine": pyarrow.array([None, 5000, 1001], pyarrow.timestamp("ns")),
        "object": [{"at": None}, None, {"at": years[0]}],
        "list": pyarrow.array([[], [5000, 1001], None], pyarrow.list_(pyarrow.timestamp("ns"))),
    }
    file = io.BytesIO(parquet(columns, use_deprecated_int96_timestamps=True))
    text, loaded = "1970-01-01 00:00:00.000001001", "1970-01-01 00:00:00.000001"
    assert [(loss.column, loss.kind, loss.text, loss.loaded) for loss in scan_parquet(file, PARQUET).losses] == [
        ("years", "years", "1600-01-01 00:00:00", "2184-07-20 23:34:33.709551"),
        ("fine", "nanoseconds", text, loaded),
        ("list", "nanoseconds", text, loaded),
    ]


def test_decimals_after_the_ninth_are_found_in_numbers_that_parquet_has_as_decimals_or_texts() -> None:
    long = Decimal("12345678901234567.1234567890")
    columns = {
        "exact": pyarrow.array([None, long, long + Decimal("1e-10")], pyarrow.decimal128(30, 10)),
        "short": [Decimal("1.123456789")] * 3,
        "text": pyarrow.array(["1.1234567890", "1E-12", "0.12345678901"]).dictionary_encode(),
        "words": ["1.1 of 2.12345678901", "NaN", "1e400"],
        "other": ["0.12345678901"] * 3,
    }
    file = io.BytesIO(parquet(columns))
    numbers: dict[str, Kind] = dict.fromkeys(("exact", "short", "text", "words"), "digits")
    facts = scan_parquet(file, PARQUET, Sought(kinds=numbers))
    assert [(loss.column, loss.kind, loss.text, loss.loaded) for loss in facts.losses] == [
        ("exact", "decimals", "12345678901234567.1234567891", "12345678901234567.123456789"),
        ("text", "decimals", "1E-12", "0"),
    ]
    assert scan_parquet(file, PARQUET).losses == []


def test_garbled_texts_in_the_first_rows_are_noted_with_row_and_column_and_little_is_read() -> None:
    class Counted(io.BytesIO):
        count = 0

        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            self.count += len(found)
            return found

    plain = [f"{number:0100}" for number in range(100_000)]
    names = ["a\nb", None, "Zo\u00c3\u00ab", "c", "Gr\u00f6\u00dfe", "x\ufffd", *plain]
    columns = {"id": list(range(len(names))), "a.b": names, "plain": ["\u00eb", *plain, *plain[:5]]}
    file = Counted(parquet(columns, use_dictionary=False, compression="none"))
    facts = scan_parquet(file, PARQUET)
    assert [(fault.kind, fault.line, fault.column) for fault in facts.faults] == [
        ("garbled", 3, "a.b"),
        ("lost characters", 6, "a.b"),
    ]
    assert file.count < 6_000_000 < len(file.getvalue())
    assert not scan_parquet(io.BytesIO(parquet({"x": [None], "y": [[None]]})), PARQUET).faults
    short = pyarrow.array(names[:3])
    for texts in (short.dictionary_encode(), short.cast(pyarrow.large_string()), short.cast(pyarrow.string_view())):
        [fault] = scan_parquet(io.BytesIO(parquet({"x": texts})), PARQUET).faults
        assert (fault.kind, fault.line, fault.column) == ("garbled", 3, "x")

"""The facts about an Avro file: its records, its fields, and the values that the connector loses without a word."""

import datetime
import io
import itertools
import time
import zlib
from decimal import Decimal
from typing import Any

import fastavro
import pytest

from orchestrator.reading.avro_blocks import count_records, read_header, records, written
from orchestrator.reading.avro_file import avro_rows, scan_avro
from orchestrator.reading.exact import Kind
from orchestrator.reading.facts import FileFacts, Sought
from orchestrator.reading.formats import AvroFormat
from tests import data_files

AVRO = AvroFormat(filetype="avro")
NAN, INF = float("nan"), float("inf")
DECIMAL = {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 12}
NODE = {
    "type": "record",
    "name": "Node",
    "fields": [{"name": "x", "type": "float"}, {"name": "next", "type": ["null", "Node"]}],
}


def avro(fields: dict[str, Any], *records: tuple[Any, ...], codec: str = "null", size: int = 16_000) -> bytes:
    """Return a file with these fields, whose blocks have about `size` bytes."""
    return data_files.avro(fields, *records, name="shop.v1.Sale", codec=codec, sync_interval=size)


def read_as(content: bytes, kind: Any) -> bytes:
    """Return the file with another type of its last field, of which the bytes are the same."""
    file = io.BytesIO(content)
    header = read_header(file)
    header.schema["fields"][-1]["type"] = kind
    return written(header, header.schema) + file.read()


def scan(content: bytes, *, empty: tuple[str, ...] = (), format_: AvroFormat = AVRO, **kinds: Kind) -> FileFacts:
    return scan_avro(io.BytesIO(content), format_, Sought(frozenset(empty), kinds))


def losses(facts: FileFacts) -> list[tuple[str, str, int, str, str]]:
    return [(loss.column, loss.kind, loss.line, loss.text, loss.loaded) for loss in facts.losses]


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "bzip2", "xz"])
@pytest.mark.parametrize("kind", ["long", "double"])
def test_records_are_counted_with_and_without_decoding_them(codec: str, kind: str) -> None:
    content = avro({"id": kind, "name": ["null", "string"]}, *([(1, "a")] * 5000), codec=codec)
    facts = scan(content)
    assert (facts.records, facts.names, facts.values, facts.losses) == (5000, ["id", "name"], {"id": 5000}, [])
    assert facts.header_line == 0


@pytest.mark.parametrize("kind", ["long", "double"])
def test_a_file_without_records(kind: str) -> None:
    assert scan(avro({"id": kind}), empty=("id",)) == FileFacts(names=["id"], header_line=0, values={"id": 0})


@pytest.mark.parametrize("kind", ["long", "double"])
def test_a_file_that_is_cut_off_or_damaged_is_refused_at_every_byte(kind: str) -> None:
    content = avro({"id": kind}, *([(1,)] * 40), size=100)
    header = io.BytesIO(content)
    read_header(header)
    first = header.tell()
    complete = []
    for size in range(len(content)):
        try:
            complete.append(scan(content[:size]).records)
            assert size >= first
        except (ValueError, EOFError):
            continue
    # At the end of a block, nothing in the file tells that another one followed.
    assert len(complete) < 10
    assert complete == sorted(set(complete))
    assert complete[-1] < 40
    with pytest.raises(ValueError, match="damaged" if kind == "long" else "sync"):
        scan(content[:-1] + b"?")


@pytest.mark.parametrize("codec", ["deflate", "snappy", "bzip2", "xz"])
def test_a_compressed_block_that_is_damaged_is_refused(codec: str) -> None:
    content = bytearray(avro({"x": "double"}, *[(1 / (number + 1),) for number in range(500)], codec=codec))
    read_header(file := io.BytesIO(content))
    content[file.tell() + 10 : file.tell() + 60] = b"\xff" * 50
    with pytest.raises((ValueError, EOFError, OSError, zlib.error)):  # see Files.facts
        scan(bytes(content))


@pytest.mark.parametrize(("count", "size"), [(-3, 0), (1, -1)])
def test_a_block_with_a_negative_number_is_refused(count: int, size: int) -> None:
    content = avro({"id": "long"}, (1,))
    file = io.BytesIO()
    for number in (count, size):
        fastavro.schemaless_writer(file, "long", number)
    with pytest.raises(ValueError, match="damaged"):
        scan(content + file.getvalue() + content[-16:])


def test_a_number_without_an_end_is_refused_in_no_time() -> None:
    start = time.process_time()
    with pytest.raises(ValueError, match="too long"):
        scan(avro({"id": "long"}, (1,)) + b"\xff" * 300_000)
    assert time.process_time() - start < 0.1


@pytest.mark.parametrize("content", [b"", b"Obj", b"id,name\n1,a\n" * 20, b"PAR1" * 20, b"Obj\x01\x00" + bytes(16)])
def test_another_file_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, EOFError)):
        scan(content)


def test_values_that_are_not_records_are_refused() -> None:
    file = io.BytesIO()
    fastavro.writer(file, {"type": "array", "items": "int"}, [[1, 2]])
    with pytest.raises(ValueError, match="records"):
        scan(file.getvalue())


FLOATS: dict[str, tuple[Any, Any, str]] = {
    "double": ("double", NAN, "nan"),
    "float": ("float", -INF, "-inf"),
    "type in an object": ({"type": "double"}, NAN, "nan"),
    "union": (["null", "string", "double"], INF, "inf"),
    "array": ({"type": "array", "items": ["null", "double"]}, [None, 1.0, NAN], "nan"),
    "map": ({"type": "map", "values": "double"}, {"k": 1.0, "m": INF}, "inf"),
    "record": (NODE, {"x": 1.0, "next": {"x": NAN, "next": None}}, "nan"),
    "union of records": (["null", NODE], {"x": NAN, "next": None}, "nan"),
    "deep": (
        {"type": "map", "values": {"type": "array", "items": {"type": "map", "values": "float"}}},
        {"k": [{"m": 1.0}, {"m": NAN}]},
        "nan",
    ),
}


@pytest.mark.parametrize(("kind", "value", "text"), FLOATS.values(), ids=FLOATS)
def test_a_nan_or_an_infinity_is_found_at_any_depth_with_its_record(kind: Any, value: Any, text: str) -> None:
    usual = {"union": "a", "array": [1.0], "map": {}, "deep": {}}
    name = next(name for name, case in FLOATS.items() if case[0] is kind)
    first = usual.get(name, {"x": 1.0, "next": None} if "record" in name else 1.0)
    content = avro({"id": "int", "x": kind}, *[(1, first)] * 3000, (2, value), (3, value), (4, first))
    facts = scan(content)
    assert losses(facts) == [("x", "null", 3001, text, "NULL")]
    assert facts.records == 3003


def test_a_type_that_a_later_field_refers_to() -> None:
    content = avro({"a": ["null", NODE], "b": "Node"}, (None, {"x": NAN, "next": None}))
    assert [loss[0] for loss in losses(scan(content))] == ["b"]


def test_decimals_after_the_ninth_are_found_in_columns_of_numbers() -> None:
    fields = {"short": "double", "long": ["null", "double"], "exact": DECIMAL, "text": "string", "other": "double"}
    record = (0.5, 0.12345678901, Decimal("12345678901234567.123456789012"), "0.12345678901", 0.12345678901)
    content = avro(fields, (0.1, None, Decimal(1), "12E3", 1.0), record)
    found = scan(content, short="number", long="digits", exact="digits", text="digits")
    assert losses(found) == [
        ("long", "decimals", 2, "0.12345678901", "0.123456789"),
        ("exact", "decimals", 2, "12345678901234567.123456789012", "12345678901234567.123456789"),
        ("text", "decimals", 2, "0.12345678901", "0.123456789"),
    ]
    assert scan(content).losses == []


def test_double_as_string_keeps_what_is_not_in_a_union() -> None:
    as_text = AvroFormat(filetype="avro", double_as_string=True)
    content = avro({"a": "double", "b": ["null", "double"], "c": "float"}, (NAN, INF, NAN))
    assert [loss[0] for loss in losses(scan(content, format_=as_text))] == ["b", "c"]
    # Airbyte notes a text that is not a number, but not the decimals of one.
    content = avro({"a": "double"}, (NAN,), (0.12345678901,))
    assert losses(scan(content, format_=as_text, a="number")) == [("a", "decimals", 2, "0.12345678901", "0.123456789")]


def test_a_key_that_a_map_has_twice_is_found() -> None:
    fields = [{"name": "k", "type": "string"}, {"name": "v", "type": "int"}]
    entries = {"type": "array", "items": {"type": "record", "name": "Entry", "fields": fields}}
    same, other = [{"k": "a", "v": 1}, {"k": "a", "v": 1}], [{"k": "a", "v": 1}, {"k": "a", "v": 2}]
    content = avro({"id": "int", "x": entries}, (1, same), (2, other))
    assert scan(content).losses == []  # a list of records
    assert losses(scan(read_as(content, {"type": "map", "values": "int"}))) == [("x", "repeated", 2, "a", "2")]


def test_dates_that_python_does_not_have_are_passed_over() -> None:
    content = avro({"x": "double", "day": "int"}, (NAN, 2_932_897))
    assert losses(scan(read_as(content, {"type": "int", "logicalType": "date"}))) == [("x", "null", 1, "nan", "NULL")]


def test_the_first_value_of_a_column_that_is_null_in_the_table() -> None:
    content = avro({"a": "long", "b": ["null", "long"], "c": "null"}, (1, None, None), (1, 2, None), (1, 3, None))
    facts = scan(content, empty=("a", "b", "c"))
    assert (facts.first_values, facts.values) == ({"a": 1, "b": 2}, {"a": 3})


def test_records_as_texts() -> None:
    kinds: dict[str, Any] = {"a": "bytes", "b": "boolean", "c": ["null", "int"], "d": {"type": "array", "items": "int"}}
    kinds["e"] = {"type": "int", "logicalType": "date"}
    content = avro(kinds, (b"x", True, None, [1], datetime.date(2024, 1, 2)), (b"y", False, 5, [], datetime.date.min))
    assert list(avro_rows(io.BytesIO(content))) == [
        (1, {"a": "x", "b": "true", "d": "[1]", "e": "2024-01-02"}),
        (2, {"a": "y", "b": "false", "c": "5", "d": "[]", "e": "0001-01-01"}),
    ]


def test_a_file_that_comes_in_small_pieces_is_read_whole() -> None:
    """A stream of S3 may return fewer bytes than asked for."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 7))

    content = avro({"x": "double", "s": "string"}, *[(1.0, "a" * 50)] * 500, (NAN, ""))
    assert losses(scan_avro(Slow(content), AVRO)) == losses(scan(content)) != []
    content = avro({"s": "string"}, *[("a" * 50,)] * 500)
    assert scan_avro(Slow(content), AVRO).records == 500


def test_a_block_is_read_when_the_one_before_is_done() -> None:
    file = io.BytesIO(avro({"x": "double"}, *[(NAN,)] * 100_000))
    header = read_header(file)
    assert sum(1 for _ in itertools.islice(records(file, header), 5)) == 5
    assert file.tell() < 20_000
    assert count_records(io.BytesIO(), header) == 0


def test_types_that_the_connector_does_not_know_are_noted() -> None:
    duration = {"type": "fixed", "name": "of", "size": 12, "logicalType": "duration"}
    nanos = {"type": "long", "logicalType": "timestamp-nanos"}
    usual = [DECIMAL, {"type": "long", "logicalType": "timestamp-micros"}, {"type": "string", "logicalType": "uuid"}]
    fields: dict[str, Any] = {
        "d": ["null", duration],
        "again": "of",
        "n": nanos,
        "b": {"type": "bytes", "logicalType": "big-decimal"},
    }
    fields |= {f"usual{at}": kind for at, kind in enumerate(usual)} | {"x": "bytes"}
    row = (None, bytes(12), 5, b"", Decimal(0), 5, "12345678-1234-5678-1234-567812345678", b"")
    facts = scan_avro(io.BytesIO(avro(fields, row)), AVRO)
    assert [(loss.column, loss.kind, loss.text) for loss in facts.losses] == [
        ("d", "bytes", "duration"),
        ("again", "bytes", "duration"),
        ("n", "nanoseconds as number", "timestamp-nanos"),
        ("b", "bytes", "big-decimal"),
    ]
    assert not scan_avro(io.BytesIO(avro(fields)), AVRO).losses

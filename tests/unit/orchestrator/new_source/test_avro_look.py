"""What `make new-source` finds in Avro files, and what it refuses."""

import datetime
import gzip
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from orchestrator.new_source import files
from orchestrator.new_source.avro_look import look_at_avro
from source_texts.errors import SourceError
from tests.data_files import avro, logical


def decimal(precision: int, scale: int) -> dict[str, Any]:
    return logical("bytes", "decimal", precision=precision, scale=scale)


NOW = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
COLUMNS: dict[str, tuple[Any, Any, str, str | None]] = {
    # the type and a value of each column, its declared type, and the type of its cast
    "flag": ("boolean", True, "boolean", "bool"),
    "amount": ("double", 1.5, "number", "numeric"),
    "name": (["null", "string"], "Ada", "string", "string"),
    "kind": ({"type": "enum", "name": "kind", "symbols": ["a"]}, "a", "string", "string"),
    "again": ("kind", "a", "string", "string"),
    "raw": ("bytes", "ü".encode(), "string", "string"),
    "price": (["null", decimal(20, 2)], Decimal("1.50"), "string", "numeric"),
    "fine": (decimal(30, 12), Decimal("1.500000000001"), "string", "bignumeric"),
    "huge": (decimal(60, 2), Decimal("1.50"), "string", "string"),
    "day": (logical("int", "date"), NOW.date(), "string", "date"),
    "at": (logical("long", "timestamp-micros"), NOW, "string", "timestamp"),
    "local": (logical("long", "local-timestamp-millis"), NOW.replace(tzinfo=None), "string", "datetime"),
    "hour": (logical("int", "time-millis"), datetime.time(3, 4), "string", "time"),
    "mark": (logical("string", "uuid"), uuid.UUID(int=1), "string", "string"),
    "tags": ({"type": "array", "items": "string"}, ["a"], "array", None),
    "pairs": ({"type": "map", "values": "long"}, {"a": 1}, "object", None),
    "either": (["int", "string"], "x", "string", "string"),
    "nothing": ("null", None, "string", "string"),
}


def test_types_casts_and_keys(tmp_path: Path) -> None:
    fields = {"id": "long"} | {name: kind for name, (kind, *_) in COLUMNS.items()}
    values = tuple(value for _, value, *_ in COLUMNS.values())
    plain, packed = tmp_path / "a.avro", tmp_path / "b.avro.gz"
    plain.write_bytes(avro(fields, (1, *values), (2, *values)))
    packed.write_bytes(gzip.compress(avro(fields, (3, *values))))
    found = look_at_avro([plain, packed], "events")
    assert found.declared
    expected = {name: (landing, cast and f"cast({{}} as {cast})") for name, (*_, landing, cast) in COLUMNS.items()}
    expected["id"] = ("integer", "cast({} as int64)")
    assert {column.name: (column.landing, column.cast) for column in found.columns} == expected
    assert (found.records, found.keys, found.notes) == (3, [("id",)], [])
    assert {column.name for column in found.columns if column.why} == {"huge", "either", "nothing"}
    assert next(column.example for column in found.columns if column.name == "name") == "Ada"
    assert files.file_type(plain) == files.file_type(packed) == "avro"


def test_values_that_are_loaded_as_null_are_noted(tmp_path: Path) -> None:
    path = tmp_path / "a.avro"
    path.write_bytes(avro({"x": "double"}, (1.0,), (float("nan"),)))
    [note] = look_at_avro([path], "events").notes
    assert "a.avro: x: nan" in note


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (avro({"raw": "bytes"}, (b"a",), (b"\xff",)), r"record 2.*'raw'.*UTF-8"),
        (avro({"x": {"type": "array", "items": decimal(4, 2)}}), "'x'.*decimal inside array"),
        (avro({"x": {"type": "map", "values": ["null", "bytes"]}}), "'x'.*bytes inside map"),
        (avro({"x": "long"}, *[(1,)] * 9)[:-3], "record 10.*cannot be read"),
        (b"Obj\x01 no schema", "cannot be read"),
    ],
)
def test_what_would_not_load_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "a.avro"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=f"(?s)a.avro.*{told}"):
        look_at_avro([path], "events")


def test_files_with_several_schemas_are_refused(tmp_path: Path) -> None:
    one, two = tmp_path / "1.avro", tmp_path / "2.avro"
    one.write_bytes(avro({"id": "long"}, (1,)))
    two.write_bytes(avro({"id": "string"}, ("1",)))
    with pytest.raises(SourceError, match=r"2.avro has other columns or types than 1.avro"):
        look_at_avro([one, two], "events")
    given = files.local(tmp_path, "events", tmp_path / "seed_data")
    assert (given.filetype, given.glob) == ("avro", "jaffle_shop/events/*.avro")

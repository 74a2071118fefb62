"""The checks of landing tables: files as people have them, each a stream of one connection that is synced once."""

import datetime
import gzip
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import dagster as dg
import fastavro
import pyarrow
import pyarrow.parquet
import pytest

from connections_file import Source, Stream
from connections_file.columns import with_input_schemas
from orchestrator.checks.run import TableChecks
from orchestrator.checks.table import read_table
from orchestrator.files import Bucket
from orchestrator.reading.formats import stream_files
from orchestrator.warehouse import Warehouse

from .running import RunningPlatform
from .s3_types import S3Client
from .syncs import Syncs, s3_configuration

# Dagster 1.13 reads pydantic's fields by their old name.
pytestmark = pytest.mark.filterwarnings("ignore:The `__fields__` attribute is deprecated")

NUMBERS = {"exact": "number", "text": "number"}
PERSON = {"id": "integer", "name": "string"}
CSV = {"filetype": "csv", "encoding": "utf-8-sig", "null_values": [""]}
GUESS = {"inference_type": "Primitive Types Only"}
WORDS = {"true_values": ["true"], "false_values": ["false"]}
HEADLESS = {"header_definition": {"header_definition_type": "User Provided", "column_names": ["id", "name"]}}
ADA = [(1, "Ada"), (2, "Grace")]
PEOPLE = "id,name\n1,Ada\n2,Grace\n"


@dataclass(frozen=True)
class Case:
    """A stream: its files, its format, what the checks find (by check: the facts in the description), its rows."""

    files: str | bytes | Mapping[str, str | bytes]
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the format."""
    columns: Mapping[str, str] | None = None
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    warnings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rows: list[tuple[Any, ...]] | None = None
    key: str = ""
    policy: str = "Emit Record"


def parquet(*, is_of_spark: bool = False, **columns: Any) -> bytes:
    """Return a Parquet file; Spark writes times in the type INT96."""
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), file, use_deprecated_int96_timestamps=is_of_spark)
    return file.getvalue()


def avro(fields: Mapping[str, Any], *records: tuple[Any, ...], codec: str = "null") -> bytes:
    file = io.BytesIO()
    parts = [{"name": name, "type": kind} for name, kind in fields.items()]
    rows = [dict(zip(fields, record, strict=True)) for record in records]
    fastavro.writer(file, {"type": "record", "name": "row", "fields": parts}, rows, codec=codec)
    return file.getvalue()


def archive(**members: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as found:
        for name, text in members.items():
            found.writestr(f"{name}.csv", text)
    return file.getvalue()


# Loaded without a change.
RIGHT = {
    "texts": Case(
        "zip,phone,order,price\n02134,0044123,12345678901234567890,12345678901234567.89\n",
        rows=[("02134", "0044123", "12345678901234567890", "12345678901234567.89")],
    ),
    "words": Case(
        "id,country,sent\n1,NO,0\n2,no,1\n",
        columns={"id": "integer", "country": "string", "sent": "integer"},
        rows=[(1, "NO", 0), (2, "no", 1)],
    ),
    "another_case": Case(
        {"1.csv": "ID,Name\n1,Ada\n", "2.csv": "name,id\nGrace,2\n"}, columns=PERSON, rows=ADA, key="id"
    ),
    "cases_of_files": Case({"1.csv": "id,Name\n1,Ada\n", "2.csv": "name,ID\nGrace,2\n"}, GUESS | WORDS),
    "cases_of_objects": Case(
        '{"ID": 1, "NAME": "Ada"}\n{"NAME": "Grace", "ID": 2}\n', {"filetype": "jsonl"}, PERSON, rows=ADA
    ),
    "cases_of_parquet": Case(
        parquet(ID=[1, 2], Name=["Ada", "Grace"]), {"filetype": "parquet"}, PERSON, rows=ADA, key="id"
    ),
    "one_row": Case("id,customer\n1,3\n", columns={"id": "integer", "customer": "integer"}, rows=[(1, 3)]),
    "excel": Case("\ufeffid,name,\r\n1,Ada,\r2,Grace,\n", columns=PERSON, rows=ADA),
    "wide": Case(
        "id\tname\n1\tAda\n2\tGrace\n".encode("utf-16"),
        {"encoding": "utf-16", "delimiter": "\\t"},
        PERSON,
        rows=ADA,
    ),
    "packed": Case({"a.csv.gz": gzip.compress(PEOPLE.encode())}, columns=PERSON, rows=ADA),
    "archived": Case({"a.zip": archive(a="id,name\n1,Ada\n", b="id,name\n2,Grace\n")}, columns=PERSON, rows=ADA),
    "titled": Case(f"Staff\n\n{PEOPLE}", {"skip_rows_before_header": 2}, PERSON, rows=ADA),
    "headless": Case("1,Ada\n2,Grace\n", HEADLESS, PERSON, rows=ADA),
    "categories": Case(
        {"a.parquet": parquet(name=pyarrow.array(["b", None, "b"]).dictionary_encode())},
        {"filetype": "parquet"},
        rows=[("b",), (None,), ("b",)],
    ),
    "types": Case(
        {
            "a.parquet": parquet(
                items=[[1, 2]],
                parts=[{"a": 1, "on": datetime.date(2024, 1, 2)}],
                pairs=pyarrow.array([[("k", 1)]], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
                exact=[Decimal("12345678901234567890.10")],
                at=pyarrow.array([1704164645678], pyarrow.timestamp("ms", "America/New_York")),
                raw=[b"abc"],
            )
        },
        {"filetype": "parquet"},
        rows=[
            (
                *([1, 2], {"a": 1, "on": "2024-01-02"}, {"k": 1}, "12345678901234567890.10"),
                *("2024-01-02T03:04:05.678Z", "abc"),
            )
        ],
    ),
    "times_of_spark": Case(
        parquet(is_of_spark=True, at=[datetime.datetime(1600, 1, 1), None], deep=[{"at": datetime.datetime.max}, None]),
        {"filetype": "parquet"},
        rows=[("1600-01-01T00:00:00Z", {"at": "9999-12-31T23:59:59.999999"}), (None, None)],
    ),
    "avro": Case(
        {
            "1.avro": avro({"ID": "int", "Name": ["null", "string"]}, (1, "Ada"), codec="snappy"),
            "2.avro.gz": gzip.compress(avro({"id": "long", "name": "string"}, (2, "Grace"), codec="deflate")),
        },
        {"filetype": "avro"},
        PERSON,
        rows=ADA,
        key="id",
    ),
    "avro_types": Case(
        {
            "a.avro": avro(
                {
                    "pairs": {"type": "map", "values": "long"},
                    "exact": {"type": "bytes", "logicalType": "decimal", "precision": 22, "scale": 2},
                    "day": {"type": "int", "logicalType": "date"},
                    "at": {"type": "long", "logicalType": "timestamp-millis"},
                    "x": "double",
                    "raw": "bytes",
                },
                (
                    *({"k": 2**53 + 1}, Decimal("12345678901234567890.10"), datetime.date(9999, 12, 31)),
                    *(datetime.datetime(2024, 1, 2, 3, 4, 5, 678000, datetime.UTC), float("nan"), b"abc"),
                ),
            )
        },
        {"filetype": "avro", "double_as_string": True},
        rows=[({"k": 2**53 + 1}, "12345678901234567890.10", "9999-12-31", "2024-01-02T03:04:05.678Z", "nan", "abc")],
    ),
    "members": Case(
        {"a.csv.gz": gzip.compress(b"id,name\n1,Ada\n") + gzip.compress(b"2,Grace\n")}, columns=PERSON, rows=ADA
    ),
    "names": Case('_table_x,select,1st,"name\n(full)"\n1,2,3,Ada\n', rows=[("1", "2", "3", "Ada")]),
    "control": Case("id\x01name\n1\x01Ada\n2\x01Grace\n", {"delimiter": "\x01"}, PERSON, rows=ADA),
    "broken_bar": Case("id¦name\n1¦Ada\n2¦Grace\n", {"delimiter": "¦"}, PERSON, rows=ADA),
    "dashes": Case("---\nx\n", rows=[("x",)]),
    "escaped_nulls": Case(
        "id,name\n1,\\\\N\n2,Grace\n",  # as Python writes it
        {"escape_char": "\\", "null_values": ["\\N"]},
        PERSON,
        rows=[(1, None), (2, "Grace")],
    ),
    "later_column": Case(
        {"1.csv": "id\n1\n", "2.csv": "id,name\n2,Grace\n"}, columns=PERSON, rows=[(1, None), (2, "Grace")]
    ),
}
# Airbyte loads other values than the file has: a check names the place and the remedy, and dbt does not build.
WRONG = {
    "guessed": Case(
        "zip,flag,order,price\n10115,0,1,2.5\n02134,1,12345678901234567890,12345678901234567.89\n",
        GUESS | WORDS,
        errors={
            "values_were_cast": (
                *("line 3, column 'zip'", "'02134' is loaded as 2134", "columns: {zip: string}"),
                *("line 3, column 'order'", "NULL", "line 3, column 'price'", "12345678901234568", "15 digits"),
            )
        },
    ),
    "versions": Case(
        "version,price\n1.9,2.50\n1.10,10.00\n",
        GUESS,
        errors={"values_were_cast": ("line 3, column 'version': '1.10' is loaded as 1.1", "'2.50'", "{price: number}")},
        rows=[("1.1", 10), ("1.9", "2.5")],
    ),
    "texts_of_numbers": Case(
        'whole,number,blank,x\n1_234,5_6.5, 12 ,"{""y"": 12345678901234567.89}"\n',
        columns={"whole": "integer", "number": "number", "blank": "integer", "x": "object"},
        errors={
            "values_were_cast": (
                *("line 2, column 'whole': '1_234' is loaded as 1234", "column 'number': '5_6.5' is loaded as 56.5"),
                "column 'x': '12345678901234567.89' is loaded as 12345678901234568",
            )
        },
    ),
    "null_numbers": Case(
        "id,n,s\n1,-999,-999\n2,-,-\n",
        {"null_values": ["-999", "-"]},
        {"id": "integer", "n": "number", "s": "string"},
        errors={"values_were_cast": ("line 2, column 'n': 1 of 2 rows have the value '-999'", "null_values")},
        rows=[(1, -999, None), (2, None, None)],
    ),
    "guessed_words": Case(
        "id,flag,country\n7,0,no\n8,1,no\n",
        GUESS,
        errors={"values_were_cast": ("line 2, column 'flag'", "'0' is loaded as false", "column 'country'", "'no'")},
        rows=[(7, False, False), (8, True, False)],
    ),
    "numbers": Case(
        "id,digits,finite,decimals\n1,1,1.5,2\n2,123456789012345.678,NaN,0.30000000000000004\n",
        columns={"id": "integer", "digits": "number", "finite": "number", "decimals": "number"},
        errors={
            "values_were_cast": (
                *("line 3, column 'digits'", "123456789012345.67:", "columns: {digits: string}"),
                *("line 3, column 'finite'", "'NaN' is loaded as NULL", "line 3, column 'decimals'", "nine decimals"),
            )
        },
    ),
    "comma": Case(
        "id;x\n1;5\n2;5,50\n",
        {"delimiter": ";"},
        {"id": "integer", "x": "number"},
        errors={"values_were_cast": ("line 3, column 'x'", "'5,50'")},
        rows=[(1, 5), (2, None)],
    ),
    "other_delimiter": Case("id|a,b|c\n1|2,3|4\n", errors={"columns_arrived": ("line 1", "'|'", "delimiter")}),
    "caret": Case("id^name\n1^Ada\n", errors={"columns_arrived": ("line 1", "'^'", "delimiter")}),
    "hive": Case("id\x01name\n1\x01Ada\n", errors={"columns_arrived": ("line 1", r'delimiter: "\u0001"')}),
    "settings": Case("[db]\nport=5\n", errors={"columns_arrived": ("line 1", "INI", "globs")}),
    "joined": Case(
        "id,name\n1,Ada\nid,name\n A2,Grace\n,\n",
        key="id",
        errors={
            "file_is_well_formed": ("line 3", "repeats the header", "line 5", "without values"),
            "key_is_whole": ("1 of 4 rows have no key", "1 of 4 rows have blanks around the key"),
        },
    ),
    "stopped": Case(
        {"a.csv": PEOPLE, "b.csv": "id,name\n3,Edsger\n4,Alan\nfive,Ada\n6,Barbara\n"},
        columns=PERSON,
        policy="Wait for Discover",
        errors={"row_count_matches_file": ("4 rows", "6 records", "stopped/b.csv, line 4", "Emit Record")},
        rows=[*ADA, (3, "Edsger"), (4, "Alan")],
    ),
    "not_finite": Case(
        'id,x\n1,"[1, NaN]"\n',
        columns={"id": "integer", "x": "array"},
        errors={"values_were_cast": ("line 2, column 'x': 'NaN' is loaded as NULL",)},
    ),
    "misspelt": Case(
        "id,nmae\n1,Ada\n",
        columns=PERSON,
        errors={"columns_arrived": ("line 1, column 'name'", "'nmae'")},
        rows=[(1, None)],
    ),
    "lost_header": Case(
        "1,Ada\n2,Grace\n", errors={"columns_arrived": ("line 1, column '1'", "no header", "header_definition")}
    ),
    "framed": Case(
        "+----+\n| id |\n+----+\n|  1 |\n+----+\n", errors={"columns_arrived": ("line 1", "a table with lines")}
    ),
    "another_format": Case("<?xml version='1.0'?>\n<a></a>\n", errors={"columns_arrived": ("line 1", "XML")}),
    "invisible": Case(
        "id,na\u200bme\n1,A\0da\n",
        errors={"columns_arrived": ("line 1", "invisible"), "file_is_well_formed": ("line 2", "NUL")},
    ),
    "garbled": Case(
        "id,name\n1,Zoë\n", {"encoding": "latin-1"}, errors={"file_is_well_formed": ("line 2", "UTF-8", "latin-1")}
    ),
    "keys": Case(
        "id,name\n1,Ada\n2,Grace\n1,Edsger\n,Alan\n",
        columns=PERSON,
        key="id",
        errors={
            "key_is_whole": (
                *("line 5, column 'id'", "1 of 4 rows have no key"),
                *("line 2, column 'id'", "2 rows have the key 1", "line 4"),
            )
        },
    ),
    "keys_named_url": Case(
        "url,n\n7,Ada\n8,Grace\n7,Edsger\n",
        columns={"url": "integer", "n": "string"},
        key="url",
        errors={"key_is_whole": ("line 2, column 'url'", "2 rows have the key 7", "line 4")},
    ),
    "keys_of_numbers": Case(
        "id,name\n7,a\n+07,b\n007,c\n08,d\n-1,e\n-01,f\n0,g\n00,h\n0x7,i\n9,j\n",
        key="id",
        warnings={"key_is_whole": ("3 numbers are keys in several texts", "'+07' and '7'")},
    ),
    "keys_of_parts": Case(
        "one,other\n7,1\n007,1\n007,2\n",
        columns={"one": "string", "other": "integer"},
        key="other,one",
        warnings={"key_is_whole": ("1 number is a key in several texts", "'1, 007' and '1, 7'")},
    ),
    "keys_of_codes": Case("id,name\n7,a\n08,b\n+9,c\n", key="id"),
    "keys_of_objects": Case(
        '{"id": 1}\n{"id": null}\n{"name": "x"}\n',
        {"filetype": "jsonl"},
        PERSON,
        key="id",
        errors={"key_is_whole": ("line 2, column 'id'", "2 of 3 rows have no key")},
    ),
    "keys_of_parquet": Case(
        parquet(id=[1, None, None]),
        {"filetype": "parquet"},
        key="id",
        errors={"key_is_whole": ("2 of 3 rows have no key",)},
    ),
    "json": Case(
        {"a.jsonl": '{"id": 1, "x": {"y": 1}, "n": 5}\n{"id": 2, "x": {"y": 12345678901234567.89}, "n": "five"}\n'},
        {"filetype": "jsonl"},
        {"id": "integer", "x": "object", "n": "integer"},
        errors={
            "values_were_cast": (
                *("a.jsonl, line 2, column 'x'", "12345678901234567.89", "12345678901234568", "as a text"),
                *("a.jsonl, line 2, column 'n'", "'five'"),
            )
        },
    ),
    "parquet": Case(
        {
            "a.parquet": parquet(
                x=[1.5, float("nan")],
                deep=[{"a": [1.0]}, {"a": [float("inf")]}],
                pairs=pyarrow.array([[("k", 1), ("k", 2)], None], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
            )
        },
        {"filetype": "parquet"},
        errors={
            "values_were_cast": (
                *("column 'x': 'nan' is loaded as NULL", "column 'deep': 'inf' is loaded as NULL"),
                "column 'pairs': an object has the key 'k' more than once: only its last value, 2,",
            )
        },
    ),
    "avro_values": Case(
        {
            "a.avro": avro(
                {
                    "x": "double",
                    "deep": {"type": "map", "values": {"type": "array", "items": "float"}},
                    "exact": ["null", {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 12}],
                    "hour": {"type": "long", "logicalType": "time-micros"},
                },
                (1.5, {}, Decimal(1), datetime.time(1, 2, 3)),
                (float("nan"), {"a": [1.0, float("inf")]}, Decimal("0.123456789012"), datetime.time(1, 2, 3)),
            )
        },
        {"filetype": "avro"},
        {"x": "number", "deep": "object", "exact": "number", "hour": "integer"},
        errors={
            "values_were_cast": (
                *("a.avro, record 2, column 'x': 'nan' is loaded as NULL", "record 2, column 'deep': 'inf'"),
                *("a.avro, record 1, column 'hour'", "the first is '01:02:03'"),
            )
        },
    ),
    "avro_columns": Case(
        {
            "1.avro": avro({"id": "int", "name": "string"}, (1, "Ada")),
            "2.avro": avro({"id": "int", "full_name": "string"}, (1, "Grace")),
        },
        {"filetype": "avro"},
        PERSON,
        key="id",
        errors={
            "columns_arrived": ("2.avro, column 'name': the file does not have this declared column", "'full_name'"),
            "key_is_whole": ("1.avro, record 1, column 'id': 2 rows have the key 1",),
        },
    ),
    "parquet_columns": Case(
        parquet(id=[1], full_name=["Ada"]),
        {"filetype": "parquet"},
        PERSON,
        errors={"columns_arrived": ("column 'name': the file does not have this declared column", "'full_name'")},
    ),
    "repeated_keys_in_cells": Case(
        'id,x,_airbyte_meta\n1,"{""a"": 1, ""a"": 2}",mine\n',
        columns={"id": "integer", "x": "object", "_airbyte_meta": "string"},
        errors={
            "values_were_cast": ("line 2, column 'x': an object has the key 'a' more than once",),
            "columns_arrived": ("line 1, column '_airbyte_meta'", "a value of its own"),
        },
    ),
    "repeated_keys": Case(
        {"a.jsonl": '{"id": 1, "x": {"y": 1, "y": 2}}\n{"id": 2, "id": 3}\n'},
        {"filetype": "jsonl"},
        errors={
            "values_were_cast": (
                "a.jsonl, line 1, column 'x': an object has the key 'y' more than once: only its last value, 2,",
                "a.jsonl, line 2, column 'id': an object has the key 'id' more than once: only its last value, 3,",
            )
        },
    ),
}
# Possibly intended: a check reports it, and dbt builds.
TOLD = {
    "old_column": Case(
        # The connector looks for columns in the ten newest files; the oldest is written first.
        {"12.csv": "id,discount\n12,5\n", **{f"{n:02}.csv": f"id\n{n}\n" for n in range(1, 12)}},
        warnings={"columns_arrived": ("12.csv, line 1, column 'discount'", "not loaded", "connections.yaml")},
        rows=[(f"{n}",) for n in sorted(range(1, 13), key=str)],
    ),
    "ragged": Case(
        "id,name\n1,Ada\n2\n3,Edsger,x\n4,Alan\n",
        {"ignore_errors_on_fields_mismatch": True},
        warnings={"file_is_well_formed": ("line 3", "1 values, the header has 2", "line 4")},
        rows=[("1", "Ada"), ("4", "Alan")],
    ),
    "quoted_lines": Case(
        '"id,name"\n"1,Ada"\n\n"2,Grace"\n',
        warnings={"columns_arrived": ("line 1", "quotes around each whole line", "one column of texts")},
        rows=[("1,Ada",), ("2,Grace",)],
    ),
    "blank_before_quote": Case(
        'id,name\n1, "Ada"\n',
        columns=PERSON,
        warnings={"file_is_well_formed": ("line 2", "' \"Ada\"'", "blank before its quote", "trim")},
        rows=[(1, ' "Ada"')],
    ),
    "ampersands": Case(
        "id&name\n1&Ada\n2&Grace\n",
        warnings={"columns_arrived": ("line 1", "delimiter: '&'", "one column of texts")},
        rows=[("1&Ada",), ("2&Grace",)],
    ),
    "yaml": Case("name: a\nitems:\n- b\n", warnings={"columns_arrived": ("line 1", "YAML", "one column of texts")}),
    "quoted_texts": Case('"City, State"\n"Boise, Idaho"\n', rows=[("Boise, Idaho",)]),
    "parquet_numbers": Case(
        parquet(exact=[Decimal("0.123456789012"), Decimal(1)], text=["1E-12", "12.5000000000"]),
        {"filetype": "parquet"},
        NUMBERS,
        warnings={"values_were_cast": ("'0.123456789012' is loaded as 0.123456789", "'1E-12' is loaded as 0:")},
        rows=[("0.123456789", 0), (1, "12.5")],
    ),
    "avro_numbers": Case(
        avro(
            {"exact": {"type": "bytes", "logicalType": "decimal", "precision": 30, "scale": 12}, "text": "string"},
            (Decimal(1), "12.5000000000"),
            (Decimal("0.123456789012"), "1E-12"),
        ),
        {"filetype": "avro"},
        NUMBERS,
        warnings={
            "values_were_cast": (
                "a.csv, record 2, column 'exact': '0.123456789012' is loaded as 0.123456789",
                "record 2, column 'text': '1E-12' is loaded as 0:",
            )
        },
        rows=[("0.123456789", 0), (1, "12.5")],
    ),
    "copies": Case(
        {"1.csv": "a.b,a-b\n1,2\n", "old/1.csv": "a.b,a-b\n1,2\n"},
        warnings={
            "columns_arrived": ("'a-b'", "'a.b'"),
            "file_is_well_formed": ("old/1.csv", "same content", "1.csv"),
        },
        rows=[("1", "2"), ("1", "2")],
    ),
}
CASES = RIGHT | WRONG | TOLD
# Refused by the connector: the job fails with the place and the reason.
REFUSED = {
    "blanks": (Case("id, name\n1,Ada\n", columns=PERSON), ("a.csv, line 1", "' name'")),
    "repeated": (Case("id,name,name\n1,Ada,Byron\n", columns=PERSON), ("a.csv, line 1", "'name' (columns 2, 3)")),
    "case": (Case("ID,id,name\n1,2,Ada\n", columns=PERSON), ("a.csv, line 1", "'ID'", "'id'")),
    "others": (Case("a,b\n1,Ada\n", columns=PERSON), ("a.csv, line 1", "none of the declared columns")),
    "mark": (Case("\ufeffid,name\n1,Ada\n", {"encoding": "utf8"}, PERSON), ("a.csv, line 1", "utf-8-sig")),
    "semicolons": (Case("id;name\n1;1,50\n", columns=PERSON), ("a.csv, line 1", "format.delimiter to ';'")),
    "open_quote": (Case('id,name\n1,Ada\n2,"Grace\n3,Alan\n', columns=PERSON), ("a.csv, line 3", "quote")),
    "empty": (Case({"a.csv": PEOPLE, "b.csv": ""}, columns=PERSON), ("b.csv", "empty")),
    "bad_row": (Case("id,name\n1,Ada\n2,Hop,per\n", columns=PERSON), ("a.csv, line 3", "3 values, the header has 2")),
}


def stream_options(name: str, case: Case) -> dict[str, Any]:
    """Return a stream as a source of connections.yaml has it."""
    format_ = ({} if "filetype" in case.options else CSV) | dict(case.options)
    options = {"name": name, "globs": [f"{name}/**"], "validation_policy": case.policy, "format": format_}
    return options | ({"columns": case.columns} if case.columns else {})


@pytest.fixture(scope="module")
def configuration(
    platform: RunningPlatform, s3_client: S3Client, module_patch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """A source with a stream for each case. Its bucket is the one that the checks read."""
    bucket = "landing-checks"
    s3_client.create_bucket(Bucket=bucket)
    for name, case in [*CASES.items(), *((name, case) for name, (case, _) in REFUSED.items())]:
        files = case.files if isinstance(case.files, Mapping) else {"a.csv": case.files}
        for key, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            s3_client.put_object(Bucket=bucket, Key=f"{name}/{key}", Body=body)
    for variable, value in (platform.environment | {"S3_BUCKET": bucket}).items():
        module_patch.setenv(variable, value)
    streams = [stream_options(name, case) for name, case in CASES.items()]
    yield s3_configuration(platform.s3_url, bucket, "", []) | {"streams": streams}
    for item in s3_client.list_objects_v2(Bucket=bucket)["Contents"]:
        s3_client.delete_object(Bucket=bucket, Key=item["Key"])
    s3_client.delete_bucket(Bucket=bucket)


@pytest.fixture(scope="module")
def module_patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def dataset(syncs: Syncs) -> Iterator[str]:
    """A dataset for the tables of this module."""
    name = "landing_checks"
    syncs.bigquery.create_dataset(name)
    yield name
    syncs.bigquery.delete_dataset(name, delete_contents=True)


def connect(syncs: Syncs, configuration: dict[str, Any], dataset: str) -> str:
    """Create a connection with all streams of the source; return its id."""
    mode = "full_refresh_overwrite"
    streams = [{"name": stream["name"], "syncMode": mode} for stream in configuration["streams"]]
    source = with_input_schemas("source-s3", configuration)
    return syncs.connect(source, dataset, mode, configurations={"streams": streams})


@pytest.fixture(scope="module")
def found(configuration: dict[str, Any], syncs: Syncs, dataset: str) -> dict[str, list[dg.AssetCheckResult]]:
    """The results of all checks of each table, after one sync of all streams."""
    syncs.sync(connect(syncs, configuration, dataset))
    source, results = Source(name="s3", connector="source-s3", configuration=configuration), {}
    warehouse, bucket = Warehouse(), Bucket()
    with dg.DagsterInstance.ephemeral() as instance:
        for name, case in CASES.items():
            stream = Stream(
                name=name,
                sync_mode="full_refresh_overwrite",
                dbt_source=f"files.{name}",
                primary_key=[[name] for name in case.key.split(",") if name],
            )
            checks = TableChecks(stream, f"local-dev.{dataset}.{name}", stream_files(stream, source))
            selected = {spec.name for spec in checks.specs}
            table = checks.read(warehouse)
            results[name] = list(checks.results(table, selected, warehouse, bucket, instance))
    return results


def told(results: list[dg.AssetCheckResult], severity: dg.AssetCheckSeverity) -> dict[str, str]:
    """Return the description of each failed check of this severity."""
    return {
        result.check_name or "": result.description or ""
        for result in results
        if not result.passed and result.severity == severity
    }


def test_wrong_values_are_told_with_place_and_remedy_and_right_ones_pass(
    found: dict[str, list[dg.AssetCheckResult]],
) -> None:
    unexpected = {}
    for name, case in CASES.items():
        for severity, expected in (
            (dg.AssetCheckSeverity.ERROR, case.errors),
            (dg.AssetCheckSeverity.WARN, case.warnings),
        ):
            said = told(found[name], severity)
            complete = all(fact in said.get(check, "") for check, facts in expected.items() for fact in facts)
            extra = said.keys() - expected.keys() if severity == dg.AssetCheckSeverity.ERROR or not case.errors else ()
            if extra or not complete:
                unexpected[f"{name}, {severity.value}"] = said
    assert unexpected == {}


def test_each_table_has_the_values_of_its_files(found: dict[str, list[dg.AssetCheckResult]], syncs: Syncs) -> None:
    assert set(found) == set(CASES)
    tables = {name: case.rows for name, case in CASES.items() if case.rows is not None}
    # One query, because each costs the emulator a tenth of a second.
    parts = (f"select '{name}', to_json_string(t) from landing_checks.{name} as t" for name in tables)
    rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in tables}
    for name, text in syncs.rows(" union all ".join(parts)):
        rows[name].append(tuple(value for column, value in json.loads(text).items() if not column.startswith("_a")))
    different = {
        name: rows[name]
        for name, expected in tables.items()
        if sorted(rows[name], key=repr) != sorted(expected, key=repr)
    }
    assert different == {}


@pytest.mark.usefixtures("configuration")
@pytest.mark.parametrize("name", ["id", "n", "order"])
def test_the_keys_that_are_repeated_are_counted_exactly(syncs: Syncs, dataset: str, name: str) -> None:
    """Keys of one INTEGER column are counted by bits: 32 neighbours share a group."""
    least, most = -(2**63), 2**63 - 1
    keys = [None, -33, -32, -31, -1, -1, 0, 0, 0, 31, 32, 2**31, 2**32, least, least, most - 1, most, most, None]
    table = f"local-dev.{dataset}.keys_{name}"
    values = ", ".join("(null)" if key is None else f"(cast('{key}' as int64))" for key in keys)
    syncs.bigquery.query_and_wait(f"create table `{table}` (`{name}` int64)")
    syncs.bigquery.query_and_wait(f"insert into `{table}` values {values}")
    facts = read_table(Warehouse(), table, [name])
    assert (facts.rows, facts.key_nulls, facts.key_duplicates) == (len(keys), 2, 5)


@pytest.mark.usefixtures("configuration")
def test_rows_of_older_versions_of_a_file_and_empty_keys_are_counted(syncs: Syncs, dataset: str) -> None:
    table, rows = f"local-dev.{dataset}.rows_of_versions", (("a", "X", 1), ("b", "X", 2), ("c", "X", 2), ("", "Y", 1))
    values = ", ".join(f"('{key}', '{url}', timestamp '2026-01-0{day}')" for key, url, day in rows)
    columns = "id string, _ab_source_file_url string, _ab_source_file_last_modified timestamp"
    syncs.bigquery.query_and_wait(f"create table `{table}` ({columns})")
    syncs.bigquery.query_and_wait(f"insert into `{table}` values {values}")
    facts = read_table(Warehouse(), table, ["id"], has_versions=True)
    assert (facts.rows, facts.older, facts.key_empty) == (4, 1, 1)
    assert read_table(Warehouse(), table, ["id"]).older == 0


def test_a_file_that_cannot_be_read_right_fails_its_job_with_the_place(
    configuration: dict[str, Any], syncs: Syncs, dataset: str
) -> None:
    streams = [stream_options(name, case) for name, (case, _) in REFUSED.items()]
    job = syncs.sync(connect(syncs, configuration | {"streams": streams}, dataset), expect="failed")
    lines = [line for line in syncs.log(job["jobId"]).splitlines() if "ERROR Stream" in line]
    for name, (_, facts) in REFUSED.items():
        said = next((line for line in lines if f"Stream {name}: {name}/" in line), "nothing")
        assert all(fact in said for fact in facts), (name, said)
    assert not REFUSED.keys() & {table.table_id for table in syncs.bigquery.list_tables(dataset)}

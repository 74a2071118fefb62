"""Files that are loaded without a change."""

import datetime
import gzip
from decimal import Decimal

import pyarrow
import pyarrow.parquet

from tests.data_files import avro, zipped

from .case import ADA, GUESS, HEADLESS, PEOPLE, PERSON, WORDS, Case, parquet

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
    "names_of_several_objects": Case(
        '{"id": 1, "Name": "Ada"}\n{"id": 2, "name": "Grace"}\n', {"filetype": "jsonl"}, rows=ADA
    ),
    "short_floats": Case(
        parquet(x=pyarrow.array([0.1, 3.14, None], "float"), y=pyarrow.array([0.1, 1.5, None], "float16")),
        {"filetype": "parquet"},
        rows=[("0.100000001", "0.099975586"), ("3.140000105", "1.5"), (None, None)],
    ),
    "short_floats_of_avro": Case(
        avro({"x": "float", "y": ["null", "float"]}, (0.1, 3.14), (1.5, None)),
        {"filetype": "avro"},
        {"x": "number", "y": "number"},
        rows=[("0.100000001", "3.140000105"), ("1.5", None)],
    ),
    "ratios": Case("x~y ratio\n1~2 ratio\n", rows=[("1~2 ratio",)]),
    "one_row": Case("id,customer\n1,3\n", columns={"id": "integer", "customer": "integer"}, rows=[(1, 3)]),
    "excel": Case("\ufeffid,name,\r\n1,Ada,\r2,Grace,\n", columns=PERSON, rows=ADA),
    "wide": Case(
        "id\tname\n1\tAda\n2\tGrace\n".encode("utf-16"),
        {"encoding": "utf-16", "delimiter": "\\t"},
        PERSON,
        rows=ADA,
    ),
    "packed": Case({"a.csv.gz": gzip.compress(PEOPLE.encode())}, columns=PERSON, rows=ADA),
    "archived": Case(
        {"a.zip": zipped({"a.csv": "id,name\n1,Ada\n", "b.csv": "id,name\n2,Grace\n"})}, columns=PERSON, rows=ADA
    ),
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

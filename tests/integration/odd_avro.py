"""Avro files with values that do not exist in Python, in JSON or in Airbyte."""

import datetime
import io
from decimal import Decimal
from typing import Any

import fastavro

from orchestrator.reading.avro_blocks import read_header, written
from tests.data_files import logical

NODES = [
    {"name": "node", "type": ["null", {"type": "record", "name": "Node", "fields": []}], "default": None},
    {"name": "other_node", "type": ["null", "Node"], "default": None},
]
"""Fields of which one refers to the type of the other; they are NULL."""


def avro(kind: Any, *values: Any, stored: Any = None, codec: str = "null") -> bytes:
    """Return a file with the columns `id` and `name`, and two that are NULL.

    `stored` is the type by which the values of `name` are written, if Python has no such values of the type `kind`.
    """
    file = io.BytesIO()
    fields = [{"name": "id", "type": "int"}, *NODES, {"name": "name", "type": stored or kind}]
    rows = [{"id": number, "name": value} for number, value in enumerate(values)]
    fastavro.writer(file, {"type": "record", "name": "row", "fields": fields}, rows, codec=codec)
    if not stored:
        return file.getvalue()
    file.seek(0)
    header = read_header(file)
    header.schema["fields"][-1]["type"] = kind
    return written(header, header.schema) + file.read()


def damaged(codec: str) -> bytes:
    """Return a file whose first block is compressed, and damaged at its begin and in its middle."""
    content = bytearray(avro("string", *[str(number) * 5 for number in range(500)], codec=codec))
    file = io.BytesIO(content)
    read_header(file)
    for place in (file.tell() + 10, (file.tell() + len(content)) // 2):
        content[place : place + 4] = b"\xff" * 4
    return bytes(content)


DECIMAL = logical("bytes", "decimal", precision=20, scale=2)
YEAR_10000 = 253_402_300_800
"""Seconds since 1970."""
CODECS = ("deflate", "snappy", "bzip2", "xz")
MANY = avro("string", *["a" * 50] * 1000)
ODD: dict[str, tuple[bytes, list[str]]] = {
    "date after 9999": (avro(logical("int", "date"), 0, 2_932_897, stored="int"), ["record 2", "date", "year 10000"]),
    "date before 1": (
        avro(["null", logical("int", "date")], 0, -719_163, stored=["null", "int"]),
        ["record 2", "date"],
    ),
    "time after 9999": (
        avro(logical("long", "timestamp-micros"), 0, YEAR_10000 * 10**6, stored="long"),
        ["record 2", "timestamp-micros", "range"],
    ),
    "25 hours": (
        avro(logical("long", "time-micros"), 0, 25 * 3600 * 10**6, stored="long"),
        ["record 2", "time-micros"],
    ),
    "no uuid": (avro(logical("string", "uuid"), "x", stored="string"), ["record 1", "uuid"]),
    "bytes": (avro("bytes", b"a", b"\xff"), ["record 2", "0xff"]),
    "fixed": (avro({"type": "fixed", "name": "two", "size": 2}, b"ab", b"\xff\xff"), ["record 2", "0xff"]),
    "decimal that is too long": (
        avro(["null", DECIMAL], b"\x01", (10**20 + 1).to_bytes(9, "big"), stored=["null", "bytes"]),
        ["record 2", "digits", "precision is 20"],
    ),
    "decimal in an array": (avro({"type": "array", "items": DECIMAL}, [], [Decimal(1)]), ["record 2", "Decimal"]),
    "bytes in a map": (avro({"type": "map", "values": "bytes"}, {"a": b"a"}), ["record 1", "bytes"]),
}
FAULTS: dict[str, tuple[bytes, list[str]]] = {
    **{f"{name}.avro": (content, [*facts, "column 'name'", "text"]) for name, (content, facts) in ODD.items()},
    "cut off.avro": (MANY[:-20], ["damaged or cut off after", "records", "upload"]),
    "cut off at the end.avro": (MANY[:-1], ["damaged or cut off after 1000 records", "upload"]),
    "late.avro": (avro("bytes", *[b"a" * 50] * 1000, b"\xff"), ["record 1001, column 'name'", "0xff"]),
    **{f"{codec}.avro": (damaged(codec), ["damaged or cut off after 0 records", "upload"]) for codec in CODECS},
    "zstandard.avro": (MANY.replace(b"\x08null", b"\x12zstandard"), ["zstandard", "deflate"]),
}
"""Each file with facts in the message."""
READ: dict[str, tuple[bytes, list[Any]]] = {
    "decimals.avro": (
        avro(["null", DECIMAL], Decimal("1.50"), Decimal("12345678901234567.10")),
        ["1.50", "12345678901234567.10"],
    ),
    "days.avro": (
        avro(["null", logical("int", "date")], datetime.date.min, datetime.date.max),
        ["0001-01-01", "9999-12-31"],
    ),
    "days in arrays.avro": (
        avro({"type": "array", "items": logical("int", "date")}, [datetime.date.max]),
        [["9999-12-31"]],
    ),
}
"""Each file with the values of `name` that it is read as."""

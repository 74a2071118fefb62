"""Values that Airbyte loads in another form than the file has them: the check `values_were_cast`."""

import datetime
from decimal import Decimal

import pyarrow
import pyarrow.parquet

from tests.data_files import avro, logical

from .case import GUESS, WORDS, Case, parquet

WRONG_VALUES = {
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
    "not_finite": Case(
        'id,x\n1,"[1, NaN]"\n',
        columns={"id": "integer", "x": "array"},
        errors={"values_were_cast": ("line 2, column 'x': 'NaN' is loaded as NULL",)},
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
    "types_of_avro_as_stored": Case(
        {
            "a.avro": avro(
                {
                    "d": ["null", {"type": "fixed", "name": "of", "size": 12, "logicalType": "duration"}],
                    "n": logical("long", "timestamp-nanos"),
                    "i": logical("long", "local-timestamp-nanos"),
                },
                (b"\x01\0\0\0" * 3, 1_700_000_000_123_456_789, 5),
            )
        },
        {"filetype": "avro"},
        {"d": "string", "n": "string", "i": "integer"},
        errors={
            "values_were_cast": (
                "a.avro, column 'd': a duration is loaded as its bytes, read as a text",
                "a.avro, column 'n': a timestamp-nanos is loaded as the number of its nanoseconds",
            )
        },
        rows=[("\x01\0\0\0" * 3, "1700000000123456789", 5)],
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

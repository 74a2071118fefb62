"""Parquet files with values that do not exist in Python, in JSON or in Airbyte."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pyarrow as pa

from tests import data_files

DAY = 86_400
YEAR_10000 = 253_402_300_800
"""Seconds since 1970."""


def parquet(column: pa.Array, **options: Any) -> bytes:
    """Return a file with the column `name` in row groups of one row, and the column `id`."""
    columns = {"id": list(range(len(column))), "name": column}
    return data_files.parquet(columns, row_group_size=1, **options)


def numbers(kind: pa.DataType, *values: int) -> pa.Array:
    """Return values of a type, given the numbers that the file stores for them."""
    stored = pa.array([0, *values], pa.int32() if kind.bit_width == 32 else pa.int64())
    return pa.Array.from_buffers(kind, len(stored), stored.buffers())


def lists(values: pa.Array) -> pa.Array:
    """Return each value in a list of its own."""
    return pa.ListArray.from_arrays(list(range(len(values) + 1)), values)


def objects(values: pa.Array) -> pa.Array:
    """Return each value in an object of its own."""
    return pa.StructArray.from_arrays([values], ["a"])


SECOND_ROW: dict[str, tuple[pa.Array, str]] = {
    "date after 9999": (numbers(pa.date32(), 2_932_897), "10000-01-01"),
    "date before 1": (numbers(pa.date32(), -719_163), "0000-12-31"),
    "date of milliseconds": (numbers(pa.date64(), YEAR_10000 * 1000), "10000-01-01"),
    "time after 9999": (numbers(pa.timestamp("us"), YEAR_10000 * 10**6), "10000-01-01T00:00:00"),
    "time before 1": (numbers(pa.timestamp("ms", "UTC"), -(2**50)), "years 1 to 9999"),
    "year 0 in the zone": (numbers(pa.timestamp("us", "America/New_York"), -62_135_596_800_000_000), "New_York"),
    "25 hours": (numbers(pa.time64("us"), 25 * 3600 * 10**6), "90,000"),
    "24 hours of nanoseconds": (numbers(pa.time64("ns"), DAY * 10**9), "86,400"),
    "24 hours of milliseconds": (numbers(pa.time32("ms"), DAY * 1000), "86,400"),
    "before midnight": (numbers(pa.time64("us"), -5), "-0.000005"),
    "hours in a list": (lists(numbers(pa.time64("us"), 25 * 3600 * 10**6)), "90,000"),
    "date in a list": (lists(numbers(pa.date32(), 2_932_897)), "date32"),
    "time in an object": (objects(numbers(pa.timestamp("us"), YEAR_10000 * 10**6)), "timestamp"),
    "category of dates": (numbers(pa.date32(), 2_932_897).dictionary_encode(), "10000-01-01"),
    "bytes": (pa.array([b"a", b"\xff"], pa.binary()), "0xff"),
    "two bytes": (pa.array([b"ab", b"\xff\xff"], pa.binary(2)), "0xff"),
}
FIRST_ROW: dict[str, tuple[pa.Array, str]] = {
    "unknown zone": (numbers(pa.timestamp("us", "Mars/Olympus"), 5), "Mars/Olympus"),
    "decimal in an object": (objects(pa.array([Decimal("1.5")])), "Decimal"),
    "nanoseconds in a list": (lists(numbers(pa.timestamp("ns"), 1)), "timestamp[ns]"),
    "duration in a list": (lists(numbers(pa.duration("us"), 5)), "duration"),
    "bytes in a list": (pa.array([[b"a"]]), "binary"),
    "dates as keys": (pa.array([[(0, "a")]], pa.map_(pa.date32(), pa.string())), "map"),
}
ODD: dict[str, tuple[bytes, list[str]]] = {
    f"{name}.parquet": (parquet(column), [f"row {row}, column 'name'", fact, "text"])
    for row, columns in ((1, FIRST_ROW), (2, SECOND_ROW))
    for name, (column, fact) in columns.items()
}
"""Each file with facts in the message."""
YEARS = numbers(pa.timestamp("us"), -11_676_096_000_000_000, YEAR_10000 * 10**6 - 1)
EXACT: dict[str, tuple[bytes, list[Any]]] = {
    "durations.parquet": (parquet(numbers(pa.duration("ms"), 1001, 2**62)), [0, 1001, 2**62]),
    "76 digits.parquet": (parquet(pa.array([Decimal("1" * 76)], pa.decimal256(76, 0))), ["1" * 76]),
    "hours.parquet": (parquet(numbers(pa.time64("us"), DAY * 10**6 - 1)), ["00:00:00", "23:59:59.999999"]),
    "days.parquet": (parquet(numbers(pa.date32(), 2_932_896, -719_162)), ["1970-01-01", "9999-12-31", "0001-01-01"]),
    "times as Spark writes them.parquet": (
        parquet(YEARS, use_deprecated_int96_timestamps=True),
        ["1970-01-01T00:00:00", "1600-01-01T00:00:00", "9999-12-31T23:59:59.999999"],
    ),
    "numbers as keys.parquet": (parquet(pa.array([[(1, "a")]], pa.map_(pa.int32(), pa.string()))), [{"1": "a"}]),
}
"""Each file with the values of `name` that it is read as."""

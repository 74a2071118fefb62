"""Makes Parquet files: columns of every type, in row groups and encodings of every kind."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from .values import ANY, NAMES, TIMES, case, letters, schemas, seldom, settings_of_the_sync

INTEGERS = {(pa.int8, pa.uint8): 8, (pa.int16, pa.uint16): 16, (pa.int32, pa.uint32): 32, (pa.int64, pa.uint64): 64}
ZONES = [None, "UTC", "+00:00", "Etc/UTC", "Europe/Berlin", "America/New_York", "-03:30", "Z"]
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
texts = letters | st.sampled_from(ANY)
Column = tuple[pa.DataType, st.SearchStrategy[Any]]

COLUMNS: list[Column] = [
    *((signed(), st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)) for (signed, _), bits in INTEGERS.items()),
    *((unsigned(), st.integers(0, 2**bits - 1)) for (_, unsigned), bits in INTEGERS.items()),
    (pa.float64(), st.floats()),
    (pa.float64(), st.integers(0, 10**6).map(lambda number: number / 100)),
    (pa.float32(), st.floats(width=32)),
    (pa.float16(), st.floats(width=16)),
    (pa.bool_(), st.booleans()),
    (pa.string(), texts),
    (pa.large_string(), st.sampled_from(TIMES)),
    (pa.string_view(), texts),
    (pa.binary(), st.binary(max_size=2)),
    (pa.large_binary(), texts.map(str.encode)),
    (pa.binary(2), st.binary(min_size=2, max_size=2)),
    (pa.date32(), st.dates()),
    (pa.date64(), st.dates()),
    (pa.time32("s"), st.times().map(lambda time: time.replace(microsecond=0))),
    (pa.time32("ms"), st.integers(0, 86_399_999)),
    (pa.time64("us"), st.times()),
    (pa.time64("ns"), st.integers(0, 86_399 * 10**9)),
    (pa.decimal128(20, 5), st.decimals(-(10**9), 10**9, places=5)),
    (pa.decimal128(38, 9), st.decimals(-(10**28), 10**28, places=9)),
    (pa.decimal128(38, 20), st.decimals(-(10**17), 10**17, places=20)),
    (pa.decimal128(9, 2), st.decimals(-(10**6), 10**6, places=2)),
    (pa.decimal256(76, 30), st.decimals(-(10**40), 10**40, places=30)),
    (pa.list_(pa.int64()), st.lists(st.none() | st.integers(-9, 9), max_size=2)),
    (pa.large_list(pa.string()), st.lists(st.none() | texts, max_size=2)),
    (pa.list_(pa.float32(), 2), st.lists(st.floats(width=32), min_size=2, max_size=2)),
    (
        pa.list_(pa.list_(pa.timestamp("us"))),
        st.lists(st.none() | st.lists(st.none() | st.datetimes(), max_size=2), max_size=2),
    ),
    (pa.struct([("a", pa.float64())]), st.fixed_dictionaries({"a": st.none() | st.floats()})),
    (
        pa.struct([("b", pa.string()), ("c", pa.struct([("a", pa.uint64()), ("d", pa.decimal128(5, 2))]))]),
        st.fixed_dictionaries(
            {"b": st.none() | texts, "c": st.none() | st.fixed_dictionaries({"a": st.integers(0, 2**64 - 1)})}
        ),
    ),
    (pa.map_(pa.string(), pa.int64()), st.lists(st.tuples(texts, st.none() | st.integers(-9, 9)), max_size=2)),
    (
        pa.map_(pa.int32(), pa.list_(pa.bool_())),
        st.lists(st.tuples(st.integers(0, 9), st.lists(st.booleans(), max_size=1)), max_size=2),
    ),
    (pa.duration("ms"), st.integers(0, 10**6)),
    (pa.duration("ns"), st.integers(-(10**12), 10**12)),
    (pa.dictionary(pa.int32(), pa.string()), st.sampled_from(["x", "y", ""])),
    (pa.dictionary(pa.int8(), pa.string(), ordered=True), st.sampled_from(TIMES)),
    (pa.dictionary(pa.int8(), pa.int64()), st.integers(0, 2)),
    (pa.dictionary(pa.int8(), pa.float64()), st.sampled_from([0.0, -0.0, 1.5])),
    (pa.null(), st.none()),
]


@st.composite
def timestamps(draw: st.DrawFn) -> Column:
    """Return a column of times of any unit and zone. Most of the times are in the years 1 to 9999."""
    unit = draw(st.sampled_from(list(PER_SECOND)))
    most = 2**61 // (1000 if unit == "s" else 1)  # seconds are written as milliseconds
    largest = most if seldom(draw, 6) else min(most, 250_000_000_000 * PER_SECOND[unit])
    least = max(-largest, -62_135_596_800 * PER_SECOND[unit]) if largest < most else -largest
    whole = st.integers(least // PER_SECOND[unit], largest // PER_SECOND[unit]).map(
        lambda second: second * PER_SECOND[unit]
    )
    return pa.timestamp(unit, draw(st.sampled_from(ZONES))), whole | st.integers(least, largest)


@st.composite
def parquet_cases(draw: st.DrawFn) -> dict[str, Any]:
    """Parquet files of columns of every type; the names of some folders contain a value."""
    names = draw(st.lists(st.sampled_from([*NAMES, ""]), min_size=1, max_size=5, unique=True))
    columns = {name: draw(timestamps() if seldom(draw, 5) else st.sampled_from(COLUMNS)) for name in names}
    key = draw(
        st.sampled_from(
            [
                "0.parquet",
                "0.parquet",
                "a=7/0.parquet",
                "day=2024-01-01/id=x/0.parquet",
                "a=b=c/x=/0.parquet",
                "na%6De=%22/0.parquet",
            ]
        )
    )
    files = {key: draw(contents(columns))}
    if seldom(draw, 5):
        if seldom(draw, 2):  # a column may have another type in another file
            columns[names[0]] = draw(st.sampled_from(COLUMNS))
        files["1.parquet"] = draw(contents(columns))
    format_ = {"filetype": "parquet", "decimal_as_float": draw(st.booleans())}
    more = draw(st.one_of(st.just({}), schemas([*filter(None, names), "day"])))
    return case(files, format_, **more, **draw(settings_of_the_sync()))


@st.composite
def contents(draw: st.DrawFn, columns: dict[str, Column]) -> bytes:
    """Return a file of several row groups; some are empty."""
    groups = [draw(tables(columns, draw(st.integers(0, 5)))) for _ in range(draw(st.integers(1, 3)))]
    file = pa.BufferOutputStream()
    options: dict[str, Any] = {
        "use_dictionary": draw(st.booleans()),
        "compression": draw(st.sampled_from(["snappy", "none", "zstd", "gzip"])),
        "data_page_version": draw(st.sampled_from(["1.0", "2.0"])),
        "version": draw(st.sampled_from(["1.0", "2.6", "2.6"])),
        "store_schema": draw(st.booleans()),
        "use_deprecated_int96_timestamps": seldom(draw, 4),
        "store_decimal_as_integer": draw(st.booleans()),
        "data_page_size": 1 if seldom(draw, 8) else 1 << 20,
    }
    try:
        with pq.ParquetWriter(file, groups[0].schema, **options) as writer:
            for group in groups:
                writer.write_table(group, row_group_size=draw(st.sampled_from([1, 2, 100])))
    except pa.ArrowException:  # for example a time that int96 or the version does not hold
        file = pa.BufferOutputStream()
        pq.write_table(groups[0], file)
    content: bytes = file.getvalue().to_pybytes()
    return content[: draw(st.integers(0, len(content)))] if seldom(draw, 20) else content


@st.composite
def tables(draw: st.DrawFn, columns: dict[str, Column], rows: int) -> pa.Table:
    """Return a table. A text column sometimes has invalid bytes."""
    made = {}
    for name, (type_, values) in columns.items():
        nulls = st.none() | values if draw(st.booleans()) else values
        made[name] = pa.array(draw(st.lists(nulls, min_size=rows, max_size=rows)), type_)
        if type_ == pa.string() and seldom(draw, 25):
            made[name] = pa.array([b"\xff"] * rows, pa.binary()).view(pa.string())
    return pa.table(made)

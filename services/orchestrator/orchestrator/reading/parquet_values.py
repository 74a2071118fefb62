"""What the values of a Parquet file lose: only the columns are read in which a value can lose something.

These are columns of doubles (NaN, infinity, decimals after the ninth), at any depth; times with nanoseconds; times of
day, which may be outside of a day; durations; maps, of which a key may be there twice; and, if the column of the table
has numbers, decimals with more than nine decimals and texts.
"""

from collections.abc import Iterator
from typing import Any

from orchestrator.reading.exact import NUMERIC_LIMIT, LossKind, digits_loss, text_loss
from orchestrator.reading.facts import FileFacts, Loss, Sought
from orchestrator.reading.names import borne

DECIMALS = 9
"""A NUMERIC keeps so many."""
MANY_DECIMALS = r"\.[0-9]{9}[0-9]*[1-9]|[eE]-"
"""What a number has that may lose decimals."""
MOST_MICROSECONDS = (2**63 - 1) // 1000
"""Since 1970: the times that can be a number of nanoseconds."""
BATCH_ROWS = 65_536
"""So many rows are in memory at a time."""
DAY_SECONDS = 24 * 60 * 60
PER_SECOND = {"s": 1, "ms": 1000, "us": 1_000_000, "ns": 1_000_000_000}
WITH_ROW: frozenset[LossKind] = frozenset({"days", "durations"})
"""The losses of which the row is known."""
MOST_CANDIDATES = 1000
"""So many numbers of a batch are compared exactly; the others only as doubles."""


def note_losses(file: Any, facts: FileFacts, sought: Sought) -> None:
    """Note the first loss of each kind for each column. `file` is a pyarrow.parquet.ParquetFile."""
    schema = file.schema_arrow
    numeric = {field.name for field in schema if borne(field.name) & sought.kinds.keys()}
    wanted = {field.name for field in schema if _can_lose(field.type, numeric=field.name in numeric)}
    paths = [file.metadata.schema.column(at).path for at in range(file.metadata.num_columns)]
    # A name with a dot may be a path: then pyarrow reads more than is wanted, not less.
    chosen = [path for path in paths if path in wanted or path.split(".")[0] in wanted]
    if not chosen:
        return
    noted: set[tuple[str, str]] = set()
    rows = 0
    for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=chosen):
        for field in batch.schema:
            sought_here = field.name in numeric and not noted & {(field.name, "decimals"), (field.name, "digits")}
            column = batch.column(field.name)
            for kind, text, loaded in _losses(column, numeric=sought_here):
                if (field.name, kind) not in noted:
                    noted.add((field.name, kind))
                    row = rows + _first_row(column, kind) if kind in WITH_ROW else 0
                    facts.losses.append(Loss(column=field.name, kind=kind, line=row, text=text, loaded=loaded))
        rows += len(batch)


def _first_row(column: Any, kind: str) -> int:
    """Return the number of the first row whose value has this loss."""
    least, most = 1, len(column)  # of the first rows: so many have none, and so many have one
    while least < most:
        middle = (least + most) // 2
        found = any(each == kind for each, *_ in _losses(column.take(list(range(middle))), numeric=False))
        least, most = (least, middle) if found else (middle + 1, most)
    return least


def note_int96(exact: Any, loaded: Any, facts: FileFacts) -> None:
    """Note what the times of the type INT96 lose, which are a day and nanoseconds of it: at most one of each kind.

    `exact` and `loaded` are the file, read with nanoseconds and with microseconds. Of a year before 1678 or after 2261,
    the nanoseconds since 1970 are a wrong number, but their last digits are right. airbyte-lite reads microseconds.
    Airbyte's connector reads nanoseconds, so it loads a wrong year, unless the time is in a list, a map or an object:
    then it fails.
    """
    import numpy

    names = exact.schema_arrow.names
    columns = [exact.metadata.schema.column(at) for at in range(exact.metadata.num_columns)]
    paths = [column.path for column in columns if column.physical_type == "INT96"]
    found: set[str] = set()
    wrong: set[str] = set()
    rows = 0
    batches = (file.iter_batches(batch_size=BATCH_ROWS, columns=paths) for file in (exact, loaded))
    for fine, coarse in zip(*batches, strict=True):
        for name in {*fine.schema.names} & {*paths} - wrong:
            if (loss := _wrong_year(fine.column(name), coarse.column(name), name, rows)) is not None:
                wrong.add(name)
                facts.losses.append(loss)
        rows += len(fine)
        for name in names:
            if name in found or name not in fine.schema.names:
                continue
            for times, moments in zip(_times(fine.column(name)), _times(coarse.column(name)), strict=True):
                rest = times.view(numpy.int64) - moments.view(numpy.int64) * 1000
                if rest.any():
                    first = rest.nonzero()[0][0]
                    moment = str(moments[first]).replace("T", " ")
                    found.add(name)
                    facts.losses.append(
                        Loss(column=name, kind="nanoseconds", line=0, text=f"{moment}{rest[first]:03}", loaded=moment)
                    )
                    break


def _wrong_year(fine: Any, coarse: Any, name: str, rows: int) -> Loss | None:
    """Return the first time of a column whose nanoseconds since 1970 are a wrong number, after so many rows."""
    import numpy
    import pyarrow

    moments = coarse.cast(pyarrow.int64()).fill_null(0).to_numpy()
    outside = (numpy.abs(moments) > MOST_MICROSECONDS).nonzero()[0]
    if not len(outside):
        return None
    at = int(outside[0])
    text, loaded = (str(each[at].cast(pyarrow.timestamp("us"), safe=False)) for each in (coarse, fine))
    return Loss(column=name, kind="years", line=rows + at + 1, text=text, loaded=loaded)


def _times(array: Any) -> Iterator[Any]:
    """Yield the times of a column, at any depth, without NULL, as arrays of NumPy."""
    import pyarrow.types as types

    if types.is_struct(array.type):
        for part in array.flatten():
            yield from _times(part)
    elif types.is_map(array.type):
        yield from _times(array.keys)
        yield from _times(array.items)
    elif types.is_nested(array.type):
        yield from _times(array.flatten())
    else:
        yield array.drop_null().to_numpy(zero_copy_only=False)


def _can_lose(kind: Any, *, numeric: bool = False) -> bool:
    """Return whether a value of this type can lose something. `numeric`: the column of the table has numbers."""
    import pyarrow.types as types

    if types.is_dictionary(kind):
        return _can_lose(kind.value_type, numeric=numeric)
    if numeric and _is_text(kind):
        return True
    if types.is_map(kind):
        return True
    if types.is_nested(kind):
        return any(_can_lose(kind.field(at).type) for at in range(kind.num_fields))
    return bool(types.is_floating(kind) or types.is_time(kind) or types.is_duration(kind)) or _has_nanoseconds(kind)


def _is_text(kind: Any) -> bool:
    """Return whether the connector delivers a number of this type as text, which may have many decimals."""
    import pyarrow.types as types

    many = types.is_decimal(kind) and kind.scale > DECIMALS
    return bool(many or types.is_string(kind) or types.is_large_string(kind))


def _has_nanoseconds(kind: Any) -> bool:
    import pyarrow.types as types

    return (types.is_timestamp(kind) or types.is_time64(kind)) and bool(kind.unit == "ns")


def _losses(array: Any, *, numeric: bool) -> Iterator[tuple[Any, str, str]]:
    """Yield kind, value and what is loaded, for at most one value of each kind in each part of the column.

    `numeric`: the column is a column of numbers in the table.
    """
    import pyarrow.types as types

    kind = array.type
    if types.is_dictionary(kind):
        array = array.dictionary_decode()
        kind = array.type
    if types.is_map(kind):
        yield from _repeated_keys(array)
        yield from _losses(array.items, numeric=False)
    elif types.is_struct(kind):
        for part in array.flatten():  # NULL where the struct is NULL
            yield from _losses(part, numeric=False)
    elif types.is_nested(kind):
        yield from _losses(array.flatten(), numeric=False)
    elif types.is_floating(kind):
        yield from _of_doubles(array, numeric=numeric)
    elif numeric and _is_text(kind):
        yield from _of_texts(array)
    elif types.is_duration(kind):
        yield from _durations(array)
    else:
        if types.is_time(kind):
            yield from _days(array)
        if _has_nanoseconds(kind):
            yield from _nanoseconds(array)


def _of_doubles(array: Any, *, numeric: bool) -> Iterator[tuple[Any, str, str]]:
    import numpy

    numbers = array.drop_null().to_numpy(zero_copy_only=False)
    finite = numpy.isfinite(numbers)
    if not finite.all():
        yield "null", str(numbers[~finite][0]), "NULL"
    if numeric:
        # Beyond that limit a number is NULL, which Airbyte notes.
        numbers = numbers[finite]
        numbers = numbers[numpy.abs(numbers.astype(numpy.float64)) < float(NUMERIC_LIMIT)]
        # A float of 32 bits, such as 0.1, has many decimals as a double. It is right if it can be had back.
        rounded = numbers.astype(numpy.float64).round(DECIMALS).astype(numbers.dtype)
        for number in numbers[rounded != numbers][:MOST_CANDIDATES]:
            text = str(number)
            if found := digits_loss(text, numeric=True):
                yield found[0], text, found[1]
                return


def _of_texts(array: Any) -> Iterator[tuple[Any, str, str]]:
    import pyarrow
    import pyarrow.compute as compute

    texts = array.drop_null().cast(pyarrow.string())
    for text in texts.filter(compute.match_substring_regex(texts, MANY_DECIMALS)).to_pylist():
        if found := text_loss(text):
            yield found[0], text[:100], found[1]
            return


def _days(array: Any) -> Iterator[tuple[Any, str, str]]:
    """Yield the first time of day that is not in a day: the connector leaves out the days, airbyte-lite refuses it."""
    import pyarrow

    unit = PER_SECOND[array.type.unit]
    day = DAY_SECONDS * unit
    times = array.drop_null().cast(pyarrow.int32() if array.type.bit_width == 32 else pyarrow.int64()).to_numpy()
    outside = times[(times < 0) | (times >= day)]
    if len(outside):
        first = int(outside[0])
        loaded = pyarrow.scalar(first % day, array.type).as_py()
        yield "days", f"{first / unit:,.6f} seconds after midnight", str(loaded)


def _durations(array: Any) -> Iterator[tuple[Any, str, str]]:
    """Yield the first duration that the connector changes, because it computes with doubles of seconds.

    airbyte-lite does not.
    """
    import pyarrow

    values, per_second = array.drop_null().cast(pyarrow.int64()).to_numpy(), PER_SECOND[array.type.unit]
    micros = values // 1000 if array.type.unit == "ns" else values
    parts = min(per_second, PER_SECOND["us"])
    loaded = micros / parts * per_second + (values % 1000 if array.type.unit == "ns" else 0)
    changed = (loaded != values).nonzero()[0]
    if len(changed):
        first = changed[0]
        yield "durations", str(values[first]), repr(float(loaded[first]))


def _nanoseconds(array: Any) -> Iterator[tuple[Any, str, str]]:
    import pyarrow
    import pyarrow.compute as compute

    times = array.drop_null()
    raw = times.cast(pyarrow.int64())
    whole = compute.multiply(compute.divide(raw, 1000), 1000)
    finer = compute.not_equal(whole, raw)
    if compute.any(finer, min_count=0).as_py():
        first = raw.filter(finer)[0].as_py()
        # pyarrow has no text of a time of day with nanoseconds.
        moment = str(pyarrow.scalar(first, pyarrow.timestamp("ns")))
        text = moment.removeprefix("1970-01-01 ") if pyarrow.types.is_time(times.type) else moment
        yield "nanoseconds", text, text[:-3]


def _repeated_keys(array: Any) -> Iterator[tuple[Any, str, str]]:
    """Yield the first key that a map has twice, with different values: the connector keeps the last one."""
    for entries in array.to_pylist():
        if entries and len(found := dict(entries)) != len(entries):
            for key, value in entries:
                if found[key] != value:
                    yield "repeated", str(key), str(found[key])[:100]
                    return

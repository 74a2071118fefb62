"""The GoogleSQL of profiles: every figure of several tables in one query job."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

COLUMNS_PER_QUERY = 40
"""BigQuery allows far more (1 MB of SQL). The emulator needs 50 ms for a query and 1 to 2 ms for each figure."""
TOP_VALUES = 5
LONGEST = 200
"""The characters of a text that count for its top values."""

NUMBERS = {"INTEGER", "INT64", "NUMERIC", "BIGNUMERIC"}
FLOATS = {"FLOAT", "FLOAT64"}
TEXTS, BYTES, BOOLEANS = {"STRING"}, {"BYTES"}, {"BOOLEAN", "BOOL"}
MOMENTS = {"DATE", "DATETIME", "TIMESTAMP", "TIME"}
DOCUMENTS = {"JSON", "RECORD", "STRUCT"}


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, and its BigQuery type; REPEATED columns are arrays."""

    name: str
    kind: str
    is_array: bool = False

    @property
    def type(self) -> str:
        """The type as in SQL."""
        return f"ARRAY<{self.kind}>" if self.is_array else self.kind


@dataclass(frozen=True)
class Part:
    """Some columns of a table, as one value of a query's row."""

    table: str
    columns: Sequence[Column]
    sample: float | None = None
    """The percentage of the table that is read; None: all of it."""

    @property
    def sql(self) -> str:
        """A subquery whose value is one struct with every figure of the columns."""
        figures = ["count(*) as row_count"]
        for position, column in enumerate(self.columns):
            figures += [f"{sql} as {name}_{position}" for name, sql in measures(column)]
        sample = f" tablesample system ({self.sample} percent)" if self.sample is not None else ""
        # The alias keeps the name of a column from being that of the table, which would be the whole row.
        return f"(select as struct {', '.join(figures)} from {quoted(self.table)} as profiled_rows{sample})"  # noqa: S608

    def figures(self, row: Mapping[str, Any]) -> Iterator[tuple[Column, dict[str, Any]]]:
        """Yield each column with its figures (without the position in their names) and the number of rows."""
        for position, column in enumerate(self.columns):
            found = {name: row[f"{name}_{position}"] for name, _ in measures(column)}
            yield column, {"row_count": row["row_count"], **found}


def quoted(name: str) -> str:
    """Return a name as a quoted identifier of GoogleSQL, in which escapes are those of strings."""
    escaped = name.replace("\\", "\\\\").replace("`", "\\`").replace("\n", "\\n").replace("\r", "\\r")
    return f"`{escaped}`"


def measures(column: Column) -> list[tuple[str, str]]:
    """Return the names and expressions of a column's figures."""
    name = quoted(column.name)
    known, distinct = ("known", f"count({name})"), ("distinct", f"count(distinct {name})")
    is_known = ("known", f"countif({name} is not null)")
    if column.is_array:
        return [is_known, *_lengths(f"array_length({name})")]
    if column.kind in NUMBERS | FLOATS:
        # NaN and infinity are no figures: one such value would hide all others.
        value = f"if(is_nan({name}) or is_inf({name}), null, {name})" if column.kind in FLOATS else name
        double = f"cast({value} as float64)" if "NUMERIC" in column.kind else value
        return [
            *(known, distinct, ("min", f"min({value})"), ("max", f"max({value})"), ("avg", f"avg({double})")),
            *(("deviation", f"stddev_pop({double})"), ("quartiles", f"approx_quantiles({value}, 4)")),
        ]
    if column.kind in TEXTS:
        top = ("top", f"approx_top_count(left({name}, {LONGEST}), {TOP_VALUES + 1})")
        return [known, distinct, *_lengths(f"char_length({name})"), top]
    if column.kind in BYTES:
        return [known, distinct, *_lengths(f"byte_length({name})")]
    if column.kind in BOOLEANS:
        return [known, distinct, ("trues", f"countif({name})")]
    if column.kind in MOMENTS:
        return [known, distinct, ("min", f"min({name})"), ("max", f"max({name})")]
    if column.kind in DOCUMENTS:
        return [is_known, ("distinct", f"count(distinct if({name} is null, null, to_json_string({name})))")]
    return [is_known]


def _lengths(length: str) -> list[tuple[str, str]]:
    return [("shortest", f"min({length})"), ("longest", f"max({length})"), ("length", f"avg({length})")]


def parts(table: str, columns: Sequence[Column], sample: float | None = None) -> list[Part]:
    """Return the parts of a table, each with at most COLUMNS_PER_QUERY columns; at least one part."""
    return [
        Part(table, columns[start : start + COLUMNS_PER_QUERY], sample)
        for start in range(0, max(len(columns), 1), COLUMNS_PER_QUERY)
    ]


def batches(found: Sequence[Part]) -> Iterator[list[Part]]:
    """Yield the parts in lists that one query job reads."""
    batch: list[Part] = []
    columns = 0
    for part in found:
        more = max(len(part.columns), 1)  # a part that only counts rows has none
        if batch and columns + more > COLUMNS_PER_QUERY:
            yield batch
            batch, columns = [], 0
        batch.append(part)
        columns += more
    if batch:
        yield batch


def query(batch: Sequence[Part]) -> str:
    """Return the query of a batch. Its one row has the struct `part_N` for each part."""
    return f"select {', '.join(f'{part.sql} as part_{at}' for at, part in enumerate(batch))}"

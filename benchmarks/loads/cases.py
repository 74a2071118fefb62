"""The cases: sizes, shapes and formats of the files, and the peers that load them."""

from __future__ import annotations

from dataclasses import dataclass

BATCHES, RECORDS = "this platform, in batches", "this platform, record by record"
GOOGLE = "this platform, as to Google"
CHANGED = "this platform, one of the files changed"
CHECKS = "the landing checks of this platform's table"
CONNECTOR, PYAIRBYTE = "source-s3 to nowhere", "PyAirbyte to DuckDB"
DLT_ARROW, DLT_DUCKDB = "dlt (Arrow) to the emulator", "dlt (DuckDB reader) to the emulator"
DLT_ARROW_FILE, DLT_DUCKDB_FILE = "dlt (Arrow) to DuckDB", "dlt (DuckDB reader) to DuckDB"
LIMIT = "DuckDB alone, local files"

CONTENDERS = (
    BATCHES,
    CHECKS,
    GOOGLE,
    CHANGED,
    RECORDS,
    DLT_ARROW,
    DLT_DUCKDB,
    DLT_ARROW_FILE,
    DLT_DUCKDB_FILE,
    LIMIT,
    CONNECTOR,
    PYAIRBYTE,
)
"""All, in the order of the page: this platform, dlt, dlt's lower limit, and the peers that work row by row."""
OURS = {BATCHES, CHECKS, GOOGLE, CHANGED, RECORDS}
OF_ONE_FILE = tuple(name for name in CONTENDERS if name != CHANGED)
FAST = (BATCHES, DLT_ARROW, DLT_DUCKDB, LIMIT)
COLUMN_WISE = (BATCHES, DLT_ARROW, LIMIT)
"""dlt's reader by DuckDB reads CSV only."""
SLOW = {RECORDS, CONNECTOR, PYAIRBYTE}
"""The peers that work row by row, 20 to 60 seconds for each million rows.

Their times vary less, so they get fewer rounds.
"""


@dataclass(frozen=True)
class Case:
    """One set of files, who loads it, in how many rounds, and in how many of them the slow ones take part."""

    rows: int
    columns: int = 8
    files: int = 1
    kind: str = "csv"
    contenders: tuple[str, ...] = OF_ONE_FILE
    rounds: int = 3
    slow_rounds: int = 1

    @property
    def name(self) -> str:
        """The key of the case in the results."""
        return f"{self.kind}-{self.rows}-{self.columns}-{self.files}"


# Ordered by importance: what a deadline cuts off is at the end.
FULL = (
    Case(1_000_000),
    Case(100_000, slow_rounds=2),
    Case(1_000_000, kind="parquet", contenders=(*COLUMN_WISE, CHECKS, RECORDS)),
    Case(1_000_000, kind="jsonl", contenders=(*COLUMN_WISE, CHECKS, RECORDS)),
    Case(1_000_000, columns=40, contenders=(*FAST, CHECKS), rounds=2),
    Case(1_000_000, files=20, contenders=(*FAST, CHANGED, RECORDS)),
    Case(10_000, contenders=FAST),
    Case(10_000_000, contenders=(BATCHES, DLT_ARROW, DLT_DUCKDB, LIMIT), rounds=2),
    Case(100_000, columns=40, contenders=(*FAST, RECORDS), rounds=2),
)
QUICK = (
    Case(100_000, contenders=(BATCHES, GOOGLE, RECORDS, DLT_ARROW, LIMIT), slow_rounds=3),
    Case(1_000_000, contenders=(BATCHES, RECORDS, DLT_ARROW, LIMIT)),
)


def chosen(
    cases: tuple[Case, ...], most_rows: int | None, rounds: int | None, names: tuple[str, ...] = ()
) -> list[Case]:
    """Return the cases of these names (all without a name) with at most so many rows, each once, and so many rounds."""
    found: dict[str, Case] = {}
    for case in cases:
        if names and case.name not in names:
            continue
        rows = min(case.rows, most_rows or case.rows)
        smaller = Case(
            rows,
            case.columns,
            case.files,
            case.kind,
            case.contenders,
            min(case.rounds, rounds or case.rounds),
            min(case.slow_rounds, rounds or case.slow_rounds),
        )
        found.setdefault(smaller.name, smaller)
    return list(found.values())

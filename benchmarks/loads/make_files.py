"""Writes the files that are loaded. DuckDB writes ten million rows in seconds, so the emulator's Python runs this file.

Usage: python make_files.py FOLDER FORMAT ROWS COLUMNS FILES. The files are FOLDER/0.FORMAT, FOLDER/1.FORMAT, …
"""

import sys
from pathlib import Path

import duckdb

NARROW = """
    i as id,
    i % 9973 as user_id,
    date '2018-01-01' + cast(i % 28 as integer) as order_date,
    ['placed', 'shipped', 'completed', 'returned'][1 + i % 4] as status,
    i % 100000 / 100.0 as amount,
    'note of the order ' || i as note,
    i % 3 > 0 as is_paid,
    'R' || lpad(cast(i * 7919 % 1000003 as varchar), 7, '0') as reference
"""
NARROW_COLUMNS = 8
WRITERS = {"csv": "format csv, header", "jsonl": "format json", "parquet": "format parquet, compression snappy"}


def write(folder: Path, kind: str, rows: int, columns: int, files: int) -> None:
    """Write `rows` orders in all, with `columns` columns; the columns after the eighth are whole numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    more = "".join(f", i * {at} % 100003 as measure_{at}" for at in range(1, columns - NARROW_COLUMNS + 1))
    with duckdb.connect() as connection:
        for file in range(files):
            first, last = file * rows // files, (file + 1) * rows // files
            connection.execute(
                f"copy (select {NARROW} {more} from range({first}, {last}) as numbers(i)) "  # noqa: S608 -- our own values
                f"to '{folder / f'{file}.{kind}'}' ({WRITERS[kind]})"
            )


if __name__ == "__main__":
    target, kind, *numbers = sys.argv[1:]
    write(Path(target), kind, *map(int, numbers))

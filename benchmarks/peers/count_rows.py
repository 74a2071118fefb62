"""Prints the number of rows of a table in a DuckDB file.

Usage: python count_rows.py FILE SCHEMA.TABLE
"""

import sys

import duckdb

if __name__ == "__main__":
    file, table = sys.argv[1:]
    with duckdb.connect(file, read_only=True) as connection:
        print(connection.execute(f"select count(*) from {table}").fetchone()[0])  # noqa: S608 -- our own name

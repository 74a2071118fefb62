"""Transactions of DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb


@contextmanager
def transaction(cursor: Any) -> Iterator[None]:
    """Commit all statements of the block, or none. Inside a transaction of the user, the user decides."""
    try:
        cursor.execute("BEGIN")
    except duckdb.TransactionException:
        yield
        return
    try:
        yield
        cursor.execute("COMMIT")
    except BaseException:
        cursor.execute("ROLLBACK")
        raise

"""Transactions of DuckDB."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import duckdb
from local_bigquery.errors import BigQueryError


def refuse_in_transaction(cursor: Any, statement: str) -> None:
    """Raise BigQueryError when the user has begun a transaction: it cannot change permanent tables' schemas."""
    try:
        cursor.execute("BEGIN")
    except duckdb.TransactionException as error:
        raise BigQueryError(
            "invalidQuery", f"{statement} of a permanent table is not supported in a transaction"
        ) from error
    cursor.execute("ROLLBACK")


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
        with suppress(duckdb.TransactionException):  # COMMIT failed or was interrupted: the transaction is over
            cursor.execute("ROLLBACK")
        raise

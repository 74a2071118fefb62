"""Watches each statement that DuckDB gets. Facts about tables are kept until a statement may change them."""

import functools
import re
from typing import Any

from local_bigquery.engine import database

from warehouse.memory import kept

DEFINITIONS, ROWS = "definitions", "rows"
DEFINING = ("create", "alter", "drop", "attach", "detach", "import", "commit")  # other connections see it from here on
WRITING = ("insert", "update", "delete", "merge", "truncate", "copy")
# What the emulator itself writes: the catalog has a memory of its own, and so have results (see lookups).
OWN = re.compile(
    r"(INSERT (OR REPLACE )?INTO|UPDATE|DELETE FROM) emulator\.[a-z_]+ "
    r'|CREATE OR REPLACE TABLE "emulator"\."_results"\.'
)
TEMPORARY = "SELECT table_name FROM duckdb_tables() WHERE temporary"
NO_TEMPORARY = "SELECT '' AS table_name WHERE false"


def statements() -> None:
    """Forget the definitions and the rows of tables when a statement may have changed them.

    Every statement is seen, because all of them run on cursors of one connection.
    """
    upstream = database.connection
    database.connection = lambda: _watched(upstream())


class Watched:
    """A connection or cursor of DuckDB."""

    def __init__(self, connection: Any) -> None:
        """Watch `connection`."""
        self._connection = connection
        self._defines = False
        self.in_transaction = False

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the connection."""
        return getattr(self._connection, name)

    def cursor(self) -> "Watched":
        """Return a new cursor, with a transaction and temporary tables of its own."""
        return Watched(self._connection.cursor())

    def execute(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a statement."""
        try:
            return self._connection.execute(query, *args, **kwargs)
        finally:
            self._note(str(query))

    def executemany(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Run a statement for each of several sets of parameters."""
        try:
            return self._connection.executemany(query, *args, **kwargs)
        finally:
            self._note(str(query))

    def sql(self, query: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the rows of a query, which runs when they are read; run another statement."""
        if (
            query == TEMPORARY and not self._defines
        ):  # each query asks for them, and DuckDB reads the list of all tables
            query = NO_TEMPORARY
        try:
            return self._connection.sql(query, *args, **kwargs)
        finally:
            self._note(str(query))

    def _note(self, query: str) -> None:
        """Forget what `query` may have changed, also when it failed or changed nothing."""
        start = query[:16].lstrip().upper()
        if start.startswith("BEGIN"):
            self.in_transaction = True
        elif start.startswith(("COMMIT", "ROLLBACK")):
            self.in_transaction = False
        if OWN.match(query):
            return
        text = query.casefold()
        if _has_word(text, DEFINING):
            self._defines = True
            kept.forget(DEFINITIONS)
            kept.forget(ROWS)
        elif _has_word(text, WRITING):
            kept.forget(ROWS)


@functools.cache
def _watched(connection: Any) -> Watched:
    return Watched(connection)


def _has_word(text: str, words: tuple[str, ...]) -> bool:
    return any(word in text and re.search(rf"\b{word}\b", text) for word in words)

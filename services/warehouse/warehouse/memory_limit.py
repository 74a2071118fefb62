"""Bridges that limit DuckDB's memory, and lift the limit for work that needs more."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
from local_bigquery.engine import database, results
from local_bigquery.jobs import query, runner

LIMIT = "700 MiB"


class Limit:
    """DuckDB's memory limit: LIMIT, and DuckDB's own default (80 % of the machine) while something is done `lifted`."""

    def __init__(self) -> None:
        """The limit is set at the first job."""
        self._lock = threading.Lock()
        self._lifted, self._set = 0, False

    def keep(self) -> None:
        """Set the limit, unless it is set or lifted.

        DuckDB refuses it while too much memory is in use. The next job sets it then.
        """
        with self._lock:
            if not self._set and not self._lifted:
                with contextlib.suppress(duckdb.OutOfMemoryException):
                    _execute(f"SET GLOBAL memory_limit = '{LIMIT}'")
                    self._set = True

    @contextlib.contextmanager
    def lifted(self) -> Iterator[None]:
        """Do something without the limit."""
        with self._lock:
            if self._set:
                _execute("RESET GLOBAL memory_limit")
                self._set = False
            self._lifted += 1
        try:
            yield
        finally:
            with self._lock:
                self._lifted -= 1
            self.keep()


def bounded() -> None:
    """Do each job within the limit, and again without it when that is not enough.

    Without a limit, DuckDB keeps what it has read and written until 80 % of the machine's memory is in use. With it,
    sorts, joins and aggregations go on on the disk, but some functions cannot. The statements of scripts and sessions
    have no limit from the start, as they may be part of a transaction, in which no statement can be repeated.
    """
    limit = Limit()
    run_statement = query._run

    def run(cursor: Any, tree: Any, context: Any, destination: Any, config: Any, dry_run: bool, isolated: bool) -> Any:
        arguments = (cursor, tree, context, destination, config, dry_run, isolated)
        if isolated and not dry_run:
            with limit.lifted():
                return run_statement(*arguments)
        return _twice(limit, lambda: run_statement(*arguments))

    def handler(upstream: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: _twice(limit, lambda: upstream(*arguments))

    upstream_page = results.page
    query._run = run
    results.page = lambda *arguments, **options: _twice(limit, lambda: upstream_page(*arguments, **options))
    runner.HANDLERS.update({kind: handler(upstream) for kind, upstream in runner.HANDLERS.items()})


def _twice(limit: Limit, work: Callable[[], Any]) -> Any:
    limit.keep()
    try:
        return work()
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    with limit.lifted():
        return work()


def is_out_of_memory(error: BaseException | None) -> bool:
    """Return whether DuckDB had too little memory, also when another exception says so."""
    while error is not None and not isinstance(error, duckdb.OutOfMemoryException):
        error = error.__cause__
    return error is not None


def _execute(sql: str) -> None:
    with database.cursor() as cursor:
        cursor.execute(sql)

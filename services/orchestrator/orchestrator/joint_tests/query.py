"""One query for several data tests, and the answer of each test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

NUMBER = "test_number"
FIGURES = ("failures", "should_warn", "should_error")
"""The columns of dbt's query of a data test."""
SHARED = ("bytes_processed", "bytes_billed", "slot_ms")
"""BigQuery's figures for the whole query. Each test gets a part, so that the sum stays right."""
MOST_TESTS = 50
MOST_CHARACTERS = 250_000
"""BigQuery allows 1,024,000 characters of SQL; dbt adds its comment."""


def chosen(queries: Mapping[str, str]) -> list[str]:
    """Return the tests that one query asks, of the tests with their own queries: the first ones within the limits."""
    found: list[str] = []
    length = 0
    for test, sql in queries.items():
        length += len(sql)
        if len(found) == MOST_TESTS or length > MOST_CHARACTERS:
            break
        found.append(test)
    return found


def joined(queries: Sequence[str]) -> str:
    """Return the query that asks all of these queries of dbt. It has a row for each, with its position."""
    parts = [
        f"select {at} as {NUMBER}, {', '.join(FIGURES)} from (\n{sql}\n)"  # noqa: S608 - dbt's own queries
        for at, sql in enumerate(queries)
    ]
    return "\nunion all\n".join(parts)


def rows(table: Any, count: int) -> list[dict[str, Any]]:
    """Return the figures of each test from the answer, a table of agate. Raises ValueError if it is not complete."""
    found = {int(row[NUMBER]): {name: row[name] for name in FIGURES} for row in table.rows}
    if len(table.rows) != count or set(found) != set(range(count)):
        raise ValueError(f"the answer has {len(table.rows)} rows for {count} tests")
    return [found[at] for at in range(count)]


def share(response: Any, at: int, count: int, message: Callable[[Any], str]) -> Any:
    """Return the part of the adapter's response that is a test's, as if the test alone had been asked.

    `message` returns the adapter's sentence about a response.
    """
    names = {field.name for field in fields(response)}
    parts = {name: _part(getattr(response, name), at, count) for name in SHARED if name in names}
    part = replace(response, rows_affected=1, **parts)
    return replace(part, _message=message(part))


def _part(whole: int | None, at: int, count: int) -> int | None:
    """Return a whole number's part; the first ones are larger by one if it cannot be divided."""
    return None if whole is None else whole // count + (at < whole % count)

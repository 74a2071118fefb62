"""Adds a sample of the failing rows, and the query for all of them, to the check of a dbt test that has failed.

dbt stores the rows while the test fails (macros/failing_rows.sql in the dbt project).
"""

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg

SHOWN = 10
"""The number of rows in the sample."""
LONGEST = 200
"""The number of characters of a value in the sample."""

type Query = Callable[[str], list[dict[str, Any]]]


def with_failing_rows(item: Any, node: Mapping[str, Any], ask: Query) -> Any:
    """Return the event of a dbt node; the check of a failed test gets a sentence, the query and the sample.

    `node` is the manifest's entry. A test with `store_failures: false` gets nothing: its rows are not stored.
    `ask` returns the rows of a query.
    """
    if not isinstance(item, dg.AssetCheckResult) or item.passed:
        return item
    count = item.metadata.get("dagster_dbt/failed_row_count")
    stored = node.get("relation_name")
    if count is None or not stored or not node["config"].get("store_failures"):
        return item
    if not count.value:  # dbt counts no row when the query of a test fails
        return dg.AssetCheckResult(
            asset_key=item.asset_key,
            check_name=item.check_name,
            passed=False,
            severity=item.severity,
            description="The query of the test failed, so no row was tested. The failure of the step has its error.",
            metadata=item.metadata,
        )
    query = f"select * from {stored}"  # noqa: S608 - dbt's own name of the table
    metadata: dict[str, Any] = {**item.metadata, "query": query}
    rows, reason = _sample(ask, query)
    if rows:
        metadata["failing_rows"] = dg.MetadataValue.table([dg.TableRecord(row) for row in rows])
    what = " ".join(
        filter(None, [node.get("description"), f"{count.value} failing rows, stored while the test fails."])
    )
    return dg.AssetCheckResult(
        asset_key=item.asset_key,
        check_name=item.check_name,
        passed=False,
        severity=item.severity,
        description=f"{what} All rows: {query}{reason}",
        metadata=metadata,
    )


def _sample(ask: Query, query: str) -> tuple[list[dict[str, Any]], str]:
    """Return some rows, or no rows and the reason. The check keeps its result when the warehouse does not answer."""
    from google.api_core.exceptions import GoogleAPICallError

    try:
        rows = ask(f"{query} limit {SHOWN}")
    except (GoogleAPICallError, dg.Failure) as error:
        return [], f"\nThe sample of the rows could not be read: {error}"
    return [{name: _shown(value) for name, value in row.items()} for row in rows], ""


def _shown(value: Any) -> str | int | float | bool:
    if isinstance(value, bool | int | float):
        return value
    text = "NULL" if value is None else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"

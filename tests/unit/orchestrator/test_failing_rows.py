"""The check of a failed dbt test shows a sentence, the query and a sample of the rows."""

from typing import Any

import dagster as dg
import pytest
from google.api_core.exceptions import NotFound

from orchestrator.failing_rows import with_failing_rows

TABLE = "`local-dev`.`jaffle_test_failures`.`not_null_orders_id`"
NODE = {"relation_name": TABLE, "config": {"store_failures": True}, "description": "Each order has a number."}


def rows(query: str) -> list[dict[str, Any]]:
    assert query == f"select * from {TABLE} limit 10"
    return [{"id": None, "status": "x" * 300}, {"id": 7, "status": "placed"}]


def gone(query: str) -> list[dict[str, Any]]:
    raise NotFound(f"no table for {query}")  # type: ignore[no-untyped-call]


def failed(**changes: Any) -> dg.AssetCheckResult:
    arguments: dict[str, Any] = {
        "passed": False,
        "asset_key": dg.AssetKey(["staging", "orders"]),
        "check_name": "not_null_orders_id",
        "severity": dg.AssetCheckSeverity.WARN,
        "metadata": {"dagster_dbt/failed_row_count": 2},
    }
    return dg.AssetCheckResult(**(arguments | changes))


def test_a_failed_check_has_the_query_and_a_sample() -> None:
    result = with_failing_rows(failed(), NODE, rows)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert result.metadata["query"].value == f"select * from {TABLE}"
    assert "Each order has a number." in result.description
    assert "2 failing rows" in result.description
    first, second = result.metadata["failing_rows"].records
    assert (first.data["id"], len(str(first.data["status"]))) == ("NULL", 201)
    assert second.data == {"id": 7, "status": "placed"}


def test_the_verdict_stays_when_the_rows_cannot_be_read() -> None:
    result = with_failing_rows(failed(), NODE, gone)
    assert not result.passed
    assert "could not be read" in result.description
    assert "failing_rows" not in result.metadata


def test_a_test_whose_query_failed_is_not_told_as_failing_rows() -> None:
    result = with_failing_rows(failed(metadata={"dagster_dbt/failed_row_count": 0}), NODE, gone)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "query of the test failed" in result.description
    assert "query" not in result.metadata


@pytest.mark.parametrize(
    ("item", "node"),
    [
        (failed(passed=True), NODE),
        (failed(metadata={}), NODE),  # the test itself did not run
        (failed(), NODE | {"config": {"store_failures": False}}),
        (dg.AssetMaterialization("orders"), NODE),
    ],
)
def test_other_events_are_left_as_they_are(item: Any, node: dict[str, Any]) -> None:
    assert with_failing_rows(item, node, rows) is item

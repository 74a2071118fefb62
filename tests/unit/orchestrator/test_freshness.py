"""How old a table may be: dbt's `freshness` blocks as Dagster's policies, and the check of a landing table's age."""

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from connections_file import Stream, SyncMode
from orchestrator.checks.source_freshness import judge
from orchestrator.checks.table import TableFacts
from orchestrator.freshness import Freshness, Limits

HOUR = timedelta(hours=1)
NOW = datetime(2026, 1, 10, tzinfo=UTC)


def source(table: str, warn: int | None, error: int | None, period: str = "hour") -> dict[str, Any]:
    block = {"warn_after": {"count": warn, "period": period}, "error_after": {"count": error, "period": period}}
    return {"source_name": "shop", "name": table, "freshness": block}


def manifest() -> dict[str, Any]:
    chain = {f"model.{n}": {"depends_on": {"nodes": [f"model.{n - 1}"]}} for n in range(1, 3000)}
    return {
        "sources": {
            "source.a": source("a", 12, 24),
            "source.b": source("b", None, 2, "day"),
            "source.c": source("c", 1, None),
        },
        "nodes": {
            "model.0": {"depends_on": {"nodes": ["source.a", "source.b"]}},
            "model.free": {"depends_on": {"nodes": []}},
            **chain,
        },
    }


def test_a_model_has_the_strictest_limits_of_its_sources() -> None:
    fresh = Freshness(manifest())
    assert fresh.sources["shop.b"] == Limits(None, 48 * HOUR)
    assert fresh.of_node("model.0") == Limits(12 * HOUR, 24 * HOUR)
    assert fresh.of_node("model.2999") == Limits(12 * HOUR, 24 * HOUR)
    assert fresh.of_node("model.free") == Limits()


@pytest.mark.parametrize(
    ("limits", "windows"),
    [
        (Limits(12 * HOUR, 24 * HOUR), (24, 12)),
        (Limits(None, 24 * HOUR), (24, None)),
        (Limits(12 * HOUR, None), (12, None)),
        (Limits(24 * HOUR, 12 * HOUR), (12, None)),  # dbt allows it
        (Limits(), None),
    ],
)
def test_policy(limits: Limits, windows: tuple[int, int | None] | None) -> None:
    policy = limits.policy
    if windows is None:
        assert policy is None
        return
    fail, warn = windows
    assert policy == dg.FreshnessPolicy.time_window(fail * HOUR, warn * HOUR if warn else None)


@pytest.mark.parametrize(
    ("mode", "synced", "newest", "passed", "severity", "named"),
    [
        # The file has not changed for nine days, but Airbyte has looked at it an hour ago.
        ("incremental_deduped_history", 1, 216, True, None, "last successful sync"),
        ("incremental_append", 13, 13, False, dg.AssetCheckSeverity.WARN, "warn_after"),
        ("incremental_deduped_history", 25, 25, False, dg.AssetCheckSeverity.ERROR, "error_after"),
        ("full_refresh_overwrite", 1, 25, False, dg.AssetCheckSeverity.ERROR, "newest row"),
        ("full_refresh_overwrite", 25, 1, True, None, "newest row"),
        ("incremental_append", None, 1, False, dg.AssetCheckSeverity.WARN, "not known"),
    ],
)
def test_age(
    mode: SyncMode,
    synced: int | None,
    newest: int,
    passed: bool,
    severity: dg.AssetCheckSeverity | None,
    named: str,
) -> None:
    stream = Stream(name="orders", sync_mode=mode, primary_key=[["id"]], dbt_source="shop.orders")
    table = TableFacts("p.d.orders", {}, 10, newest=NOW - newest * HOUR)
    last = NOW - synced * HOUR if synced is not None else None
    result = judge(stream, table, Limits(12 * HOUR, 24 * HOUR), last, NOW)
    assert (result.passed, severity in (None, result.severity)) == (passed, True)
    assert named in (result.description or "").lower()

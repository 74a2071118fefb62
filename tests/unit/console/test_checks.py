"""Checks and the history of a table, as they come from Dagster's API."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from console.logic import checks
from console.logic.assets import Asset, Graph
from console.logic.checks import Check, Result
from console.logic.tables import history

AT = datetime(2026, 1, 1, tzinfo=UTC)


class Dagster:
    """Dagster's API with these answers, by a word of the query."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers

    async def query(self, document: str, **_: Any) -> Any:
        return next(answer for word, answer in self.answers.items() if word in document)


def execution(status: str, severity: str = "ERROR", *metadata: dict[str, Any]) -> dict[str, Any]:
    evaluation = {"severity": severity, "success": False, "description": "2 rows", "metadataEntries": list(metadata)}
    return {"status": status, "timestamp": AT.timestamp(), "runId": "r", "stepKey": "s", "evaluation": evaluation}


def node(*found: tuple[str, Any]) -> dict[str, Any]:
    each = [
        {"name": name, "description": None, "blocking": True, "executionForLatestMaterialization": last}
        for name, last in found
    ]
    return {"assetKey": {"path": ["shop", "orders"]}, "assetChecksOrError": {"checks": each}}


def test_what_is_wrong_comes_first() -> None:
    found = node(
        ("a", execution("SUCCEEDED")),
        ("b", None),
        ("c", execution("FAILED", "WARN")),
        ("zone", execution("FAILED")),
        ("e", execution("EXECUTION_FAILED") | {"evaluation": None}),
    )
    every = asyncio.run(checks.every(Dagster(assetNodes={"assetNodes": [found]})))  # type: ignore[arg-type]
    states = [(check.name, check.state) for check in every]
    assert states == [("zone", "failed"), ("c", "warning"), ("b", "not run"), ("e", "not run"), ("a", "passed")]
    assert checks.counts(every) == {"failed": 1, "warning": 1, "not run": 2, "passed": 1}
    assert [check.name for check in checks.chosen(every, "", "ORDERS zo")] == ["zone"]
    assert [check.name for check in checks.chosen(every, "passed", "")] == ["a"]


def test_failing_rows_and_their_query_are_read() -> None:
    table = {
        "schema": {"columns": [{"name": "id"}, {"name": "note"}]},
        "records": ['{"data": {"id": 1, "note": null}}'],
    }
    metadata = (
        {"label": "failing_rows", "table": table},
        {"label": "query", "text": "select * from t"},
        {"label": "count", "intRepr": "0"},
    )
    answer = {"assetCheckExecutions": [execution("FAILED", "ERROR", *metadata)]}
    check = Check(("shop", "orders"), "d", "", True, None)
    [result] = asyncio.run(checks.history(Dagster(assetCheckExecutions=answer), check, 5))  # type: ignore[arg-type]
    assert result.query == "select * from t"
    assert "stops what is built" in checks.meaning(Check(("a",), "c", "", True, result))
    assert "dbt" in checks.meaning(Check(("a",), "c", "", False, result))
    assert checks.meaning(check) == "Severity: error. A failure stops what is built from the table."
    assert result.numbers == {"count": "0"}
    assert result.rows == checks.Rows(("id", "note"), (("1", None),))


@pytest.mark.parametrize(("state", "expected"), [("failed", [("mart",)]), ("warning", []), ("passed", [])])
def test_a_failed_check_names_what_it_kept_from_being_built(state: str, expected: list[Any]) -> None:
    graph = Graph([Asset(("a",)), Asset(("built",), parents=(("a",),)), Asset(("mart",), parents=(("a",),))])
    run = {
        "assets": [{"key": {"path": [name]}} for name in ("a", "built", "mart", "elsewhere")],
        "assetMaterializations": [{"assetKey": {"path": [name]}} for name in ("a", "built")],
    }
    check = Check(("a",), "c", "", True, Result(state, AT, "r"))
    dagster = Dagster(runOrError={"runOrError": run})
    assert asyncio.run(checks.blocked(dagster, graph, check)) == expected  # type: ignore[arg-type]


def test_a_description_is_one_line_for_each_paragraph_and_item() -> None:
    assert checks.unwrapped("One\ntwo.\n\n- three\n  four\n- five\n") == "One two.\n\n- three four\n- five"


def test_numbers_of_loads_and_profiles_are_series_in_time() -> None:
    def event(at: int, *entries: dict[str, Any]) -> dict[str, Any]:
        return {"timestamp": str(at * 1000), "metadataEntries": [*entries]}

    rows, text = {"label": "dagster/row_count", "intRepr": "0"}, {"label": "file", "text": "a.csv"}
    share = {"label": "profile/id/avg", "floatRepr": "0.5"}
    found = history.collected([event(20, rows, text), event(10, rows | {"intRepr": "7"}), event(15, share)])
    assert [(each.name, [value for _, value in each.points]) for each in found] == [("rows", [7, 0]), ("id/avg", [0.5])]


def test_a_profile_is_read_from_the_newest_observation() -> None:
    document = '{"row_count": 3, "is_sample": true, "columns": [{"column_name": "id", "not_null_proportion": 0.995}]}'
    events = [
        {"timestamp": "2000", "metadataEntries": [{"label": "profile_accepted", "jsonString": "{}"}]},
        {"timestamp": "1000", "metadataEntries": [{"label": "profile", "jsonString": document}]},
    ]
    dagster = Dagster(assetObservations={"assetNodeOrError": {"assetObservations": events}})
    found = asyncio.run(history.profile(dagster, ("a",)))  # type: ignore[arg-type]
    assert found is not None
    assert (found.rows, found.is_sample) == (3, True)
    assert history.figure(found.columns[0], "not_null_proportion") == "99.5%"
    assert history.figure({"top_values": [{"value": "a", "count": 1200}]}, "top_values") == "a (1,200)"
    assert history.figure({"avg": 1234567.25, "is_unique": True}, "is_unique") == "yes"

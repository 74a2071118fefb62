"""The costs that BigQuery billed, in dbt's results; the events are from dbt 1.11's structured log."""

from typing import Any

import pytest

from orchestrator.costs import figures, joined


def event(name: str, node: str = "", level: str = "info", **data: Any) -> dict[str, Any]:
    return {"info": {"name": name, "level": level}, "data": {"node_info": {"unique_id": node}} | data}


def finished(node: str, **response: Any) -> dict[str, Any]:
    return event("NodeFinished", node, "debug", run_result={"adapter_response": response})


def test_results_get_the_response_of_their_own_node() -> None:
    events: list[Any] = [
        "a line that is no event",
        event("LogStartLine", "model.a"),
        event("LogModelResult", "model.a"),
        event("SQLQuery", "model.b", "debug"),
        event("LogTestResult", "test.b"),
        finished("test.b", bytes_billed=2.0),
        finished("model.a", bytes_billed=1.0),
        finished("exposure.c"),
        event("LogModelResult", "model.killed"),
    ]
    seen = [
        item
        if isinstance(item, str)
        else (item["data"]["node_info"]["unique_id"], item["data"].get("adapter_response"))
        for item in joined(events)
    ]
    assert seen == [
        "a line that is no event",
        ("model.a", None),
        ("test.b", {"bytes_billed": 2.0}),
        ("model.a", {"bytes_billed": 1.0}),
        ("model.killed", None),
    ]


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ({"bytes_billed": 10485760.0, "bytes_processed": 99.0, "code": "SELECT"}, (10485760, 99)),
        ({"bytes_billed": None, "bytes_processed": 0.0}, (None, 0)),  # the emulator
        ({}, (None, None)),
    ],
)
def test_figures(response: dict[str, Any], expected: tuple[int | None, int | None]) -> None:
    costs = figures(response)
    assert (costs.get("bytes_billed"), costs.get("bytes_processed")) == expected
    assert all(isinstance(value, int) for value in costs.values())

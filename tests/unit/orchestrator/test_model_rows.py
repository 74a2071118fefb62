"""The number of rows of a dbt model, in the metadata of its materialization."""

import dagster as dg
import pytest

from orchestrator.model_rows import with_row_count


def node(materialized: str) -> dict[str, object]:
    return {"database": "p", "schema": "d", "alias": "orders", "config": {"materialized": materialized}}


@pytest.mark.parametrize("materialized", ["table", "incremental", "snapshot"])
def test_a_model_that_keeps_rows_has_their_number(materialized: str) -> None:
    asked: list[str] = []
    event = dg.Output(None, metadata={"other": 1})
    found = with_row_count(event, node(materialized), lambda table: asked.append(table) or 99)  # type: ignore[func-returns-value]
    assert asked == ["p.d.orders"]
    assert {name: value.value for name, value in found.metadata.items()} == {"other": 1, "dagster/row_count": 99}


def test_a_number_that_cannot_be_read_is_left_out() -> None:
    def away(_: str) -> int:
        raise dg.Failure("503")

    event = dg.Output(None)
    assert with_row_count(event, node("table"), away) is event


def test_a_view_is_not_counted() -> None:
    event = dg.Output(None)
    assert with_row_count(event, node("view"), lambda _: 1 // 0) is event

"""When a plan has nothing to do."""

from dataclasses import replace

import pytest

from airbyte_as_code.airbyte_client import Kind
from airbyte_as_code.change import Action, Change
from airbyte_as_code.plan import Plan

UNCHANGED = Change(Kind.SOURCE, "s", Action.UNCHANGED)


def plan(change: Change, workspace: Action = Action.UNCHANGED) -> Plan:
    return Plan("Test", workspace, [], [UNCHANGED, change])


def test_a_plan_without_changes_is_empty() -> None:
    assert plan(UNCHANGED).is_empty


@pytest.mark.parametrize("action", sorted(set(Action) - {Action.UNCHANGED}))
def test_a_plan_with_any_action_is_not_empty(action: Action) -> None:
    assert not plan(replace(UNCHANGED, action=action)).is_empty
    assert not plan(UNCHANGED, workspace=action).is_empty


def test_taking_over_an_object_as_it_is_is_a_change() -> None:
    """apply would record the object as its own and send its secrets, so the plan has a change."""
    assert not plan(replace(UNCHANGED, adopted=True)).is_empty

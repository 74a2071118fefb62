"""How plans and results look in a terminal: a line for each object."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bootstrap.diff import FieldChange
from bootstrap.plan import Action, Plan

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "!", Action.UNCHANGED: " "}


def line(kind: str, name: str, outcome: str) -> str:
    """Return one object's line: `source       jaffle_shop_orders                      created`."""
    return f"{kind:<12} {name:<38} {outcome}"


def plan_lines(plan: Plan, workspace: str) -> Iterator[str]:
    """Yield the plan: objects, the fields that differ below them (old → new), and a summary."""
    yield f"{' ' if plan.workspace_exists else '+'} " + line(
        "workspace", workspace, Action.UNCHANGED if plan.workspace_exists else Action.CREATE
    )
    for change in plan.changes:
        outcome = str(change.action)
        if change.action is Action.REPLACE:
            outcome += " (its sync state is lost: the next sync reads everything)"
        yield f"{SIGNS[change.action]} " + line(change.desired.kind, change.desired.name, outcome)
        yield from (f"      {field_text(item)}" for item in change.fields)
    counts = ", ".join(f"{plan.count(action)} {text}" for action, text in SUMMARY.items())
    yield f"\n{'No changes' if plan.is_empty else 'Plan'}: {counts}."


SUMMARY = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.REPLACE: "to replace",
    Action.UNCHANGED: "unchanged",
}


def field_text(change: FieldChange) -> str:
    """Return one field that differs: `endpoint: "http://a" → "http://b"`; of a secret only that it does."""
    if change.secret:
        return f"{change.path}: changed (secret)"
    return f"{change.path}: {_value(change.old)} → {_value(change.new)}"


def _value(value: Any) -> str:
    return "(absent)" if value is None else json.dumps(value, ensure_ascii=False)

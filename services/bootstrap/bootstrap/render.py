"""How plans and results look: a line for each object in a terminal, JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bootstrap.change import Action, Change
from bootstrap.connection_diff import timing
from bootstrap.diff import FieldChange
from bootstrap.plan import Plan

PRUNE = "make apply o=--prune"
"""The command that does what apply leaves undone."""

PRUNE_UNASKED = "make apply o='--prune --yes'"

LEFT_TITLE = "Not done, because an object or a sync state would be lost:"
"""The first of the lines that apply ends with when it left something; `make up` looks for it."""

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "!", Action.DELETE: "-", Action.UNCHANGED: " "}


def line(kind: str, name: str, outcome: str) -> str:
    """Return one object's line: `source       jaffle_shop_orders                      created`."""
    return f"{kind:<12} {name:<38} {outcome}"


def plan_lines(plan: Plan) -> Iterator[str]:
    """Yield the plan: objects, below them the fields that differ (old → new) and what is lost, and a summary."""
    yield f"{SIGNS[plan.workspace_action]} " + line("workspace", plan.workspace, plan.workspace_action)
    yield from (f"      {field_text(item)}" for item in plan.workspace_fields)
    for pin in plan.connectors:
        yield f"{SIGNS[Action.UPDATE]} " + line("connector", pin.connector, Action.UPDATE)
        yield f"      version: {_value(pin.found)} → {_value(pin.wanted)}"
    for change in plan.changes:
        outcome = change.action + (", taken over" if change.adopted else "") + _consent_text(change)
        yield f"{SIGNS[change.action]} " + line(change.kind, change.name, outcome)
        yield from (f"      {field_text(item)}" for item in change.fields)
        yield from (f"      {text}" for text in _reasons(change))
        if change.moved:
            yield f"      {move_text(change)}"
    counts = ", ".join(f"{plan.actions.count(action)} {text}" for action, text in SUMMARY.items())
    adopted = sum(change.adopted for change in plan.changes)
    counts += f"; {adopted} to take over" if adopted else ""
    yield f"\n{'No changes' if plan.is_empty else 'Plan'}: {counts}."
    if left := sum(change.needs_consent for change in plan.changes):
        yield f"{left} of them, in whole or in part, only by: {PRUNE}"


def left_lines(changes: list[Change]) -> Iterator[str]:
    """Yield what apply ends with: what it left as it is, and the command that does it; nothing without changes."""
    if changes:
        yield f"\n{LEFT_TITLE}"
        yield from destruction_lines(changes)
        yield f"Until then these objects stay as they are in Airbyte. To do it: {PRUNE}"


def destruction_lines(changes: list[Change]) -> Iterator[str]:
    """Yield each change that is not done without consent, with what is lost."""
    for change in changes:
        fields = [item.path for item in change.fields if item not in change.harmless]
        yield f"{SIGNS[change.action]} " + line(change.kind, change.name, change.action)
        if change.action is Action.UPDATE:
            yield f"      {', '.join(fields)}"
        yield from (f"      {text}" for text in _reasons(change))
        if change.action is Action.DELETE and (schedule := _schedule(change)):
            yield f"      it is no longer declared and still runs on its schedule: {schedule}"


SUMMARY = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.UNCHANGED: "unchanged",
}


def field_text(change: FieldChange) -> str:
    """Return one field that differs: `endpoint: "http://a" → "http://b"`; of a secret only that it does."""
    if change.suspected:
        return f"{change.path}: may have been changed by hand (secret); it is sent again"
    if change.secret:
        return f"{change.path}: changed (secret)"
    return f"{change.path}: {_value(change.old)} → {_value(change.new)}"


def _consent_text(change: Change) -> str:
    if not change.needs_consent:
        return ""
    return " (in part with --prune only)" if change.harmless else " (with --prune only)"


def _reasons(change: Change) -> Iterator[str]:
    if change.lost:
        yield loss_text(change)
    if change.waits:
        yield f"waits: {change.waits}"


def _schedule(change: Change) -> str | None:
    """Return the schedule by which Airbyte syncs a connection, None without one."""
    found = change.found or {}
    schedule = timing(found.get("schedule")) if found.get("status", "active") == "active" else None
    return None if schedule == "manual" else schedule


def loss_text(change: Change) -> str:
    """Return which sync states are lost and what that means; tables are never dropped."""
    streams = ", ".join(change.lost)
    if change.action is Action.DELETE:
        return f"the sync state of {streams} is lost; the tables stay"
    return f"the sync state of {streams} is lost: read from the start if it is synced again"


def move_text(change: Change) -> str:
    """Return which streams get other tables and what that means: no rows are moved, no state is lost."""
    return (
        f"other tables for {', '.join(change.moved)}: airbyte-lite reads from the start where there is none yet; on "
        "Airbyte itself refresh these streams, or what was loaded so far is in the old tables only"
    )


def _value(value: Any) -> str:
    return "(absent)" if value is None else json.dumps(value, ensure_ascii=False)


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan for machines; a secret shows neither its old nor its new value."""
    return {
        "workspace": {
            "name": plan.workspace,
            "action": plan.workspace_action,
            "fields": [_field(item) for item in plan.workspace_fields],
        },
        "connectors": [{"name": pin.connector, "old": pin.found, "new": pin.wanted} for pin in plan.connectors],
        "changes": [
            {
                "kind": change.kind,
                "name": change.name,
                "action": change.action,
                "fields": [_field(item) for item in change.fields],
                "lost_sync_states": change.lost,
                "moved_streams": change.moved,
                "adopted": change.adopted,
                "needs_consent": change.needs_consent,
                "waits": change.waits or None,
            }
            for change in plan.changes
        ],
        "summary": {action: plan.actions.count(action) for action in Action},
    }


def _field(change: FieldChange) -> dict[str, Any]:
    if change.secret:
        return {"path": change.path, "secret": True, "suspected": change.suspected}
    return {"path": change.path, "old": change.old, "new": change.new}

"""Formats plans and results: one line for each object on a terminal, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from airbyte_as_code.change import Action, Change
from airbyte_as_code.connection_diff import timing
from airbyte_as_code.diff import FieldChange
from airbyte_as_code.plan import Plan

PRUNE = "make apply o=--prune"
"""The command that makes the changes that plain apply does not make."""

PRUNE_UNASKED = "make apply o='--prune --yes'"

LEFT_TITLE = "Not done, because an object, a sync state or rows would be lost:"
"""The first of the last lines of an apply that left changes undone. `make up` searches the log for it."""

SIGNS = {Action.CREATE: "+", Action.UPDATE: "~", Action.REPLACE: "!", Action.DELETE: "-", Action.UNCHANGED: " "}


def line(kind: str, name: str, outcome: str) -> str:
    """Return the line of one object: `source       jaffle_shop_orders                      created`."""
    return f"{kind:<12} {_printable(name):<38} {outcome}"


def _printable(name: str) -> str:
    """Return the name with escapes for line breaks and other characters that a terminal does not print."""
    return "".join(part if part.isprintable() else ascii(part)[1:-1] for part in name)


def plan_lines(plan: Plan) -> Iterator[str]:
    """Yield the plan: each object, the fields that differ (old → new), the lost sync states, and a summary."""
    yield f"{SIGNS[plan.workspace_action]} " + line("workspace", plan.workspace, plan.workspace_action)
    yield from (f"      {field_text(item)}" for item in plan.workspace_fields)
    for pin in plan.connectors:
        yield f"{SIGNS[Action.UPDATE]} " + line("connector", pin.connector, Action.UPDATE)
        yield f"      version: {_value(pin.found)} → {_value(pin.wanted)}"
    for change in plan.changes:
        outcome = change.action + (", taken over" if change.adopted else "") + _consent_text(change)
        yield f"{SIGNS[change.action]} " + line(change.kind, change.name, outcome)
        yield from (f"      {text}" for text in detail_lines(change))
    counts = ", ".join(f"{plan.actions.count(action)} {text}" for action, text in SUMMARY.items())
    adopted = sum(change.adopted for change in plan.changes)
    counts += f"; {adopted} to take over" if adopted else ""
    yield f"\n{'No changes' if plan.is_empty else 'Plan'}: {counts}."
    if left := sum(change.needs_consent for change in plan.changes):
        yield f"{left} of them need --prune, at least in part: {PRUNE}"


def detail_lines(change: Change) -> Iterator[str]:
    """Yield what differs in one object, and what follows from it: a line for each field, lost sync state and note."""
    yield from map(field_text, change.fields)
    yield from _reasons(change)
    if change.note:
        yield change.note
    if change.moved:
        yield move_text(change)
    if change.earlier:
        yield change.earlier
    if change.shared:
        yield change.shared


def left_lines(changes: list[Change]) -> Iterator[str]:
    """Yield the last lines of apply: the changes that it did not make, and the command that makes them."""
    if changes:
        yield f"\n{LEFT_TITLE}"
        yield from destruction_lines(changes)
        yield f"These objects stay unchanged in Airbyte until you run: {PRUNE}"


def destruction_lines(changes: list[Change]) -> Iterator[str]:
    """Yield each change that needs consent, with the sync states that it loses."""
    for change in changes:
        fields = [item.path for item in change.fields if item not in change.harmless]
        yield f"{SIGNS[change.action]} " + line(change.kind, change.name, change.action)
        if change.action is Action.UPDATE:
            yield f"      {', '.join(fields)}"
        yield from (f"      {text}" for text in _reasons(change))
        if change.action is Action.DELETE and (schedule := _schedule(change)):
            yield f"      no longer declared, but Airbyte still syncs it on its schedule: {schedule}"


SUMMARY = {
    Action.CREATE: "to create",
    Action.UPDATE: "to update",
    Action.REPLACE: "to replace",
    Action.DELETE: "to delete",
    Action.UNCHANGED: "unchanged",
}


def field_text(change: FieldChange) -> str:
    """Return one field that differs: `endpoint: "http://a" → "http://b"`. The values of a secret are not shown."""
    if change.suspected:
        return f"{change.path}: may have been changed by hand (secret); apply sends it again"
    if change.secret:
        return f"{change.path}: changed (secret)"
    return f"{change.path}: {_value(change.old)} → {_value(change.new)}"


def _consent_text(change: Change) -> str:
    if not change.needs_consent:
        return ""
    return " (a part needs --prune)" if change.harmless else " (needs --prune)"


def _reasons(change: Change) -> Iterator[str]:
    if change.lost:
        yield loss_text(change)
    if change.overwritten:
        yield f"the next sync replaces the rows of {', '.join(change.overwritten)} that earlier syncs have loaded"
    if change.waits:
        yield f"waits: {change.waits}"


def _schedule(change: Change) -> str | None:
    """Return the schedule on which Airbyte syncs a connection, or None."""
    found = change.found or {}
    schedule = timing(found.get("schedule")) if found.get("status", "active") == "active" else None
    return None if schedule == "manual" else schedule


def loss_text(change: Change) -> str:
    """Return which sync states are lost and the effect. Tables are never dropped."""
    streams = ", ".join(change.lost)
    if change.action is Action.DELETE:
        return f"the sync state of {streams} is lost; the tables stay"
    return f"the sync state of {streams} is lost: the next sync reads from the start"


def move_text(change: Change) -> str:
    """Return which streams load other tables and the effect. No rows are moved, and no sync state is lost."""
    return (
        f"{', '.join(change.moved)}: loaded into other tables from now on. airbyte-lite reads a stream from the start "
        "if its table does not exist yet. In the real Airbyte, refresh these streams: the earlier rows are only in the "
        "old tables"
    )


def _value(value: Any) -> str:
    return "(absent)" if value is None else json.dumps(value, ensure_ascii=False)


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON. The old and the new value of a secret are left out."""
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
                "overwritten_streams": change.overwritten,
                "moved_streams": change.moved,
                "earlier_rows": change.earlier or None,
                "shared_tables": change.shared or None,
                "schema_change": change.note or None,
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

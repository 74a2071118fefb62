"""What has to be done so that Airbyte holds what is declared. Reads only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bootstrap.airbyte_client import AirbyteClient, Json, Kind
from bootstrap.connections_file import ConnectionsFile
from bootstrap.desired import Desired, Ids, declared
from bootstrap.diff import FieldChange
from bootstrap.errors import UserError
from bootstrap.state import State


class Action(StrEnum):
    """What happens to an object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Change:
    """What happens to one declared object, and why."""

    desired: Desired
    action: Action
    found: Json | None = None
    fields: list[FieldChange] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What happens to the workspace and to every declared object, in the order of the file."""

    workspace_exists: bool
    changes: list[Change]

    @property
    def is_empty(self) -> bool:
        """Whether everything is as declared."""
        return self.workspace_exists and all(change.action is Action.UNCHANGED for change in self.changes)

    def count(self, action: Action) -> int:
        """Return the number of objects with this action."""
        return sum(change.action is action for change in self.changes)


def make_plan(client: AirbyteClient, file: ConnectionsFile, state: State, *, adopt: bool) -> Plan:
    """Compare what is declared with what the workspace holds.

    `adopt` takes objects for ours that have a declared name and are not known to be ours. Raises UserError when one
    is met without it.
    """
    workspace_id = str(file.workspace.id)
    exists = client.has_workspace(workspace_id)
    actual = {kind: client.list(kind, workspace_id) if exists else [] for kind in Kind}
    changes: list[Change] = []
    ids: dict[tuple[Kind, str], str] = {}
    for desired in declared(client, file, with_specifications=exists):
        found = match(desired, actual[desired.kind], state, adopt=adopt)
        change = compare(desired, found, ids, state)
        if change.found and change.action is not Action.REPLACE:
            ids[desired.kind, desired.name] = change.found[desired.kind.id_field]
        changes.append(change)
    return Plan(exists, changes)


def match(desired: Desired, listed: list[Json], state: State, *, adopt: bool) -> Json | None:
    """Return the object that is ours under the declared name, whatever it is called now; None when there is none.

    Raises UserError when only somebody else's object has that name.
    """
    id_field = desired.kind.id_field
    for item in listed:
        if state.name_of(desired.kind, item[id_field]) == desired.name:
            return item
    same_name = [
        item for item in listed if item["name"] == desired.name and not state.name_of(desired.kind, item[id_field])
    ]
    if not same_name:
        return None
    if adopt or state.is_being_created(desired.kind, desired.name):
        return same_name[0]
    raise UserError(
        f"{desired.kind} {desired.name!r} exists in Airbyte, but apply did not make it ({state.path} lacks it).\n"
        "Rename one of the two, delete it in Airbyte, or take it over: `python -m bootstrap apply --adopt`."
    )


def compare(desired: Desired, found: Json | None, ids: Ids, state: State) -> Change:
    """Return what one object needs, given the object that is ours."""
    if found is None:
        return Change(desired, Action.CREATE)
    fields = list(desired.changes(found, ids, state))
    if not fields:
        return Change(desired, Action.UNCHANGED, found)
    replaced = any(change.path in desired.replaced_when for change in fields)
    return Change(desired, Action.REPLACE if replaced else Action.UPDATE, found, fields)


def as_json(plan: Plan) -> dict[str, Any]:
    """Return the plan for machines; a secret shows neither its old nor its new value."""
    return {
        "workspace": Action.UNCHANGED if plan.workspace_exists else Action.CREATE,
        "changes": [
            {
                "kind": change.desired.kind,
                "name": change.desired.name,
                "action": change.action,
                "fields": [
                    {"path": item.path, "secret": True}
                    if item.secret
                    else {"path": item.path, "old": item.old, "new": item.new}
                    for item in change.fields
                ],
            }
            for change in plan.changes
        ],
        "summary": {action: plan.count(action) for action in Action},
    }

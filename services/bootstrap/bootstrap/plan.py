"""What has to be done so that Airbyte holds what is declared. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from bootstrap.airbyte_client import AirbyteClient, Json, Kind
from bootstrap.change import Action, Change
from bootstrap.connection_diff import incremental_streams, moved_streams
from bootstrap.consent import with_waits
from bootstrap.desired import Desired, Ids, declared
from bootstrap.diff import FieldChange
from bootstrap.matching import is_ours, match, refuse_to_cascade
from bootstrap.pinning import Pin
from bootstrap.state import State
from connections_file import ConnectionsFile


@dataclass(frozen=True)
class Plan:
    """What happens to the workspace, to every declared object, and to what was removed from the file."""

    workspace: str
    workspace_action: Action
    workspace_fields: list[FieldChange]
    changes: list[Change]
    connectors: list[Pin] = field(default_factory=list)
    """The connectors whose version is set first; until then objects are compared by the old one's specification."""

    @property
    def actions(self) -> list[Action]:
        """What happens to each object: the workspace, the connectors whose version is set, and the changes'."""
        updated = [Action.UPDATE] * len(self.connectors)
        return [self.workspace_action, *updated, *(change.action for change in self.changes)]

    @property
    def destroyed(self) -> list[Change]:
        """The changes that delete or replace an object or lose a sync state."""
        return [change for change in self.changes if change.destroys]

    @property
    def is_empty(self) -> bool:
        """Whether everything is as declared."""
        return set(self.actions) == {Action.UNCHANGED} and not any(change.adopted for change in self.changes)


def make_plan(client: AirbyteClient, file: ConnectionsFile, state: State, *, adopt: bool) -> Plan:
    """Compare what is declared with what the workspace holds.

    `adopt` takes objects for ours that have a declared name and are not known to be ours. Raises UserError when one
    is met without it.
    """
    workspace_id = str(file.workspace.id)
    workspace = client.workspace(workspace_id)
    exists = workspace is not None
    actual = {kind: client.list(kind, workspace_id) if exists else [] for kind in Kind}
    wanted = declared(client, file, with_specifications=exists)
    changes: list[Change] = []
    ids: dict[tuple[Kind, str], str] = {}
    for kind in Kind:
        group = [desired for desired in wanted if desired.kind is kind]
        found = match(kind, group, actual[kind], ids, state, adopt=adopt)
        for desired in group:
            change = compare(desired, found.get(desired.name), ids, state)
            if change.found and change.action is not Action.REPLACE:
                ids[kind, desired.name] = change.found[kind.id_field]
            changes.append(change)
        kept = {item[kind.id_field] for item in found.values()}
        changes += [
            _deletion(kind, item)
            for item in actual[kind]
            if item[kind.id_field] not in kept and is_ours(kind, item, state)
        ]
    changes = with_waits(_with_moves(changes, actual[Kind.CONNECTION]), ids)
    return Plan(*_workspace(file, workspace, state, adopt=adopt), changes)


def refuse_to_take_along(plan: Plan, connections: list[Json]) -> None:
    """Raise UserError when something would be deleted together with a connection of somebody else."""
    ours = {change.found["connectionId"] for change in plan.changes if change.found and change.kind is Kind.CONNECTION}
    for change in plan.changes:
        if change.found and change.action in {Action.DELETE, Action.REPLACE}:
            refuse_to_cascade(change.kind, change.found, connections, ours)


def compare(desired: Desired, found: Json | None, ids: Ids, state: State) -> Change:
    """Return what one declared object needs, given the object that is it."""
    kind, name = desired.kind, desired.name
    if found is None:
        return Change(kind, name, Action.CREATE, desired)
    fields = list(desired.changes(found, ids, state))
    replaced = any(change.path in desired.replaced_when for change in fields)
    action = Action.REPLACE if replaced else Action.UPDATE if fields else Action.UNCHANGED
    lost = desired.lost(found, fields, replaced=replaced)
    return Change(kind, name, action, desired, found, fields, lost, adopted=not is_ours(kind, found, state))


def _with_moves(changes: list[Change], connections: list[Json]) -> list[Change]:
    """Return the changes with what they move; a destination's moves the streams of its connections."""
    lost = {change.found["connectionId"]: change.lost for change in changes if change.found and change.lost}
    return [replace(change, moved=list(_moved(change, connections, lost))) for change in changes]


def _moved(change: Change, connections: list[Json], lost: dict[str, list[str]]) -> Iterator[str]:
    if change.action is not Action.UPDATE or change.desired is None or change.found is None:
        return
    id_field = change.kind.id_field
    changed = {item.path for item in change.fields} & change.desired.moved_when
    for connection in connections:
        if changed and connection[id_field] == change.found[id_field]:
            place = "" if change.kind is Kind.CONNECTION else f" ({connection['name']})"
            kept = set(moved_streams(connection, changed)) - set(lost.get(connection["connectionId"], []))
            yield from (stream + place for stream in sorted(kept))


def _deletion(kind: Kind, item: Json) -> Change:
    lost = incremental_streams(item) if kind is Kind.CONNECTION else []
    return Change(kind, item["name"], Action.DELETE, found=item, lost=lost)


def _workspace(
    file: ConnectionsFile, found: Json | None, state: State, *, adopt: bool
) -> tuple[str, Action, list[FieldChange]]:
    """Return name, action and differences; the name of a workspace that somebody else made is theirs."""
    name = file.workspace.name
    if found is None:
        return name, Action.CREATE, []
    if found["name"] == name:
        return name, Action.UNCHANGED, []
    if not adopt and not state.made_workspace(str(file.workspace.id)):
        return found["name"], Action.UNCHANGED, []
    return name, Action.UPDATE, [FieldChange("name", found["name"], name)]

"""Plans how to change Airbyte to what the connections file declares. Sends only requests that read."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field, replace

from airbyte_as_code.airbyte_client import AirbyteClient, Json, Kind
from airbyte_as_code.change import Action, Change, place_changes
from airbyte_as_code.connection_diff import incremental_streams, moved_streams, overwritten_streams
from airbyte_as_code.consent import with_overwritten, with_waits
from airbyte_as_code.desired import Actor, Desired, Ids, Link, declared
from airbyte_as_code.diff import FieldChange
from airbyte_as_code.earlier_rows import lost_by_connection, with_earlier_rows
from airbyte_as_code.matching import is_ours, match, refuse_to_cascade
from airbyte_as_code.pinning import Pin
from airbyte_as_code.schema_drift import LATER, WAITS, Drift, drift, lost_columns, note, unseen_text
from airbyte_as_code.shared_tables import with_shared_tables
from airbyte_as_code.state import State
from connections_file import ConnectionsFile


@dataclass(frozen=True)
class Plan:
    """What happens to the workspace, to each declared object, and to each object that the file no longer declares."""

    workspace: str
    workspace_action: Action
    workspace_fields: list[FieldChange]
    changes: list[Change]
    connectors: list[Pin] = field(default_factory=list)
    """The connectors whose version apply sets first. Until then the plan uses the old version's specification."""

    @property
    def actions(self) -> list[Action]:
        """The action of the workspace, of each connector whose version is set, and of each change."""
        updated = [Action.UPDATE] * len(self.connectors)
        return [self.workspace_action, *updated, *(change.action for change in self.changes)]

    @property
    def destroyed(self) -> list[Change]:
        """The changes that delete or replace an object or lose a sync state."""
        return [change for change in self.changes if change.destroys]

    @property
    def is_empty(self) -> bool:
        """Whether Airbyte holds what is declared, and apply has nothing to take over."""
        return set(self.actions) == {Action.UNCHANGED} and not any(change.adopted for change in self.changes)


def make_plan(
    client: AirbyteClient,
    file: ConnectionsFile,
    state: State,
    *,
    adopt: bool,
    refresh_schema: bool = False,
    elsewhere: Container[str] | None = None,
    notes: bool = True,
) -> Plan:
    """Compare the declared objects with the objects in the workspace.

    `refresh_schema` also discovers the schema of each source, and compares it with the schema of its connections.

    `adopt` takes over an object that has a declared name but was not created by apply. Without `adopt`, such an object
    raises UserError.

    With `elsewhere`, what is known elsewhere only is not compared (see `desired.declared`): such a plan is to be shown,
    not to be applied.
    """
    workspace_id = str(file.workspace.id)
    workspace = client.workspace(workspace_id)
    exists = workspace is not None
    actual = {kind: client.list(kind, workspace_id) if exists else [] for kind in Kind}
    wanted = declared(client, file, with_specifications=exists, elsewhere=elsewhere)
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
    if notes or refresh_schema:
        changes = _with_schemas(client, changes, refresh=refresh_schema)
    changes = with_earlier_rows(_with_moves(changes, actual[Kind.CONNECTION]), actual[Kind.CONNECTION])
    changes = _with_waiting_sources(with_waits(with_overwritten(changes, ids), ids))
    changes = with_shared_tables(changes, actual[Kind.CONNECTION], actual[Kind.DESTINATION], ids)
    return Plan(*_workspace(file, workspace, state, adopt=adopt), changes)


def refuse_to_take_along(plan: Plan, connections: list[Json]) -> None:
    """Raise UserError if Airbyte would also delete a connection that apply did not create."""
    ours = {change.found["connectionId"] for change in plan.changes if change.found and change.kind is Kind.CONNECTION}
    for change in plan.changes:
        if change.found and change.action in {Action.DELETE, Action.REPLACE}:
            refuse_to_cascade(change.kind, change.found, connections, ours)


def compare(
    desired: Desired, found: Json | None, ids: Ids, state: State, columns: Sequence[FieldChange] = ()
) -> Change:
    """Return the change that one declared object needs, given the object in Airbyte or None.

    `columns` are the columns of a connection that differ from its source's.
    """
    kind, name = desired.kind, desired.name
    if found is None:
        return Change(kind, name, Action.CREATE, desired)
    fields = [*desired.changes(found, ids, state), *columns]
    replaced = any(change.path in desired.replaced_when for change in fields)
    action = Action.REPLACE if replaced else Action.UPDATE if fields else Action.UNCHANGED
    lost = desired.lost(found, fields, replaced=replaced)
    overwritten = overwritten_streams(found, fields)
    ours = is_ours(kind, found, state)
    columns = list(columns)
    return Change(kind, name, action, desired, found, fields, lost, overwritten, columns=columns, adopted=not ours)


def _with_schemas(client: AirbyteClient, changes: list[Change], *, refresh: bool) -> list[Change]:
    """Return the changes with what Airbyte noticed or, if `refresh`, with the columns that differ from the sources'."""
    kept = {
        change.found["connectionId"]: change.found
        for change in changes
        if change.kind is Kind.CONNECTION and change.found and change.action in {Action.UPDATE, Action.UNCHANGED}
    }
    if not refresh:
        notes = {identity: note(client, identity) for identity in kept}
        return [replace(change, note=notes.get(_connection_id(change), "")) for change in changes]
    changing = {
        change.found["sourceId"]
        for change in changes
        if change.kind is Kind.SOURCE and change.found and change.action is Action.UPDATE
    }
    later = {identity for identity, connection in kept.items() if connection["sourceId"] in changing}
    changes = [
        replace(change, note=LATER, undiscovered=True) if _connection_id(change) in later else change
        for change in changes
    ]
    return with_columns(client, changes, [found for identity, found in kept.items() if identity not in later])


def _with_waiting_sources(changes: list[Change]) -> list[Change]:
    """Return the changes; of each connection that is discovered later, the note says if its source needs --prune."""
    waiting = waiting_sources(changes)
    return [
        replace(change, note=f"source {waiting[change.found['sourceId']]!r} {WAITS}")
        if change.undiscovered and change.found and change.found["sourceId"] in waiting
        else change
        for change in changes
    ]


def waiting_sources(changes: list[Change]) -> dict[str, str]:
    """Return the names, by id, of the sources that stay unchanged without --prune."""
    return {
        change.found["sourceId"]: change.name
        for change in changes
        if change.kind is Kind.SOURCE and change.found and change.needs_consent
    }


def with_columns(client: AirbyteClient, changes: list[Change], connections: list[Json]) -> list[Change]:
    """Return the changes; those of these connections have the columns that differ from the sources'."""
    of_files = {  # of a source of files, each stream has a format, and globs unless it reads all files
        (change.found["sourceId"], str(stream.get("name")))
        for change in changes
        if isinstance(change.desired, Actor) and change.kind is Kind.SOURCE and change.found
        for stream in change.desired.configuration.get("streams") or []
        if isinstance(stream, dict) and {"globs", "format"} & stream.keys() and not stream.get("schemaless")
    }
    declared = {
        _connection_id(change): change.desired.declared for change in changes if isinstance(change.desired, Link)
    }
    found = drift(client, connections, declared, of_files)
    return [
        _with_columns(change, found[identity]) if (identity := _connection_id(change)) in found else change
        for change in changes
    ]


def _connection_id(change: Change) -> str:
    """Return the id of a connection in Airbyte; empty for other objects."""
    return str((change.found or {}).get("connectionId", ""))


def _with_columns(change: Change, drift: Drift) -> Change:
    columns = drift.columns
    lost = lost_columns(change.desired.declared, columns) if isinstance(change.desired, Link) else ""
    note = "; ".join(filter(None, (lost, unseen_text(drift.unseen))))
    change = replace(change, note=note, undiscovered=False)
    if not columns:
        return change
    return replace(change, action=Action.UPDATE, fields=[*change.fields, *columns], columns=columns)


def _with_moves(changes: list[Change], connections: list[Json]) -> list[Change]:
    """Set `moved` on each change. A change of a destination moves the tables of the connections that use it."""
    lost = lost_by_connection(changes)
    return [replace(change, moved=list(_moved(change, connections, lost))) for change in changes]


def _moved(change: Change, connections: list[Json], lost: dict[str, list[str]]) -> Iterator[str]:
    if change.action is not Action.UPDATE or change.desired is None or change.found is None:
        return
    id_field = change.kind.id_field
    changed = place_changes(change)
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
    """Return name, action and differences. Apply does not rename a workspace that it did not create."""
    name = file.workspace.name
    if found is None:
        return name, Action.CREATE, []
    if found["name"] == name:
        return name, Action.UNCHANGED, []
    if not adopt and not state.made_workspace(str(file.workspace.id)):
        return found["name"], Action.UNCHANGED, []
    return name, Action.UPDATE, [FieldChange("name", found["name"], name)]

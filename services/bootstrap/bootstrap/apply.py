"""Makes Airbyte hold what is declared, one request at a time; and removes what was made."""

from __future__ import annotations

import time
from collections.abc import Callable

from bootstrap.airbyte_client import AirbyteClient, AirbyteError, Json, Kind
from bootstrap.connections_file import ConnectionsFile
from bootstrap.desired import Actor, Desired
from bootstrap.diff import secrets
from bootstrap.plan import Action, Change, compare, make_plan, match
from bootstrap.state import State

type Report = Callable[[str, str, str], None]
"""Told kind, name and outcome of every object as soon as it is dealt with."""

PAUSES = (1.0, 2.0, 4.0)
"""Seconds before another attempt: a fresh server can answer 500 to its first writes."""

OUTCOMES = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.UNCHANGED: "unchanged",
}


def apply(client: AirbyteClient, file: ConnectionsFile, state: State, report: Report, *, adopt: bool = False) -> None:
    """Create, update and replace until Airbyte holds what the file declares. Raises UserError; can be run again."""
    workspace_id, name = str(file.workspace.id), file.workspace.name
    for item in (*file.sources, *file.destinations):
        item.expanded()  # a variable that is not set is told before anything is touched
    with state.locked():
        exists = client.has_workspace(workspace_id)
        if not exists:
            client.create_workspace(workspace_id, name)
        report("workspace", name, "unchanged" if exists else "created")
        plan = make_plan(client, file, state, adopt=adopt)
        for change in reversed(plan.changes):  # connections go before what they connect
            if change.action is Action.REPLACE and change.found:
                _delete(client, state, change.desired.kind, change.found)
        ids: dict[tuple[Kind, str], str] = {}
        for change in plan.changes:
            desired = change.desired
            ids[desired.kind, desired.name] = _converge(client, workspace_id, change, ids, state, adopt=adopt)
            report(desired.kind, desired.name, _outcome(change))


def destroy(client: AirbyteClient, state: State, objects: list[tuple[Kind, Json]], report: Report) -> None:
    """Delete the objects that `made` returned, connections first."""
    with state.locked():
        for kind, item in reversed(objects):
            _delete(client, state, kind, item)
            report(kind, item["name"], "deleted")


def made(client: AirbyteClient, file: ConnectionsFile, state: State) -> list[tuple[Kind, Json]]:
    """Return the workspace's objects that we made, also those whose creation was interrupted."""
    workspace_id = str(file.workspace.id)
    if not client.has_workspace(workspace_id):
        return []
    return [
        (kind, item)
        for kind in Kind
        for item in client.list(kind, workspace_id)
        if state.name_of(kind, item[kind.id_field]) or state.is_being_created(kind, item["name"])
    ]


def _converge(
    client: AirbyteClient,
    workspace_id: str,
    change: Change,
    ids: dict[tuple[Kind, str], str],
    state: State,
    *,
    adopt: bool,
) -> str:
    """Bring one object to what is declared and return its id.

    After an answer that leaves open whether the request worked, the object is looked up again before anything is
    repeated: a second POST would make a second object.
    """
    desired, found = change.desired, None if change.action is Action.REPLACE else change.found
    for pause in (*PAUSES, None):
        try:
            return _send(client, workspace_id, compare(desired, found, ids, state), ids, state)
        except AirbyteError as error:
            if pause is None or not error.may_have_worked:
                raise
            time.sleep(pause)
            found = match(desired, client.list(desired.kind, workspace_id), state, adopt=adopt)
    raise AssertionError("the last attempt returns or raises")


def _send(
    client: AirbyteClient, workspace_id: str, change: Change, ids: dict[tuple[Kind, str], str], state: State
) -> str:
    desired = change.desired
    if change.found is None:
        state.begin_creation(desired.kind, desired.name)
        answer = client.create(desired.kind, desired.creation(workspace_id, ids))
        object_id: str = answer[desired.kind.id_field]
    else:
        object_id = change.found[desired.kind.id_field]
        if change.action is Action.UNCHANGED:
            if state.name_of(desired.kind, object_id) is None:
                state.remember(desired.kind, desired.name, object_id)
            return object_id
        answer = client.update(desired.kind, object_id, desired.correction(change.fields, ids))
    state.remember(desired.kind, desired.name, object_id, _sent_secrets(desired, answer))
    return object_id


def _sent_secrets(desired: Desired, answer: Json) -> list[tuple[str, object]]:
    if not isinstance(desired, Actor):
        return []
    return list(secrets(desired.configuration, answer.get("configuration"), desired.schemas))


def _delete(client: AirbyteClient, state: State, kind: Kind, item: Json) -> None:
    client.delete(kind, item[kind.id_field])
    state.forget(item[kind.id_field])


def _outcome(change: Change) -> str:
    fields = ", ".join(item.path for item in change.fields)
    return OUTCOMES[change.action] + (f" ({fields})" if fields else "")

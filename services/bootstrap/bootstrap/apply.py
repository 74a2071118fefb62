"""Makes Airbyte hold what is declared, one request at a time; and removes what was made."""

from __future__ import annotations

import time
from collections.abc import Callable

from bootstrap.airbyte_client import PAUSES, AirbyteClient, AirbyteError, Json, Kind
from bootstrap.desired import Desired
from bootstrap.errors import UserError
from bootstrap.matching import clash, is_ours, refuse_to_cascade
from bootstrap.plan import Action, Change, compare, make_plan
from bootstrap.render import move_text
from bootstrap.state import State
from connections_file import ConnectionsFile

type Report = Callable[[str, str, str], None]
"""Told kind, name and outcome of every object as soon as it is dealt with."""

OUTCOMES = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.UNCHANGED: "unchanged",
}


def apply(client: AirbyteClient, file: ConnectionsFile, state: State, report: Report, *, adopt: bool = False) -> None:
    """Create, update, replace and delete until Airbyte holds what the file declares.

    Raises UserError; can be run again, also when it was killed.
    """
    workspace_id = str(file.workspace.id)
    file.expand()  # a variable that is not set is told before anything is touched
    with state.locked():
        made_now = client.workspace(workspace_id) is None
        if made_now:
            state.remember_workspace(workspace_id)
            client.create_workspace(workspace_id, file.workspace.name)
        plan = make_plan(client, file, state, adopt=adopt)
        if plan.workspace_action is Action.UPDATE:
            client.rename_workspace(workspace_id, plan.workspace)
        if adopt:
            state.remember_workspace(workspace_id)
        report("workspace", plan.workspace, OUTCOMES[Action.CREATE if made_now else plan.workspace_action])
        for change in reversed(plan.changes):  # connections go before what they connect
            if change.action is Action.REPLACE and change.found:
                _delete(client, state, change.kind, change.found)
        ids: dict[tuple[Kind, str], str] = {}
        for change in plan.changes:
            if change.desired:
                ids[change.kind, change.name] = _converge(client, workspace_id, change, change.desired, ids, state)
                report(change.kind, change.name, _outcome(change))
        for change in reversed(plan.changes):
            if change.action is Action.DELETE and change.found:
                _delete(client, state, change.kind, change.found)
                report(change.kind, change.name, _outcome(change))
        state.end_creations()


def destroy(client: AirbyteClient, state: State, objects: list[tuple[Kind, Json]], report: Report) -> None:
    """Delete the objects that `made` returned, connections first."""
    with state.locked():
        for kind, item in reversed(objects):
            _delete(client, state, kind, item)
            report(kind, item["name"], OUTCOMES[Action.DELETE])
        state.end_creations()


def made(client: AirbyteClient, file: ConnectionsFile, state: State) -> list[tuple[Kind, Json]]:
    """Return the workspace's objects that we made, also those whose creation was interrupted.

    Raises UserError when somebody else's connection would be deleted together with them.
    """
    workspace_id = str(file.workspace.id)
    if client.workspace(workspace_id) is None:
        return []
    actual = {kind: client.list(kind, workspace_id) for kind in Kind}
    found = [(kind, item) for kind in Kind for item in actual[kind] if is_ours(kind, item, state)]
    ours = {item["connectionId"] for kind, item in found if kind is Kind.CONNECTION}
    for kind, item in found:
        refuse_to_cascade(kind, item, actual[Kind.CONNECTION], ours)
    return found


def _converge(
    client: AirbyteClient,
    workspace_id: str,
    change: Change,
    desired: Desired,
    ids: dict[tuple[Kind, str], str],
    state: State,
) -> str:
    """Bring one object to what is declared and return its id.

    After an answer that leaves open whether the request worked, the object is looked up again before anything is
    repeated: a second POST would make a second object.
    """
    found = None if change.action is Action.REPLACE else change.found
    for pause in (*PAUSES, None):
        try:
            return _send(client, workspace_id, desired, found, ids, state)
        except AirbyteError as error:
            if pause is None or not error.may_have_worked:
                raise UserError(f"{desired.where}: {desired.kind} {desired.name!r}: {error}") from error
            time.sleep(pause)
            found = _again(desired, found, client.list(desired.kind, workspace_id), state)
    raise AssertionError("the last attempt returns or raises")


def _again(desired: Desired, found: Json | None, listed: list[Json], state: State) -> Json | None:
    """Return the object as it is now, None if it is not there; raise UserError when its name is somebody else's."""
    id_field = desired.kind.id_field
    if found is not None:
        return next((item for item in listed if item[id_field] == found[id_field]), None)
    named = [
        item for item in listed if item["name"] == desired.name and state.name_of(desired.kind, item[id_field]) is None
    ]
    ours = [item for item in named if state.is_creation(desired.kind, item)]
    if named and not ours:
        raise clash(desired, named, state)
    return ours[0] if ours else None


def _send(
    client: AirbyteClient,
    workspace_id: str,
    desired: Desired,
    found: Json | None,
    ids: dict[tuple[Kind, str], str],
    state: State,
) -> str:
    kind, name = desired.kind, desired.name
    change = compare(desired, found, ids, state)
    was_begun = state.is_being_created(kind, name)
    if found is None:
        body = desired.creation(workspace_id, ids)
        state.begin_creation(kind, name, body)
        try:
            answer = client.create(kind, body)
        except AirbyteError as error:
            if not error.may_have_worked:
                state.end_creation(kind, name)
            raise
    elif change.action is not Action.UNCHANGED:
        answer = client.update(kind, found[kind.id_field], desired.correction(change.fields, ids))
    elif state.name_of(kind, found[kind.id_field]) == name:
        return str(found[kind.id_field])
    else:
        answer = found
    object_id: str = answer[kind.id_field]
    if was_begun:
        _delete_twins(client, workspace_id, desired, object_id, state)
    state.remember(kind, name, object_id, desired.sent_secrets(answer), desired.shown(answer))
    desired.check(answer)
    return object_id


def _delete_twins(client: AirbyteClient, workspace_id: str, desired: Desired, object_id: str, state: State) -> None:
    """Delete what an earlier request made of the same object, of which we saw neither the end nor, looking, a trace.

    Airbyte goes on with a request whose sender is gone: it takes effect after that.
    """
    kind = desired.kind
    for item in client.list(kind, workspace_id):
        twin_id: str = item[kind.id_field]
        if (
            item["name"] == desired.name
            and twin_id != object_id
            and state.name_of(kind, twin_id) is None
            and state.is_creation(kind, item)
        ):
            client.delete(kind, twin_id)


def _delete(client: AirbyteClient, state: State, kind: Kind, item: Json) -> None:
    client.delete(kind, item[kind.id_field])
    state.forget(item[kind.id_field])


def _outcome(change: Change) -> str:
    fields = ", ".join(item.path for item in change.fields)
    if change.adopted and not fields:
        return "taken over"
    # What is lost, the plan tells; this asks for something to be done after it.
    moved = f"; {move_text(change)}" if change.moved else ""
    return OUTCOMES[change.action] + (f" ({fields})" if fields else "") + moved

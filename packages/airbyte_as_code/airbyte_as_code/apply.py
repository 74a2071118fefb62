"""Changes Airbyte to what the connections file declares, one request at a time. Destroys nothing without `prune`."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from airbyte_as_code.airbyte_client import PAUSES, AirbyteClient, AirbyteError, Json, Kind
from airbyte_as_code.change import OUTCOMES, Action, Change
from airbyte_as_code.desired import Desired
from airbyte_as_code.destroy import Report, delete
from airbyte_as_code.earlier_rows import with_earlier_rows
from airbyte_as_code.errors import UserError
from airbyte_as_code.matching import clash
from airbyte_as_code.plan import Plan, compare, make_plan, refuse_to_take_along, waiting_sources, with_columns
from airbyte_as_code.render import PRUNE, destruction_lines, move_text
from airbyte_as_code.state import State
from connections_file import ConnectionsFile


def apply(
    client: AirbyteClient,
    file: ConnectionsFile,
    state: State,
    report: Report,
    *,
    adopt: bool = False,
    prune: bool = False,
    refresh_schema: bool = False,
    show: Callable[[list[Change]], None] = lambda _: None,
    ask: Callable[[list[Change]], None] | None = None,
) -> list[Change]:
    """Create and update objects until Airbyte holds what the file declares. Return the changes that need `prune`.

    With `refresh_schema`, connections also take over the columns and types that their sources have now.
    With `prune`, also delete and replace objects and lose sync states. `show` and `ask` receive these changes first, if
    there are any; `ask` raises an exception to stop before any object changes. Other runs need not wait for its answer;
    if they changed what was asked about, this run changes no object. Raises UserError. An apply that was interrupted
    can be run again.
    """
    file.expand()  # reports a variable that is not set before anything changes
    confirmed: list[str] | None = None
    while True:
        with state.locked():
            _refuse_outdated(file, prune=prune)
            made_now = _make_workspace(client, file, state)
            plan = make_plan(client, file, state, adopt=adopt, refresh_schema=refresh_schema)
            destroyed = plan.destroyed if prune else []
            if destroyed:
                refuse_to_take_along(plan, client.list(Kind.CONNECTION, str(file.workspace.id)))
            if destroyed and confirmed is None:
                show(destroyed)
            if not destroyed or ask is None or confirmed == _identified(destroyed):
                return _carry_out(client, file, state, plan, report, made_now=made_now, adopt=adopt, prune=prune)
        if confirmed is not None:
            raise UserError(
                "Another run has changed these objects since the question was asked. No object was changed.\n"
                f"To see the changes that are needed now, and to confirm them: {PRUNE}"
            )
        ask(destroyed)
        confirmed = _identified(destroyed)


def _refuse_outdated(file: ConnectionsFile, *, prune: bool) -> None:
    """Raise UserError if the file has changed since it was read: another run may have applied its new content."""
    if not file.is_current():
        raise UserError(
            "The connections file was changed while this run waited. No object was changed.\n"
            f"To apply its new content: {PRUNE if prune else 'make apply'}"
        )


def _identified(changes: list[Change]) -> list[str]:
    """Return what the user sees of these changes, and the ids of their objects."""
    ids = [str(change.found[change.kind.id_field]) for change in changes if change.found]
    return [*destruction_lines(changes), *ids]


def _make_workspace(client: AirbyteClient, file: ConnectionsFile, state: State) -> bool:
    """Create the workspace if it does not exist. Return whether it was created."""
    workspace_id = str(file.workspace.id)
    state.remember_variables(file.variables())
    if client.workspace(workspace_id) is not None:
        return False
    state.remember_workspace(workspace_id)
    client.create_workspace(workspace_id, file.workspace.name)
    return True


def _carry_out(
    client: AirbyteClient,
    file: ConnectionsFile,
    state: State,
    plan: Plan,
    report: Report,
    *,
    made_now: bool,
    adopt: bool,
    prune: bool,
) -> list[Change]:
    """Make the changes of a plan. Return those that need `prune`."""
    workspace_id = str(file.workspace.id)
    left = [] if prune else [change for change in plan.changes if change.needs_consent]
    if plan.workspace_action is Action.UPDATE:
        client.rename_workspace(workspace_id, plan.workspace)
    if adopt:
        state.remember_workspace(workspace_id)
    report("workspace", plan.workspace, OUTCOMES[Action.CREATE if made_now else plan.workspace_action])
    for change in reversed(plan.changes):  # a connection before its source and destination
        if prune and change.action is Action.REPLACE and change.found:
            delete(client, state, change.kind, change.found)
    ids: dict[tuple[Kind, str], str] = {}
    for kind in Kind:
        changes = _discovered(client, plan.changes, prune=prune) if kind is Kind.CONNECTION else plan.changes
        for change in (change for change in changes if change.kind is kind):
            if change.found and change.needs_consent and not prune:
                _remember_as_ours(state, change, change.found)
            if change.desired and _is_executed(change, prune=prune):
                ids[kind, change.name] = _converge(
                    client, workspace_id, change, change.desired, ids, state, prune=prune
                )
            elif change.found and change.action is Action.UPDATE:
                ids[kind, change.name] = change.found[kind.id_field]
            if change.desired:
                report(kind, change.name, _outcome(change, prune=prune))
    for change in reversed(plan.changes):
        if prune and change.action is Action.DELETE and change.found:
            delete(client, state, change.kind, change.found)
            report(change.kind, change.name, _outcome(change, prune=prune))
    state.end_creations([(change.kind, change.name) for change in left if change.found is None])
    return left


def _discovered(client: AirbyteClient, changes: list[Change], *, prune: bool) -> list[Change]:
    """Return the changes with the columns of those connections whose sources had to change before, and have changed."""
    waiting = {} if prune else waiting_sources(changes)
    found = [change.found for change in changes if change.undiscovered and change.found]
    later = [connection for connection in found if connection["sourceId"] not in waiting]
    return [
        with_earlier_rows([new], [])[0] if old.undiscovered and not new.undiscovered else old
        for old, new in zip(changes, with_columns(client, changes, later), strict=True)
    ]


def _is_executed(change: Change, *, prune: bool) -> bool:
    """Return whether a declared object is created or updated now, at least in part."""
    return prune or not change.needs_consent or bool(change.harmless)


def _remember_as_ours(state: State, change: Change, found: Json) -> None:
    """Remember an object that stays unchanged as ours, also after its creation was interrupted."""
    if state.name_of(change.kind, found[change.kind.id_field]) is None:
        state.remember(change.kind, change.name, found[change.kind.id_field])


def _converge(
    client: AirbyteClient,
    workspace_id: str,
    change: Change,
    desired: Desired,
    ids: dict[tuple[Kind, str], str],
    state: State,
    *,
    prune: bool,
) -> str:
    """Create or update one object as declared and return its id. Raises UserError.

    If it is unknown whether a request worked, look the object up before the next attempt: a second POST would create
    a second object.
    """
    found = None if change.action is Action.REPLACE else change.found
    for pause in (*PAUSES, None):
        try:
            return _send(client, workspace_id, change, desired, found, ids, state, prune=prune)
        except AirbyteError as error:
            if pause is None or not error.may_have_worked:
                raise UserError(f"{desired.where}: {desired.kind} {desired.name!r}: {error}") from error
            time.sleep(pause)
            found = _look_up(desired, found, client.list(desired.kind, workspace_id), state)
    raise AssertionError("the last attempt returns or raises")


def _look_up(desired: Desired, found: Json | None, listed: list[Json], state: State) -> Json | None:
    """Return the object as it is now, None if it does not exist.

    Raises UserError if apply did not create the object that has the declared name.
    """
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
    planned: Change,
    desired: Desired,
    found: Json | None,
    ids: dict[tuple[Kind, str], str],
    state: State,
    *,
    prune: bool,
) -> str:
    kind, name = desired.kind, desired.name
    change = replace(
        compare(desired, found, ids, state, planned.columns), waits=planned.waits, overwritten=planned.overwritten
    )
    fields = change.fields if prune else change.harmless
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
    elif fields:
        answer = client.update(kind, found[kind.id_field], desired.correction(fields, ids))
    elif state.name_of(kind, found[kind.id_field]) == name:
        return str(found[kind.id_field])
    else:
        answer = found
    object_id: str = answer[kind.id_field]
    if was_begun:
        _delete_twins(client, workspace_id, desired, object_id, state)
    if fields == change.fields:
        state.remember(kind, name, object_id, desired.sent_secrets(answer), desired.shown(answer))
        desired.check(answer)
    else:
        # The answer still has the differences that are left; if it was remembered, the next plan would not show them.
        state.remember(kind, name, object_id, shown=state.shown(object_id))
    return object_id


def _delete_twins(client: AirbyteClient, workspace_id: str, desired: Desired, object_id: str, state: State) -> None:
    """Delete the second object that an interrupted creation made.

    Airbyte finishes a request after its sender has gone. The object can therefore appear after the next run has
    looked for it and has created another one.
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


def _outcome(change: Change, *, prune: bool) -> str:
    fields = change.fields if prune else change.harmless
    done = ", ".join(item.path for item in fields)
    if change.needs_consent and not prune:
        return f"updated ({done}); the rest needs --prune" if done else f"not {OUTCOMES[change.action]}: needs --prune"
    if change.adopted and not done:
        return "taken over"
    # The plan says what is lost. This line says what the user has to do afterwards.
    moved = f"; {move_text(change)}" if change.moved else ""
    texts = [text for text in (change.earlier, change.shared, change.note) if text]
    return "; ".join([OUTCOMES[change.action] + (f" ({done})" if done else "") + moved, *texts])

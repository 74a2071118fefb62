"""Deletes the objects in Airbyte that apply created."""

from __future__ import annotations

from collections.abc import Callable

from airbyte_as_code.airbyte_client import AirbyteClient, Json, Kind
from airbyte_as_code.change import OUTCOMES, Action
from airbyte_as_code.errors import UserError
from airbyte_as_code.matching import is_ours, refuse_to_cascade
from airbyte_as_code.state import State
from connections_file import ConnectionsFile

type Report = Callable[[str, str, str], None]
"""Receives kind, name and outcome of each object as soon as it is done."""


def destroy(
    client: AirbyteClient, file: ConnectionsFile, state: State, objects: list[tuple[Kind, Json]], report: Report
) -> None:
    """Delete the objects that `made` returned, connections first.

    Raises UserError if another run has made or deleted some since then: they are not what the user confirmed.
    """
    with state.locked():
        if _names(made(client, file, state)) != _names(objects):
            raise UserError(
                "Another run has changed these objects. Nothing was deleted.\n"
                "To see the objects that there are now, and to delete them: make destroy"
            )
        for kind, item in reversed(objects):
            delete(client, state, kind, item)
            report(kind, item["name"], OUTCOMES[Action.DELETE])
        state.end_creations()


def _names(objects: list[tuple[Kind, Json]]) -> set[tuple[Kind, str, str]]:
    return {(kind, item["name"], item[kind.id_field]) for kind, item in objects}


def made(client: AirbyteClient, file: ConnectionsFile, state: State) -> list[tuple[Kind, Json]]:
    """Return the objects in the workspace that apply created, also if their creation was interrupted.

    Raises UserError if Airbyte would also delete a connection that apply did not create.
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


def delete(client: AirbyteClient, state: State, kind: Kind, item: Json) -> None:
    """Delete one object and forget it. Raises AirbyteError."""
    client.delete(kind, item[kind.id_field])
    state.forget(item[kind.id_field])

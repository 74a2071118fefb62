"""Finds the object in Airbyte for each declaration: by remembered id, by name, or after a rename."""

from __future__ import annotations

from collections.abc import Iterable

from airbyte_as_code.airbyte_client import Json, Kind
from airbyte_as_code.desired import Desired, Ids
from airbyte_as_code.errors import UserError
from airbyte_as_code.state import State


def is_ours(kind: Kind, item: Json, state: State) -> bool:
    """Return whether apply created an object, also if that run was interrupted."""
    return _made_as(item, kind, state) is not None


def match(
    kind: Kind, group: list[Desired], listed: list[Json], ids: Ids, state: State, *, adopt: bool
) -> dict[str, Json]:
    """Return the existing object of each declared name, for declarations of one kind.

    In this order: the object that apply created under the name, also if it was renamed in Airbyte; an object that
    apply created under a name that is no longer declared, if only the name differs; with `adopt`, an object with the
    name that apply did not create. Without `adopt`, the last case raises UserError.
    """
    found: dict[str, Json] = {}
    undeclared: list[Json] = []
    for item in listed:
        name = _made_as(item, kind, state)
        if name in {desired.name for desired in group}:
            found[name] = item
        elif name:
            undeclared.append(item)
    for desired in group:
        if desired.name not in found and (renamed := _renamed(desired, undeclared, ids, state)):
            undeclared.remove(renamed)
            found[desired.name] = renamed
    theirs = [item for item in listed if not is_ours(kind, item, state)]
    for desired in group:
        same_name = [item for item in theirs if item["name"] == desired.name]
        if same_name and (desired.name in found or len(same_name) > 1 or not adopt):
            raise clash(desired, [*same_name, *([found[desired.name]] if desired.name in found else [])], state)
        if same_name:
            found[desired.name] = same_name[0]
    return found


def refuse_to_cascade(kind: Kind, item: Json, connections: Iterable[Json], ours: set[str]) -> None:
    """Raise UserError if Airbyte would delete, with a source or destination, a connection that apply did not create."""
    if kind is Kind.CONNECTION:
        return
    for connection in connections:
        if connection[kind.id_field] == item[kind.id_field] and connection["connectionId"] not in ours:
            raise UserError(
                f"{kind} {item['name']!r} cannot be deleted: connection {connection['name']!r} uses it, and Airbyte "
                "would delete that connection too. apply did not create that connection.\n"
                f"Delete connection {connection['name']!r} in Airbyte, or restore the {kind} in the connections file."
            )


def _made_as(item: Json, kind: Kind, state: State) -> str | None:
    name: str = item["name"]
    return state.name_of(kind, item[kind.id_field]) or (name if state.is_creation(kind, item) else None)


def _renamed(desired: Desired, candidates: list[Json], ids: Ids, state: State) -> Json | None:
    """Return the object that the declaration renames: the most similar one, or None."""
    fitting = [
        (changes, item)
        for item in candidates
        if desired.is_renamed(item, changes := [*desired.changes(item, ids, state)])
    ]
    return min(fitting, key=lambda pair: len(pair[0]))[1] if fitting else None


def clash(desired: Desired, items: list[Json], state: State) -> UserError:
    """Return the error for a declared name that an object has which apply did not create."""
    kind, listed = desired.kind, ", ".join(item[desired.kind.id_field] for item in items)
    if len(items) > 1:
        return UserError(
            f"{desired.where}: Airbyte has {len(items)} {kind}s with the name {desired.name!r} ({listed}), "
            "and apply did not create all of them.\n"
            "Rename or delete the wrong ones in Airbyte."
        )
    return UserError(
        f"{desired.where}: {kind} {desired.name!r} exists in Airbyte ({listed}), but apply did not create it "
        f"(not found in {state.path}).\n"
        f"Rename one of the two, delete the {kind} in Airbyte, or take it over: make apply o=--adopt"
    )

"""Which of Airbyte's objects is which declared one: by what we remember, by name, or renamed."""

from __future__ import annotations

from collections.abc import Iterable

from bootstrap.airbyte_client import Json, Kind
from bootstrap.desired import Desired, Ids
from bootstrap.errors import UserError
from bootstrap.state import State


def is_ours(kind: Kind, item: Json, state: State) -> bool:
    """Return whether we made an object, be it in a run that was interrupted before it saw the end."""
    return _made_as(item, kind, state) is not None


def match(
    kind: Kind, group: list[Desired], listed: list[Json], ids: Ids, state: State, *, adopt: bool
) -> dict[str, Json]:
    """Return the object of each declared name that has one, for declarations of one kind.

    In this order: the object that we made under the name, whatever it is called now; one that we made under a name
    that is not declared any more and that differs by no more than a rename explains; with `adopt`, somebody else's
    of that name. Raises UserError when a name is somebody else's.
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
    """Raise UserError when deleting a source or destination would delete somebody else's connection with it."""
    if kind is Kind.CONNECTION:
        return
    for connection in connections:
        if connection[kind.id_field] == item[kind.id_field] and connection["connectionId"] not in ours:
            raise UserError(
                f"{kind} {item['name']!r} cannot be deleted: apply did not make the connection "
                f"{connection['name']!r}, which uses it and would be deleted with it.\n"
                f"Delete that connection in Airbyte, or keep the {kind} in the connections file as it was."
            )


def _made_as(item: Json, kind: Kind, state: State) -> str | None:
    name: str = item["name"]
    return state.name_of(kind, item[kind.id_field]) or (name if state.is_creation(kind, item) else None)


def _renamed(desired: Desired, candidates: list[Json], ids: Ids, state: State) -> Json | None:
    """Return the candidate that is this one under another name; the most similar, should there be several."""
    fitting = [
        (changes, item)
        for item in candidates
        if desired.is_renamed(item, changes := [*desired.changes(item, ids, state)])
    ]
    return min(fitting, key=lambda pair: len(pair[0]))[1] if fitting else None


def clash(desired: Desired, items: list[Json], state: State) -> UserError:
    """Return the error that a declared name is somebody else's."""
    kind, listed = desired.kind, ", ".join(item[desired.kind.id_field] for item in items)
    if len(items) > 1:
        return UserError(
            f"{desired.where}: Airbyte holds {len(items)} {kind}s called {desired.name!r} ({listed}), "
            "and apply did not make all of them.\n"
            "Rename or delete in Airbyte those that are not meant."
        )
    return UserError(
        f"{desired.where}: {kind} {desired.name!r} exists in Airbyte ({listed}), but apply did not make it "
        f"({state.path} lacks it).\n"
        "Rename one of the two, delete it in Airbyte, or take it over: `python -m bootstrap apply --adopt`."
    )

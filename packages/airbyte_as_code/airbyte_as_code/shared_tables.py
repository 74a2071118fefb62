"""Finds the tables that a declared connection shares with a connection that apply did not create."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from airbyte_as_code.airbyte_client import Json, Kind
from airbyte_as_code.change import Change
from airbyte_as_code.desired import Ids, Link
from airbyte_as_code.errors import UserError
from airbyte_as_code.loaded_tables import current_tables, datasets_of, declared_tables, shared_names, tables_of

INACTIVE = "inactive"


def with_shared_tables(
    changes: list[Change], connections: Iterable[Json], destinations: Iterable[Json], ids: Ids
) -> list[Change]:
    """Return the changes, and set `shared` on each connection whose tables such a connection loads too.

    `connections` and `destinations` are all those of the workspace. A connection loads nothing while it is inactive, in
    Airbyte or as declared. Raises UserError if a declared connection is to load such a table from now on.
    """
    ours = {change.found["connectionId"] for change in changes if change.found and change.kind is Kind.CONNECTION}
    theirs = [item for item in connections if item["connectionId"] not in ours and item.get("status") != INACTIVE]
    if not theirs:
        return changes
    datasets = datasets_of(changes, destinations)
    found = []
    for change in changes:
        shared = []
        if isinstance(change.desired, Link) and change.desired.declared.status != INACTIVE:
            was_active = change.found is not None and change.found.get("status") != INACTIVE
            loaded = current_tables(change, datasets) if was_active else set()
            declared = declared_tables(change.desired, ids, datasets)
            for other in theirs:
                tables = tables_of(other, datasets)
                if names := shared_names(declared - loaded, tables):
                    raise _refusal(change.desired, other, names)
                if names := shared_names(declared, tables):
                    shared.append(f"{other['name']!r} loads {', '.join(names)} too")
        found.append(replace(change, shared=_text(shared)) if shared else change)
    return found


def _refusal(link: Link, other: Json, names: list[str]) -> UserError:
    tables = ", ".join(names)
    return UserError(
        f"{link.where}: connection {link.name!r} would load {tables}, which connection {other['name']!r} in Airbyte "
        f"({other['connectionId']}) already loads. apply did not create that connection. Each sync would overwrite the "
        "other's rows, or add them a second time.\n"
        f"Set another prefix for one of the two, or set connection {other['name']!r} to inactive or delete it in "
        "Airbyte. Then: make apply"
    )


def _text(shared: list[str]) -> str:
    return (
        f"in Airbyte, connection {'; connection '.join(shared)}, and apply did not create it: each sync overwrites the "
        "other's rows, or adds them a second time. Set it to inactive, delete it, or set another prefix"
    )

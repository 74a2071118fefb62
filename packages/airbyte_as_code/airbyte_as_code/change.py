"""A change: what apply does to one object in Airbyte, and which part of it needs --prune."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from airbyte_as_code.airbyte_client import Json, Kind
from airbyte_as_code.desired import Desired
from airbyte_as_code.diff import FieldChange


class Action(StrEnum):
    """What happens to an object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    UNCHANGED = "unchanged"


OUTCOMES = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.REPLACE: "replaced",
    Action.DELETE: "deleted",
    Action.UNCHANGED: "unchanged",
}


@dataclass(frozen=True)
class Change:
    """What happens to one object, and why."""

    kind: Kind
    name: str
    action: Action
    desired: Desired | None = None
    """The declaration; None if the file no longer declares the object."""
    found: Json | None = None
    """The object in Airbyte; None if it does not exist yet."""
    fields: list[FieldChange] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """The streams whose sync state is lost."""
    overwritten: list[str] = field(default_factory=list)
    """The streams whose next sync replaces rows that earlier syncs have appended or merged."""
    moved: list[str] = field(default_factory=list)
    """The streams that keep their sync state but load other tables, which do not have the earlier rows."""
    columns: list[FieldChange] = field(default_factory=list)
    """The part of `fields` that comes from the source: columns that a refresh of the schema takes over."""
    undiscovered: bool = False
    """Whether `columns` is not known yet: apply discovers the source after its change."""
    earlier: str = ""
    """Which rows stay in the tables, or are not read, although they do not fit the declaration any more."""
    shared: str = ""
    """Which tables a connection that apply did not create loads too."""
    note: str = ""
    """What Airbyte has noticed of the source's schema."""
    adopted: bool = False
    """Whether apply takes over an object that it did not create."""
    waits: str = ""
    """Why this change waits for another one that needs --prune: for example, two connections would load one table."""

    @property
    def destroys(self) -> bool:
        """Whether an object is deleted or replaced, or a sync state or the rows of earlier syncs are lost."""
        return self.action in {Action.DELETE, Action.REPLACE} or bool(self.lost or self.overwritten)

    @property
    def needs_consent(self) -> bool:
        """Whether some or all of this change needs --prune."""
        return self.destroys or bool(self.waits)

    @property
    def harmless(self) -> list[FieldChange]:
        """The fields that change without --prune.

        If a connection needs --prune, neither its streams nor the place of its tables change without it.
        """
        if not self.needs_consent:
            return self.fields
        if self.action is not Action.UPDATE or self.kind is not Kind.CONNECTION or self.desired is None:
            return []
        tables = self.desired.moved_when
        return [item for item in self.fields if not item.path.startswith("streams.") and item.path not in tables]


def place_changes(change: Change) -> set[str]:
    """Return the fields that change and decide which tables a connection, or those of a destination, loads."""
    return {item.path for item in change.fields} & change.desired.moved_when if change.desired else set()

"""What happens to one object of Airbyte, and what of it apply does only with --prune."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from bootstrap.airbyte_client import Json, Kind
from bootstrap.desired import Desired
from bootstrap.diff import FieldChange


class Action(StrEnum):
    """What happens to an object."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    UNCHANGED = "unchanged"


@dataclass(frozen=True)
class Change:
    """What happens to one object, and why."""

    kind: Kind
    name: str
    action: Action
    desired: Desired | None = None
    """None: it is not declared any more."""
    found: Json | None = None
    fields: list[FieldChange] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    """The streams whose sync state is lost."""
    moved: list[str] = field(default_factory=list)
    """The streams that keep their sync state and get other tables, which lack what was loaded so far."""
    adopted: bool = False
    """Whether somebody else's object is taken over."""
    waits: str = ""
    """What has to be destroyed before this can be done: creating it now would fill a table twice, for example."""

    @property
    def destroys(self) -> bool:
        """Whether an object is deleted or replaced, or a sync state lost."""
        return self.action in {Action.DELETE, Action.REPLACE} or bool(self.lost)

    @property
    def needs_consent(self) -> bool:
        """Whether apply does this only with --prune, some of it or all."""
        return self.destroys or bool(self.waits)

    @property
    def harmless(self) -> list[FieldChange]:
        """The fields that change without --prune. A connection's streams stay as they are, and so do its tables."""
        if not self.needs_consent:
            return self.fields
        if self.action is not Action.UPDATE or self.kind is not Kind.CONNECTION or self.desired is None:
            return []
        tables = self.desired.moved_when
        return [item for item in self.fields if not item.path.startswith("streams.") and item.path not in tables]

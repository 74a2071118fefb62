"""What the texts are made of: the tables that a source loads."""

from collections.abc import Sequence
from dataclasses import dataclass

Key = tuple[str, ...]
"""The names of the columns of a key."""


@dataclass
class Column:
    """A column of a table."""

    name: str
    """As in the source."""
    landing: str
    """The type that connections.yaml declares: string, integer, number, boolean, object, array."""
    cast: str | None
    """The cast in the staging model, with {} for the column; None: the column as it is."""
    example: str = ""
    why: str = ""
    """Why the type is not a more exact one; empty if that needs no explanation."""


@dataclass(frozen=True)
class Table:
    """A table that a stream loads, and its staging model."""

    name: str
    model: str
    shown: str
    """Where its records come from, for descriptions."""
    columns: Sequence[Column]
    key: Key

"""The fields of a form."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

type Path = tuple[str | int, ...]
"""The place of a value in a configuration."""


class Kind(StrEnum):
    """How a field is entered."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    """One of `choices`."""
    CONSTANT = "constant"
    """Not entered: the configuration always has `constant`."""
    GROUP = "group"
    """An object: `fields`."""
    ONE_OF = "one of"
    """One of `branches`. A field that is not required can also be left out."""
    LIST = "list"
    """Any number of `item`."""
    MAP = "map"
    """Any number of names, each with an `item`."""
    JSON = "JSON"
    """A value that the specification does not describe further, entered as JSON."""


class Missing:
    """The type of MISSING."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()
"""A field that the configuration does not have; None is a value in JSON."""


@dataclass(frozen=True)
class Field:
    """One field of a form."""

    key: str
    kind: Kind
    title: str
    description: str = ""
    required: bool = False
    secret: bool = False
    hidden: bool = False
    """The form does not show the field."""
    advanced: bool = False
    """The form shows the field among the optional fields, which are closed at first."""
    default: Any = MISSING
    constant: Any = MISSING
    choices: tuple[Any, ...] = ()
    examples: tuple[str, ...] = ()
    group: str = ""
    """The title of the part of the form; empty for the part without a title."""
    radio: bool = False
    """The branches are shown beside each other, not in a list that opens."""
    multiline: bool = False
    format: str = ""
    """`date`, `date-time`, or another format of JSON schema."""
    pattern: str = ""
    pattern_hint: str = ""
    """What the pattern means, for people."""
    minimum: float | None = None
    maximum: float | None = None
    shortest: int | None = None
    """Characters of a text, or items of a list."""
    longest: int | None = None
    unique: bool = False
    fields: tuple[Field, ...] = ()
    branches: tuple[Field, ...] = ()
    item: Field | None = field(default=None)

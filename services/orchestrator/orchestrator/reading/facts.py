"""What one pass over a file finds out. The facts of an unchanged file are kept, so they can be JSON."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from orchestrator.reading.exact import Kind, LossKind

EXAMPLES = 3
"""The number of places that are told for each kind of fault."""

type Row = tuple[int, dict[str, str]]
"""The line of a record and its texts by name."""
type Rows = Callable[[str], Iterable[Row]]
"""Reads a file again by its name: the line of each record, and its values as text."""

FaultKind = Literal[
    "open quote",
    "text after quote",
    "blank before quote",
    "escaped letter",
    "lines in quotes",
    "number of values",
    "NUL byte",
    "encoding",
    "garbled",
    "lost characters",
    "byte order mark",
    "long value",
    "not JSON",
    "header again",
    "line of dashes",
    "no values",
    "total row",
    "stray character",
]


@dataclass(frozen=True)
class Sought:
    """What is looked for in the values of a file, by table columns in lower case."""

    empty: frozenset[str] = frozenset()
    """The columns of which the first value is sought."""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """The columns in which a text may have lost something."""


NOTHING = Sought()


class Fault(BaseModel):
    """A place in the file that is not well formed, or that is probably not what was meant."""

    kind: FaultKind
    line: int
    text: str
    column: str = ""


class Loss(BaseModel):
    """The first text of a column that loses something when it is loaded."""

    column: str
    kind: LossKind
    line: int
    text: str
    loaded: str
    is_sure: bool = True
    """Whether the table has what is loaded, as far as this has to be looked at (checks/unrepaired.py)."""


class FileFacts(BaseModel):
    """The facts about one file."""

    records: int = 0
    uncounted: str | None = None
    """Why `records` is not the number of records, if it is not."""
    names: list[str] = []
    """The names of the columns: the header's, or those that the format or the records define."""
    skipped_header: list[str] = []
    """The names in the header of the file, if it is skipped and the format defines the names."""
    header_line: int = 1
    """The line of the header; 0 if the format of the file has none."""
    delimiter: str | None = None
    """Another delimiter that the file seems to have."""
    other_format: str | None = None
    """What the file seems to be instead: JSON, XML, HTML."""
    first_values: dict[str, int] = {}
    """The line of the first value of each column that was looked for and has one."""
    losses: list[Loss] = []
    """At most one of each kind for each column."""
    values: dict[str, int] = {}
    """The number of values of each column that are not NULL, if it is known without reading them."""
    faults: list[Fault] = []
    """At most EXAMPLES of each kind."""
    fault_counts: dict[FaultKind, int] = {}

    def add_fault(self, kind: FaultKind, line: int, text: str, column: str = "") -> None:
        """Count a fault; keep it if it is one of the first of its kind."""
        count = self.fault_counts[kind] = self.fault_counts.get(kind, 0) + 1
        if count <= EXAMPLES:
            self.faults.append(Fault(kind=kind, line=line, text=text, column=column))

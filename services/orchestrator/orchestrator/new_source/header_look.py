"""Finds the header of a CSV file in its first records, and the names under which the columns are loaded."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from orchestrator.new_source.text_types import NULL_WORDS, TextColumn
from platform_kit.names import column_name, identifier

PERIOD = re.compile(r"(1[5-9]|2[01])\d\d(-?[QMSHqmsh]?\d\d?)?")
"""A year, perhaps with a month, a quarter or a half."""


@dataclass(frozen=True)
class HeaderLook:
    """Where the names of the columns come from."""

    given: Sequence[str] = ()
    """The names that the stream's format defines; none: those of the header."""
    names_are: Literal["", "the first record", "above the first record"] = ""
    """Where a header stands whose names are given, so that it is skipped."""
    notes: list[str] = field(default_factory=list)


def look_at_header(
    records: Sequence[Sequence[str]], above: Sequence[str], header: bool | None, delimiter: str
) -> HeaderLook:
    """Return the names. `above` is the line above the records, if it has another number of values than they have.

    `header`: whether the first record has the names; None: as it looks.
    """
    if not records:
        return HeaderLook()
    first = records[0]
    doubtful = _doubtful(first) if header is None else []
    is_header = header
    if is_header is None:
        is_header = not doubtful or _stand_above_other_values(records, doubtful) or _are_periods(records, doubtful)
    if is_header:
        return _with_header(first, doubtful)
    if header is None and _is_short_header(above, records):
        given = _numbered(len(first), _latin_names(above))
        return HeaderLook(
            given,
            "above the first record",
            [
                f"the header has {len(above)} names, the records have {len(first)} values: the columns behind the last "
                f"name are named {', '.join(given[len(above) :])}"
            ],
        )
    return HeaderLook(
        _numbered(len(first)),
        notes=[
            f"the first line, {delimiter.join(first)[:60]!r}, looks like a record, so the columns are named column_1, "
            "column_2 … (rename them in the diff's files). If the line has the names: header=yes"
        ],
    )


def _with_header(first: Sequence[str], doubtful: Sequence[str]) -> HeaderLook:
    notes = []
    if doubtful:
        shown = ", ".join(map(repr, doubtful))[:60]
        notes.append(f"the first line is read as the header, although it has {shown}. If it is a record: header=no")
    names = _without_end(first)
    given = _latin_names(names)
    renamed = ", ".join(f"{name} → {new}" for name, new in zip(names, given, strict=True) if name != new)
    if not renamed:
        return HeaderLook(notes=notes)
    notes.append(
        f"the columns of Airbyte's tables have ASCII letters only, so the stream names these itself: {renamed}"
    )
    return HeaderLook(_numbered(len(first), given), "the first record", notes)


def _latin_names(names: Sequence[str]) -> list[str]:
    """Return the names; column_1, column_2 … for names of which Airbyte would leave nothing but underscores.

    So for names with other letters than ASCII of which Airbyte would leave the same as of another one.
    """
    columns = [column_name(name).lower() for name in names]
    own = _numbered(len(names))
    return [
        own[at]
        if name.strip() and _loses_letters(name) and (not plain.strip("_") or columns.count(plain) > 1)
        else name
        for at, (name, plain) in enumerate(zip(names, columns, strict=True))
    ]


def _loses_letters(name: str) -> bool:
    return any(character.isalpha() and not identifier(f"a{character}")[1:].strip("_") for character in name)


def _numbered(width: int, names: Sequence[str] = ()) -> list[str]:
    """Return the names, and column_3, column_4 … for the columns behind them."""
    return [*names, *(f"column_{number}" for number in range(len(names) + 1, width + 1))]


def _is_short_header(above: Sequence[str], records: Sequence[Sequence[str]]) -> bool:
    """Return whether a line has names for the records, whose last values are empty.

    Some banks end each record with a delimiter that the header does not have.
    """
    behind = len(above)
    return (
        len(records[0]) > behind > len(records[0]) // 2
        and behind > 1
        and not _doubtful(above)
        and not any(value.strip() for record in records for value in record[behind:])
    )


def _without_end(first: Sequence[str]) -> list[str]:
    named = list(first)
    while named and not named[-1].strip():
        named.pop()  # a delimiter at the end of each line
    return named


def _doubtful(first: Sequence[str]) -> list[str]:
    """Return the cells of a first record that are not usual names: empty, repeated, a number, a date, a size."""
    named = _without_end(first)
    return [
        name
        for at, name in enumerate(named)
        if not name.strip() or name in named[:at] or name[:1].isdigit() or not _is_text([name])
    ]


def _stand_above_other_values(records: Sequence[Sequence[str]], doubtful: Sequence[str]) -> bool:
    """Return whether enough words of the first record stand above numbers, dates or booleans only."""
    first, below = records[0], records[1:]
    words = [at for at, name in enumerate(first) if name not in doubtful and name.strip().casefold() not in NULL_WORDS]
    values = ([row[at] for row in below if at < len(row) and row[at]] for at in words)
    above = sum(not _is_text(column) for column in values)
    return above > 0 and above >= sum(name.strip() != "" and not _is_text([name]) for name in doubtful)


def _are_periods(records: Sequence[Sequence[str]], doubtful: Sequence[str]) -> bool:
    """Return whether the doubtful cells are years, months or quarters in order, above values that are none.

    Statistics have a column for each period: World Bank, Eurostat, OECD.
    """
    periods = [name.strip() for name in doubtful]
    in_order = len(periods) > 1 and (periods == sorted(set(periods)) or periods == sorted(set(periods), reverse=True))
    if not in_order or not all(map(PERIOD.fullmatch, periods)):
        return False
    places = [at for at, name in enumerate(records[0]) if name in doubtful]
    return any(
        value.strip() and not PERIOD.fullmatch(value.strip()) for row in records[1:] for value in _at(row, places)
    )


def _at(row: Sequence[str], places: Sequence[int]) -> Iterable[str]:
    return (row[at] for at in places if at < len(row))


def _is_text(values: Iterable[str]) -> bool:
    column = TextColumn("")
    for value in values:
        column.add(value)
    return column.column().cast == "cast({} as string)"

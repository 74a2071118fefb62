"""Looks into the values of a CSV file: the first value of a column, and the first text that loses something."""

import re
from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from orchestrator.reading.exact import Kind, Words, harmless, loss, shown
from orchestrator.reading.facts import FileFacts, Loss, Sought
from orchestrator.reading.formats import CsvFormat
from orchestrator.reading.fractions import MOST_DECIMALS, Fractions
from orchestrator.reading.grid import LONGEST, Grid
from orchestrator.reading.json_keys import repeated_in_text
from orchestrator.reading.json_numbers import loss_in_text
from orchestrator.reading.names import borne
from orchestrator.reading.quote_states import DELIMITER
from orchestrator.reading.quoted import Unquoted

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNUSUAL_SHARE = 0.01
"""The share of a block's records that are looked at one by one."""
MOST_COLUMNS = 100
"""With more columns to look into, there is no pattern of lines: to make one takes 2 ms for each column."""
FEW_LINES = 1000
"""Columns of fewer lines are looked at together: each step of NumPy takes a microsecond, however few the values are."""
type Usual = tuple[Kind, Collection[int], bool]
"""What decides which values of a column are usual: its kind, the numbers of decimals, whether they may end in zero."""
type Row = Callable[[str, int], tuple[list[str], int]]
"""Returns the values and the first line of a record, from its text and its number."""


class Values:
    """The columns that are still searched in a file. The search in a column ends when its first place is known."""

    def __init__(self, names: Sequence[str], file_format: CsvFormat, sought: Sought, facts: FileFacts) -> None:
        """Find the columns by the names of the file."""
        self._names, self._format, self._facts = names, file_format, facts
        self._words = Words(file_format.true_values, file_format.false_values)
        self._wanted = [at for at, name in enumerate(names) if borne(name) & sought.empty]
        self._kinds: dict[int, Kind] = {}
        order = {column: at for at, column in enumerate(sought.kinds)}
        for at, name in enumerate(names):
            if columns := borne(name) & order.keys():
                self._kinds[at] = sought.kinds[min(columns, key=order.__getitem__)]
        self._rounded: set[int] = set()  # columns with a number of which decimals after the ninth are lost
        self._fractions = {at: Fractions() for at, kind in self._kinds.items() if kind == "number"}
        self._zeros: dict[int, Loss] = {}
        self._underscores = False
        self._by_grid = True  # whether most values so far are usual, so that a grid finds the others faster
        self._is_wide = len(self._kinds) > MOST_COLUMNS
        self._changes = 0  # of what is sought
        self._cells: dict[int, re.Pattern[str]] = {}  # of harmless values, by column
        self._lines: tuple[re.Pattern[str], re.Pattern[str]] | None = None
        self._lines_of = -1  # the number of changes for which the patterns of lines were made
        self._alone = self._next = 0  # the records that were looked at alone, and after how many patterns are made

    @property
    def done(self) -> bool:
        """Whether the text that was read so far needs no search."""
        return not self._wanted and (
            not self._kinds or (not self._underscores and {*self._kinds.values()} == {"whole"})
        )

    def notice(self, block: str) -> None:
        """Look for underscores: without one, declared integers lose nothing and are not looked at."""
        if not self._underscores and "_" in block:
            self._underscores = True
            self._lines_of, self._next = -1, 0

    def in_block(self, block: str | Grid, line: int, quoted: Unquoted | None = None, first: int = 0) -> None:
        """Look into whole lines, each a record; `line` is the number of the line before them.

        A text has no quotes. `quoted` is the block as it was, if it has some, and `first` the number of its first
        record here.
        """

        def row(text: str, number: int) -> tuple[list[str], int]:
            if quoted:
                values, start = quoted.record(first + number)
                return values, line + start
            return text.split(self._format.separator), line + number + 1

        number = 0
        if isinstance(block, str):
            self._find_firsts(block, row)
            text = block
        else:
            self._find_firsts_by_grid(block, row)
            number = self._look_by_grid(block, row) if self._by_grid else 0
            text = block.rest(number)
        position = counted = 0
        while self._kinds and position < len(text):
            lines = self._patterns_of_lines()
            if lines and lines[0].match(text, position):
                found = lines[1].search(text, position)
                if not found:
                    return
                position = found.end()
            number, counted = number + text.count("\n", counted, position), position
            self._alone += 1
            end = text.index("\n", position)
            self.in_row(*row(text[position:end], number))
            position = end + 1

    def _look_by_grid(self, grid: Grid, row: Row) -> int:
        """Look into the records with an unusual value; return the number of records that need no other look.

        If many values are unusual, this and the next blocks are left to the pattern of lines.
        """
        first = 0
        while self._kinds:
            unusual = self._unusual(grid, first)
            if unusual is None:
                self._by_grid = False
                return first
            are_many = not self._is_wide and len(unusual) > UNUSUAL_SHARE * grid.lines + 1
            # One of many is looked at too: a new number of decimals, for example, makes the others usual.
            changed = self._look_until_change(grid, row, unusual[:1] if are_many else unusual)
            if changed is None:
                self._by_grid = not are_many
                return unusual[0] + 1 if are_many else grid.lines
            first = changed + 1
        return grid.lines

    def _look_until_change(self, grid: Grid, row: Row, numbers: list[int]) -> int | None:
        """Look into the records until one of them changes what is sought; return its number, None without one."""
        before = self._changes
        for number in numbers:
            self.in_row(*row(grid.line(number), number))
            if self._changes != before:
                return number
        return None

    def _unusual(self, grid: Grid, first: int) -> list[int] | None:
        """Return the numbers, at least `first`, of the records with an unusual value; None: it is not known.

        Usual values lose nothing and tell nothing new about the fractions of their column.
        """
        import numpy

        usual = numpy.ones(grid.lines, numpy.bool)
        groups: dict[Usual, list[int]] = {}
        for at, kind in self._kinds.items():
            if kind == "json":
                return None
            if kind != "whole" or self._underscores:
                found = self._fractions.get(at)
                key = (kind, tuple(found.decimals), found.zeros) if found else (kind, (), False)
                groups.setdefault(key, []).append(at)
        for which, columns in groups.items():
            if grid.lines < FEW_LINES and len(columns) > 1:
                values = numpy.asarray(_are_usual(grid.together(columns), 0, which))
                usual &= values.reshape(grid.lines, len(columns)).all(axis=1)
            else:
                for at in columns:
                    usual &= _are_usual(grid, at, which)
        return [first + number for number in numpy.flatnonzero(~usual[first:]).tolist()]

    def in_row(self, row: Sequence[str], line: int) -> None:
        """Look into one record."""
        for at in list(self._wanted):
            if at < len(row) and row[at] and row[at] not in self._format.null_values:
                self._note_first(at, line)
        kinds, width = self._kinds, len(row)
        unusual = [at for at in kinds if at < width and row[at] and not self._cell(at).fullmatch(row[at])]
        for at in unusual:
            if row[at] not in self._format.null_values:
                self._note_loss(at, row[at], kinds[at], line)

    def _note_loss(self, at: int, text: str, kind: Kind, line: int) -> None:
        if kind == "json":
            text, found = loss_in_text(text) or repeated_in_text(text) or (text, None)
        else:
            found = loss(text, kind, self._words)
        if found is None and at in self._fractions:
            self._note_fraction(at, text, line)
        if found is None or (found[0] == "decimals" and at in self._rounded):
            return
        self._facts.losses.append(
            Loss(column=self._names[at], kind=found[0], line=line, text=text[:100], loaded=found[1])
        )
        if found[0] == "decimals":
            self._rounded.add(at)
        else:
            del self._kinds[at]
        self._note_change(at)

    def _note_fraction(self, at: int, text: str, line: int) -> None:
        """Note the first fraction that ends in zero; its text is lost if the numbers of decimals differ."""
        fractions = self._fractions[at]
        if not fractions.add(text):
            return
        if fractions.zeros and at not in self._zeros:
            loaded = shown(Decimal(text))
            self._zeros[at] = Loss(column=self._names[at], kind="zeros", line=line, text=text[:100], loaded=loaded)
            self._facts.losses.append(self._zeros[at])
        if fractions.zeros and fractions.differ:
            self._zeros[at].kind = "text"
            del self._kinds[at]
        self._note_change(at)

    def _note_change(self, at: int) -> None:
        """Note that something else is sought in a column: more values of it are harmless than before."""
        self._changes += 1
        self._cells.pop(at, None)

    def _cell(self, at: int) -> re.Pattern[str]:
        """Return the pattern of a column's values that lose nothing."""
        if (found := self._cells.get(at)) is None:
            found = self._cells[at] = _compiled(self._pattern(at))
        return found

    def _pattern(self, at: int) -> str:
        separator = re.escape(self._format.separator)
        return harmless(
            self._kinds[at],
            self._format.null_values,
            rounded=at in self._rounded,
            other=separator + DELIMITER,
            end=rf"(?:[{separator}\n]|\Z)",
            **self._fraction_patterns(at),
        )

    def _patterns_of_lines(self) -> tuple[re.Pattern[str], re.Pattern[str]] | None:
        """Return the patterns of a line in which nothing is lost, and of the end before another line.

        A value that was harmless stays it, so old patterns are right. After a change, they are made again when twice as
        many records were looked at alone: to make them takes long if there are many columns.
        """
        if not self._is_wide and self._lines_of != self._changes and self._alone >= self._next:
            self._lines_of, self._next = self._changes, 2 * self._alone
            self._lines = self._made_patterns()
        return self._lines

    def _made_patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        separator = re.escape(self._format.separator)
        sought = {at: self._pattern(at) for at, kind in self._kinds.items() if self._underscores or kind != "whole"}
        # Each line has all delimiters, so a delimiter is found before the line ends.
        cells = [sought.get(at, f"[^{separator}]*+") for at in range(max(sought, default=-1) + 1)]
        line = f"{separator.join(cells)}[{separator}\n]" if cells else ""
        # A search for line ends is faster than a match of all lines.
        return re.compile(line), re.compile(rf"\n(?!{line}|\Z)")

    def _fraction_patterns(self, at: int) -> dict[str, str]:
        found = self._fractions.get(at)
        return {"fraction": found.known, "usual": found.usual} if found else {}

    def _find_firsts_by_grid(self, grid: Grid, row: Row) -> None:
        """Note the first value of each column that has one: most often, none of the columns has."""
        if not self._wanted:
            return
        short, filled = [null for null in self._format.null_values if null], list(self._wanted)
        if len(filled) > 1 and grid.lines < FEW_LINES:
            found = grid.together(filled).are_filled(0, short).reshape(grid.lines, len(filled)).any(axis=0)
            filled = [at for at, has_value in zip(filled, found.tolist(), strict=True) if has_value]
        for at in filled:
            for number in grid.are_filled(at, short).nonzero()[0].tolist():
                values, line = row(grid.line(number), number)
                if values[at] not in self._format.null_values:
                    self._note_first(at, line)
                    break

    def _find_firsts(self, block: str, row: Row) -> None:
        for at in list(self._wanted):
            self._find_first(at, block, row)

    def _find_first(self, at: int, block: str, row: Row) -> None:
        separator = re.escape(self._format.separator)
        other = f"[^{separator}\n]"
        cell = re.compile(rf"^(?:{other}*{separator}){{{at}}}({other}+)", re.MULTILINE)
        for found in cell.finditer(block):
            if found[1] not in self._format.null_values:
                start = found.start()
                values, line = row(block[start : block.index("\n", start)], block.count("\n", 0, start))
                if values[at] not in self._format.null_values:
                    self._note_first(at, line)
                    return

    def _note_first(self, at: int, line: int) -> None:
        self._facts.first_values.setdefault(self._names[at], line)
        self._wanted.remove(at)


def _are_usual(grid: Grid, at: int, which: Usual) -> "NDArray[Any]":
    """Return which values of a column lose nothing and tell nothing new."""
    kind, decimals, zeros = which
    match kind:
        case "integer":
            return grid.are_integers(at)
        case "number":
            return grid.are_integers(at, decimals, zeros=zeros)
        case "digits":
            return grid.are_plain(at, MOST_DECIMALS + 1)  # one is the point, or there are no decimals
        case "boolean":
            return grid.are_booleans(at)
        case _:
            return grid.are_plain(at, LONGEST)


@lru_cache(1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern. Most columns of a file have the same."""
    return re.compile(pattern)

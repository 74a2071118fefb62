"""Patterns of JSON lines in which nothing is lost: most lines have the keys and kinds of values of lines before.

A line that matches is one valid JSON object, without a key twice and without a number that loses digits. Other lines
are parsed.
"""

import itertools
import re
from collections.abc import Callable
from typing import Any

from orchestrator.reading.json_cells import Cells
from orchestrator.reading.json_kinds import MARK, PLAIN, STRING, UNKNOWN, Kinds, Own, UnusualError
from orchestrator.reading.text import Block

MOST_SHAPES = 16
"""Lines whose keys have another order than in so many before them are parsed."""
LEARNED = (20, 40, 80, 160, 320, 640)
"""After so many lines that were parsed, patterns are made of them. After the last number, no more is learned."""
LONGEST = 100_000
"""Characters of a line and of a pattern: to make one takes about 3 µs per character."""
MOST_GROUPS = 100
GAP = " ?"
NOTHING = (re.compile(b"(?!)"),) * 2
LONG = re.compile(rb"(?<=[:,\[ ])-?[0-9.]{16,}(?=[,\]}])")
KEY = re.compile(f"{MARK}([^{MARK}]*+){MARK}")


def are_plain(block: Block) -> bool:
    """Return whether a block has no escapes and no control characters, and each line begins with a key.

    Then no string that PLAIN matches goes over a line end: it would end with the second character of a line, behind
    which neither a comma nor a bracket stands.
    """
    import numpy

    if b"\\" in block.text or len(block.ends) != len(block.controls):
        return False
    data = numpy.frombuffer(block.text, numpy.uint8)
    starts = numpy.concatenate([[0], block.ends[:-1] + 1])
    if not ((data[starts] == ord("{")).all() and (data[starts + 1] == ord('"')).all()):
        return False
    second = data[starts + 2]
    return not ((second == ord(",")) | (second == ord("}")) | (second == ord("]"))).any()


class Shapes:
    """The shapes of the lines so far. `wanted` says of which fields the next value is looked for.

    `cells` has patterns of their own for some fields.
    """

    def __init__(self, wanted: Callable[[str], bool], cells: Cells) -> None:
        self._wanted, self._cells = wanted, cells
        self._shapes = list[Kinds]()
        self._gap = ""
        self.rounded: frozenset[str] = frozenset()
        self._tries = self._matched = self._parsed = 0
        self._lines: tuple[re.Pattern[bytes], re.Pattern[bytes]] | None = NOTHING
        self._long: bool | None = (
            None  # whether objects and lists have long fractions, which are compared; None: none yet
        )

    def end(self, block: bytes, position: int, *, plain: bool = False) -> int:
        """Return where the lines end that match, from a position at which a line begins; `plain`: see `are_plain`."""
        if not self._lines:
            self._lines = self._patterns()
        if not (found := self._lines[plain].match(block, position)):
            return position
        if self._long and not _come_back(found[0]):
            self._long, self._lines = False, None
            return self.end(block, position, plain=plain)
        self._matched += found.end() - position
        return found.end()

    def learn(self, record: dict[str, Any], line: str) -> None:
        """Take the shape of a line that was parsed."""
        self._parsed += len(line)
        self._tries += 1
        if self._tries <= LEARNED[-1] and len(line) <= LONGEST:
            self._gap = _gap(line) if not self._shapes or self._gap == _gap(line) else GAP
            self._shapes = self._with(record)
            if self._long is None and any(isinstance(value, dict | list) for value in record.values()):
                self._long = True if LONG.search(line.encode()) else None
            if self._tries in LEARNED:
                self._lines = None
        if self._tries % LEARNED[-1] == 0:
            if self._matched < self._parsed:  # most lines are unusual: to try patterns costs more than it saves
                self._lines = NOTHING
            self._matched = self._parsed = 0

    def again(self, *, rounded: frozenset[str]) -> None:
        """Make the patterns again: other values are looked for, and no decimals in the fields `rounded`."""
        self.rounded = rounded
        if self._lines != NOTHING:
            self._lines = None

    def _with(self, record: dict[str, Any]) -> list[Kinds]:
        for at, shape in enumerate([*self._shapes, UNKNOWN][:MOST_SHAPES]):
            try:
                return [*self._shapes[:at], shape.with_value(record), *self._shapes[at + 1 :]]
            except UnusualError:
                continue
        return self._shapes

    def _own(self, name: str) -> Own:
        patterns = {"any": "null"} if self._wanted(name) else self._cells.patterns(name)
        is_rounded = name in self.rounded
        return Own(patterns, any_decimals=is_rounded, any_decimals_inside=is_rounded or bool(self._long))

    def _patterns(self) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
        """Return the patterns for other blocks and for plain ones."""
        shapes = [shape.pattern(self._gap, self._own, Own()) for shape in self._shapes]
        lines = _lines(shapes)
        if len(lines) > LONGEST:
            self._tries = max(self._tries, LEARNED[-1])
            return NOTHING
        return re.compile(lines.encode()), re.compile(lines.replace(STRING, PLAIN).encode())


def _come_back(lines: bytes) -> bool:
    """Return whether the connector writes each long number in lines as it stands there: then it keeps all digits."""
    import orjson  # as the connector does

    numbers = b"[%b]" % b",".join(LONG.findall(lines))
    try:
        return orjson.dumps(orjson.loads(numbers)) == numbers
    except orjson.JSONDecodeError:
        return False


def _lines(shapes: list[str]) -> str:
    """Return the pattern of lines of these shapes.

    If there is one shape, the keys of the first line are groups, and the next lines refer to them: Python compares
    text with a group in half the time that it needs for the same text in a pattern. With many groups it is slower.
    """
    if len(shapes) != 1 or shapes[0].count(MARK) > 2 * MOST_GROUPS:
        return rf"(?:(?:{'|'.join(shapes).replace(MARK, '')})\n)*+"
    shape = shapes[0].replace(f'{MARK}(?:"{STRING})', f'"{MARK}{STRING}')  # a quote more in the group
    number = itertools.count(1)
    first = KEY.sub(lambda found: f"(?P<k{next(number)}>{found[1]})", shape)
    number = itertools.count(1)
    again = KEY.sub(lambda _: f"(?P=k{next(number)})", shape)
    return rf"{first}\n(?:{again}\n)*+"


def _gap(line: str) -> str:
    """Return what stands between the keys and values of a line, as a pattern."""
    colons, spaced = line.count('":'), line.count('": ')
    if colons == spaced and ',"' not in line:
        return " "
    return GAP if spaced or ', "' in line else ""

"""Patterns of JSON lines in which nothing is lost: most lines have the keys and kinds of values of one before.

A line that matches is one valid JSON object, without a key twice and without a number that loses digits. Other lines
are parsed.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.reading.json_cells import Cells
from orchestrator.reading.text import Block

MOST_SHAPES = 16
"""Lines with other keys than so many before them are parsed."""
MOST_TRIES = 500
LONGEST = 20_000
"""Characters of a line and of all patterns, so that a file of unusual lines does not cost more than it saves."""
DEEPEST = 10
GAP = " ?"
ESCAPE = r'\\(?:["\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})'
PLAIN = '"[^"]*+"'
"""A string in a block of plain lines: faster than a pattern that looks for escapes."""
STRING = rf'"[^"\\\x00-\x1f]*+(?:{ESCAPE}[^"\\\x00-\x1f]*+)*+"'
INTEGER = "-?(?:0|[1-9][0-9]*+)"
NUMBERS = {
    # As in json_numbers: without numbers of more than 15 digits or nine decimals, then also with such decimals. What
    # matches first is for speed.
    False: r"(?!0[0-9])[0-9]{1,6}+(?:\.[0-9]{1,8}+)?+"
    rf"|[1-9][0-9]{{0,14}}+(?![0-9.eE])|(?!-?[0-9.]{{16}}){INTEGER}(?:\.[0-9]{{1,9}}+)?(?![0-9.eE])",
    True: r"(?!0[0-9])[0-9]{1,6}+(?:\.[0-9]++)?+"
    rf"|(?!-?[0-9]{{7}}[0-9.]{{9}}){INTEGER}(?:\.[0-9]++)?(?![.eE])",
}
"""Alternatives. The first one may end inside a number; behind it, the pattern goes on with a comma or a bracket."""


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

    `cells` has a pattern of their own for some fields.
    """

    def __init__(self, wanted: Callable[[str], bool], cells: Cells | None = None) -> None:
        self._wanted, self._cells = wanted, cells or Cells({})
        self._records = list[tuple[dict[str, Any], str]]()
        self._patterns: set[str] = set()
        self.rounded = False
        self._nulls = False  # whether a value may be null: patterns without it are faster
        self._tries = 0
        self._lines = self._plain_lines = re.compile(b"")

    def end(self, block: bytes, position: int, *, plain: bool = False) -> int:
        """Return where the lines end that match, from a position at which a line begins; `plain`: see `are_plain`."""
        found = (self._plain_lines if plain else self._lines).match(block, position)
        return found.end() if found else position

    def learn(self, record: dict[str, Any], line: str) -> None:
        """Take the shape of a line that was parsed."""
        self._tries += 1
        if not self._nulls and "null" in line:
            self._nulls = True
            self.again(rounded=self.rounded)
        may_learn = len(self._records) < MOST_SHAPES and self._tries <= MOST_TRIES and len(line) <= LONGEST
        if may_learn and self._add(record, gap := _gap(line)):
            self._records.append((record, gap))

    def again(self, *, rounded: bool) -> None:
        """Make the patterns again: another value is looked for; with `rounded`, decimals after the ninth are not."""
        self.rounded = rounded
        self._patterns.clear()
        self._lines = self._plain_lines = re.compile(b"")
        for record, gap in self._records:
            self._add(record, gap)

    def _add(self, record: dict[str, Any], gap: str) -> bool:
        own = {name: found for name, value in record.items() if (found := self._own(name, value))}
        pattern = self._object(record, 0, own, gap)
        if pattern is None or pattern in self._patterns or sum(map(len, self._patterns)) + len(pattern) > LONGEST:
            return False
        self._patterns.add(pattern)
        lines = f"(?:(?:{'|'.join(sorted(self._patterns))})\n)*+"
        self._lines, self._plain_lines = (re.compile(text.encode()) for text in (lines, lines.replace(STRING, PLAIN)))
        return True

    def _own(self, name: str, value: Any) -> str | None:
        """Return the pattern of a field of the record itself whose values are looked at, if it is such a field."""
        return "null" if self._wanted(name) else self._cells.pattern(name, value)

    def _object(self, record: dict[str, Any], depth: int, own: Mapping[str, str], gap: str) -> str | None:
        fields = []
        for key, value in record.items():
            pattern = own.get(key) or self._value(value, depth + 1, gap)
            if pattern is None:
                return None
            fields.append(f"{re.escape(json.dumps(key, ensure_ascii=False))}:{gap}{pattern}")
        return rf"\{{{f',{gap}'.join(fields)}\}}"

    def _value(self, value: Any, depth: int, gap: str) -> str | None:
        """Return the pattern of values of the same kind; null is one of them."""
        if depth > DEEPEST:
            return None
        if isinstance(value, dict):
            found = self._object(value, depth, {}, gap)
            return found and f"(?:{found}|null)"
        if isinstance(value, list):
            kinds = {self._value(item, depth + 1, gap) for item in value[:MOST_SHAPES]}
            if None in kinds:
                return None
            # No other alternative is tried for an item that was matched. So a number must be whole.
            item = rf"(?:{'|'.join(sorted(map(str, kinds)))})(?![0-9.eE])"
            items = f"(?:{item}(?:,{GAP}{item})*+)?+" if kinds else ""
            return rf"(?:\[{items}\]|null)"
        if isinstance(value, str):
            return f"(?:{STRING}|null)" if self._nulls else STRING
        if isinstance(value, bool):
            return "(?:true|false|null)"
        if value is None:
            return f"(?:null|{STRING}|true|false|{NUMBERS[self.rounded]})"
        return f"(?:{NUMBERS[self.rounded]}|null)"


def _gap(line: str) -> str:
    """Return what stands between the keys and values of a line, as a pattern."""
    colons, spaced = line.count('":'), line.count('": ')
    if colons == spaced and ',"' not in line:
        return " "
    return GAP if spaced or ', "' in line else ""

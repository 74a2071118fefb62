"""Patterns of JSON lines in which nothing is lost: most lines have the keys and kinds of values of one before.

A line that matches is one valid JSON object, without a key twice and without a number that loses digits. Other lines
are parsed.
"""

import json
import re
from collections.abc import Callable
from typing import Any

MOST_SHAPES = 16
"""Lines with other keys than so many before them are parsed."""
MOST_TRIES = 500
LONGEST = 20_000
"""Characters of a line and of all patterns, so that a file of unusual lines does not cost more than it saves."""
DEEPEST = 10
GAP = " ?"
ESCAPE = r'\\(?:["\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})'
STRING = rf'"[^"\\\x00-\x1f]*+(?:{ESCAPE}[^"\\\x00-\x1f]*+)*+"'
INTEGER = "-?(?:0|[1-9][0-9]*+)"
NUMBERS = {
    # As in json_numbers: without numbers of more than 15 digits or nine decimals, then also with such decimals.
    False: rf"(?:[1-9][0-9]{{0,14}}+(?![0-9.eE])|(?!-?[0-9.]{{16}}){INTEGER}(?:\.[0-9]{{1,9}}+)?(?![0-9.eE]))",
    True: rf"(?!-?[0-9]{{7}}[0-9.]{{9}}){INTEGER}(?:\.[0-9]++)?(?![.eE])",
}


class Shapes:
    """The shapes of the lines so far. `wanted` says of which fields the next value is looked for."""

    def __init__(self, wanted: Callable[[str], bool]) -> None:
        self._wanted, self._records = wanted, list[dict[str, Any]]()
        self._patterns: set[str] = set()
        self.rounded = False
        self._tries = 0
        self._lines = re.compile("")

    def end(self, block: str, position: int) -> int:
        """Return where the lines end that match, from a position at which a line begins."""
        found = self._lines.match(block, position)
        return found.end() if found else position

    def learn(self, record: dict[str, Any], line: str) -> None:
        """Take the shape of a line that was parsed."""
        self._tries += 1
        may_learn = len(self._records) < MOST_SHAPES and self._tries <= MOST_TRIES and len(line) <= LONGEST
        if may_learn and self._add(record):
            self._records.append(record)

    def again(self, *, rounded: bool) -> None:
        """Make the patterns again: another value is looked for; with `rounded`, decimals after the ninth are not."""
        self.rounded = rounded
        self._patterns.clear()
        self._lines = re.compile("")
        for record in self._records:
            self._add(record)

    def _add(self, record: dict[str, Any]) -> bool:
        pattern = self._object(record, 0, self._wanted)
        if pattern is None or pattern in self._patterns or sum(map(len, self._patterns)) + len(pattern) > LONGEST:
            return False
        self._patterns.add(pattern)
        self._lines = re.compile(f"(?:(?:{'|'.join(sorted(self._patterns))})\r?\n)*+")
        return True

    def _object(self, record: dict[str, Any], depth: int, wanted: Callable[[str], bool]) -> str | None:
        fields = []
        for key, value in record.items():
            pattern = "null" if wanted(key) else self._value(value, depth + 1)
            if pattern is None:
                return None
            fields.append(f"{re.escape(json.dumps(key, ensure_ascii=False))}:{GAP}{pattern}")
        return rf"\{{{f',{GAP}'.join(fields)}\}}"

    def _value(self, value: Any, depth: int) -> str | None:
        """Return the pattern of values of the same kind; null is one of them."""
        if depth > DEEPEST:
            return None
        if isinstance(value, dict):
            found = self._object(value, depth, lambda _: False)
            return found and f"(?:{found}|null)"
        if isinstance(value, list):
            kinds = {self._value(item, depth + 1) for item in value[:MOST_SHAPES]}
            if None in kinds:
                return None
            item = f"(?:{'|'.join(sorted(map(str, kinds)))})"
            items = f"(?:{item}(?:,{GAP}{item})*+)?+" if kinds else ""
            return rf"(?:\[{items}\]|null)"
        if isinstance(value, str):
            return f"(?:{STRING}|null)"
        if isinstance(value, bool):
            return "(?:true|false|null)"
        if value is None:
            return f"(?:null|{STRING}|true|false|{NUMBERS[self.rounded]})"
        return f"(?:{NUMBERS[self.rounded]}|null)"

"""Zeros at the end of the fractions in a column of guessed numbers: `1.10` is loaded as 1.1.

In a column of amounts (`10.50`, `9.99`) every fraction has the same number of decimals, and the number is what was
meant. If the numbers of decimals differ (`1.9`, `1.10`), the texts are versions or codes, and two of them may become
one. `1.0` does not count: programs write whole numbers like this.
"""

import re
from collections.abc import Collection

MOST_DECIMALS = 9
"""A NUMERIC keeps so many."""
FRACTION = re.compile(r"-?[0-9]*\.([0-9]+)")


class Fractions:
    """The fractions of one column so far: their number of decimals, and whether one ends in zero."""

    def __init__(self) -> None:
        self._decimals = 0  # of the first fraction; 0: none so far
        self.differ = False
        self.zeros = False

    def add(self, text: str) -> bool:
        """Look at the next value; return whether `differ`, `zeros` or the pattern has changed."""
        found = FRACTION.fullmatch(text)
        if found is None or found[1] == "0":
            return False
        before = self._decimals, self.differ, self.zeros
        self._decimals = self._decimals or len(found[1])
        self.differ = self.differ or len(found[1]) != self._decimals
        self.zeros = self.zeros or found[1].endswith("0")
        return before != (self._decimals, self.differ, self.zeros)

    @property
    def same(self) -> int:
        """The number of decimals of all fractions so far; 0: none so far, too many, or they differ."""
        return 0 if self.differ or self._decimals > MOST_DECIMALS else self._decimals

    @property
    def decimals(self) -> Collection[int]:
        """The numbers of decimals of usual fractions. `add` ignores them, but for the first that ends in zero."""
        return range(1, MOST_DECIMALS + 1) if self.differ else {self.same} - {0}

    @property
    def known(self) -> str:
        """What must stand before the end of a fraction, as a pattern, so that `add` would return False for it."""
        if not self._decimals:
            return "(?!)"  # nothing
        same = "" if self.differ else rf"(?<=\.[0-9]{{{self._decimals}}})"
        return same if self.zeros else f"{same}(?<!0)"

    @property
    def usual(self) -> str:
        """A pattern of the fractions for which `add` returns False and that have as many decimals as the first one."""
        if not self.same:
            return "(?!)"  # nothing
        return rf"\.[0-9]{{{self.same}}}" + ("" if self.zeros else "(?<!0)")

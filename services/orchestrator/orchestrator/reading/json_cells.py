"""Values of JSON objects whose type is not that of their column: a number in a column of texts, and the reverse.

The connector writes a number as Python does: `1.10` becomes the text 1.1, and `1e5` the text 100000.0. A text in a
column of the type NUMERIC keeps nine decimals.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal

from orchestrator.reading.exact import Kind, LossKind, digits_loss, text_loss
from orchestrator.reading.json_numbers import LARGEST_INTEGER, SMALLEST_INTEGER, Number, read
from orchestrator.reading.names import borne

SAME_TEXT = (
    r"(?:-?[1-9][0-9]{0,8}+(?:\.[0-9]{0,3}[1-9])?+(?![0-9.eE])"  # matches faster than the rest
    r"|0|-?[1-9][0-9]{0,17}+|(?!-?0\.0000|-?[0-9.]{17})-?(?:0|[1-9][0-9]*+)\.(?:0|[0-9]*[1-9]))"
)
"""Numbers that Python writes as the file does. Not all of them: it is for speed."""
FEW_DECIMALS = r'"(?:[+-]?[0-9]{1,18}+(?:\.[0-9]{1,9}+)?)?"'
"""Texts of numbers that a NUMERIC keeps."""


class Cells:
    """Looks for such values until the first one of each column is known."""

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        """Take the kinds of the table columns, as in `Sought`."""
        self._kinds = kinds
        self._noted: set[str] = set()
        self._type = lru_cache(4096)(self._type_of)

    def _type_of(self, name: str) -> Literal["text", "number"] | None:
        found = {self._kinds[column] for column in borne(name) & self._kinds.keys()}
        if not found:
            return None
        return "text" if found == {"spelling"} else None if "integer" in found else "number"

    @property
    def noted(self) -> int:
        """The number of columns of which the first such value is known."""
        return len(self._noted)

    def patterns(self, name: str) -> Mapping[str, str]:
        """Return the patterns of the values of a field that lose nothing, if it has patterns of its own."""
        kind = None if name in self._noted else self._type(name)
        return {"text": {"number": SAME_TEXT}, "number": {"string": FEW_DECIMALS}}.get(kind or "", {})

    def losses(self, record: Mapping[str, Any], text: str) -> Iterator[tuple[str, LossKind, str, str]]:
        """Yield column, kind, text and what is loaded, for the first such value of each column.

        `record` is the parsed text.
        """
        numbers: Mapping[str, Any] = {}
        for name, value in record.items():
            kind = self._type(name) if isinstance(value, str | int | float) and name not in self._noted else None
            found: tuple[LossKind, str] | None = None
            written = str(value)
            if kind == "text" and not isinstance(value, str | bool):
                numbers = numbers or read(text)
                written = numbers[name] if isinstance(numbers[name], Number) else written
                found = _spelling(written)
            elif kind == "number" and isinstance(value, str):
                found = text_loss(value)
            if found:
                self._noted.add(name)
                yield name, found[0], written[:100], found[1]


def _spelling(number: str) -> tuple[LossKind, str] | None:
    is_whole = number.lstrip("-").isdigit() and SMALLEST_INTEGER <= int(number) <= LARGEST_INTEGER
    loaded = str(int(number)) if is_whole else repr(float(number))
    if loaded == number or (not is_whole and digits_loss(number, numeric=False)):  # digits are told in any column
        return None
    return "spelling", loaded

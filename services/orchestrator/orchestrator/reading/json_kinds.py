"""The kinds of values that stand in one place of the lines of a JSON lines file, and the pattern that matches them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

DEEPEST = 10
ITEMS_LOOKED_AT = 16
FIELDS_PER_KEY = 4
"""Objects with fewer keys are unusual: to look for each of so many fields would take longer than to parse them."""
ESCAPE = r'\\(?:["\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4})'
STRING = rf'[^"\\\x00-\x1f]*+(?:{ESCAPE}[^"\\\x00-\x1f]*+)*+"'
"""A string behind its first quote."""
PLAIN = '[^"]*+"'
"""As STRING, in a block of plain lines: faster than a pattern that looks for escapes."""
WHOLE = r"(?:0|[1-9][0-9]{0,17}+|[1-8][0-9]{18}+)(?![0-9.eE])"
"""Whole numbers of which the connector keeps each digit."""
ANY_NUMBER = {
    # As in json_numbers: without fractions of more than 15 digits or nine decimals, then also with such decimals.
    False: rf"-?(?:{WHOLE}|(?!-?[0-9.]{{16}})(?:0|[1-9][0-9]*+)\.[0-9]{{1,9}}+(?![0-9.eE]))",
    True: rf"-?(?:{WHOLE}|(?!-?[0-9]{{7}}[0-9.]{{9}})(?:0|[1-9][0-9]*+)\.[0-9]++(?![.eE]))",
}
NUMBERS = {"integer": ["[1-9][0-9]{0,17}+", "0"], "float": [r"[1-9][0-9]{0,5}+\.[0-9]{1,8}+", r"0\.[0-9]{1,8}+"]}
"""Patterns of most numbers, tried before ANY_NUMBER where such were seen, for speed. Negative ones begin with "-"."""
END_OF_VALUE = r"[,\]}]"
KINDS = {str: "string", type(None): "null", dict: "object", list: "list"}
MARK = "\0"
"""Stands before and behind each text in a pattern that every line has: no JSON text contains it."""


@dataclass(frozen=True)
class Own:
    """What is different in the pattern of a field's values.

    `patterns` are in place of the usual ones: of "number" and "string", or of "any" value. Numbers may have any number
    of decimals if `any_decimals`, those in objects and lists if `any_decimals_inside`.
    """

    patterns: Mapping[str, str] = field(default_factory=dict)
    any_decimals: bool = False
    any_decimals_inside: bool = False

    def inside(self, _field: str = "") -> "Own":
        """Return the same for the values in an object or a list."""
        return Own(any_decimals=self.any_decimals_inside, any_decimals_inside=self.any_decimals_inside)


class UnusualError(Exception):
    """A value does not go with those before: its keys have another order or are few, or it is nested too deep."""


@dataclass(frozen=True)
class Kinds:
    """The kinds of values in one place.

    `fields` are the keys of objects, in their order; those in `optional` are not in every object. `items` are the
    values in lists.
    """

    names: tuple[str, ...] = ()
    fields: dict[str, "Kinds"] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    items: "Kinds | None" = None

    def with_value(self, value: Any, depth: int = 0) -> "Kinds":
        """Return these kinds and that of a value. Raises UnusualError."""
        if depth > DEEPEST:
            raise UnusualError
        known = self._named(_number(value) if isinstance(value, int | float) else KINDS[type(value)])
        if isinstance(value, list):
            items = self.items or UNKNOWN
            for item in value[:ITEMS_LOOKED_AT]:
                items = items.with_value(item, depth + 1)
            return replace(known, items=items)
        return known._with_object(value, depth, new="object" not in self.names) if isinstance(value, dict) else known

    def _named(self, name: str) -> Self:
        return self if name in self.names else replace(self, names=(*self.names, name))

    def _with_object(self, value: dict[str, Any], depth: int, *, new: bool) -> "Kinds":
        known = list(self.fields)
        order = {name: at for at, name in enumerate(known)}
        names, at = list[str](), 0
        for name in value:
            if (place := order.get(name)) is not None:
                if place < at:
                    raise UnusualError
                names += known[at:place]
                at = place + 1
            names.append(name)
        names += known[at:]
        if len(names) > FIELDS_PER_KEY * len(value) + FIELDS_PER_KEY:
            raise UnusualError
        fields = {name: self.fields.get(name, UNKNOWN) for name in names}
        for name, item in value.items():
            fields[name] = fields[name].with_value(item, depth + 1)
        once = frozenset() if new else value.keys() ^ self.fields.keys()
        return replace(self, fields=fields, optional=self.optional | once)

    def pattern(self, gap: str, fields: Callable[[str], Own], own: Own, *, always: bool = True) -> str:
        """Return the pattern of such values.

        `gap`: pattern of what stands behind a colon and a comma. `fields`: what is different in each field, `own`: in
        these values. `always`: every line has a value here.
        """
        if "any" in own.patterns:
            return own.patterns["any"]
        found = []
        numbers = [number for name in self.names for number in _numbers(name, any_decimals=own.any_decimals)]
        if numbers and "number" in own.patterns:
            found.append(own.patterns["number"])
        elif numbers:
            # No number matches in two ways: a line that does not match at its end would take exponential time.
            found += [*numbers, f"(?!(?:{'|'.join(numbers)}){END_OF_VALUE}){ANY_NUMBER[own.any_decimals]}"]
        if "string" in self.names:
            found.append(own.patterns.get("string") or f'"{STRING}')
        if "boolean" in self.names:
            found.append("true|false")
        if "object" in self.names:
            found.append(self._object(gap, fields, always=always and len(self.names) == 1))
        if "list" in self.names:
            found.append(self._list(gap, own.inside()))
        if "null" in self.names:
            found.append("null")
        return f"(?:{'|'.join(found)})"

    def _object(self, gap: str, own: Callable[[str], Own], *, always: bool) -> str:
        required = [name for name in self.fields if name not in self.optional]
        comma, behind_first, fields = f",{gap}", False, list[str]()
        for name, kinds in self.fields.items():
            has_to, its_own = always and name not in self.optional, own(name)
            value = kinds.pattern(gap, its_own.inside, its_own, always=has_to)
            key = f"{re.escape(json.dumps(name, ensure_ascii=False))}:{gap}"
            mark = MARK if has_to else ""
            if name not in self.optional:
                fields.append(f"{mark}{comma if behind_first else ''}{key}{mark}{value}")
                behind_first = True
            elif behind_first:
                fields.append(f"(?:{comma}{key}{value})?+")
            elif required:
                fields.append(f"(?:{key}{value}{comma})?+")
            else:
                fields.append(rf'(?:{key}{value}(?:{comma}(?=")|(?=\}})))?+')
        return rf"\{{{''.join(fields)}\}}"

    def _list(self, gap: str, own: Own) -> str:
        if not self.items or not self.items.names:
            return r"\[\]"
        # No other alternative is tried for an item that was matched. So a number must be whole.
        item = f"{self.items.pattern(gap, own.inside, own, always=False)}(?![0-9.eE])"
        return rf"\[(?:{item}(?:, ?{item})*+)?+\]"


UNKNOWN = Kinds()


def _number(number: float) -> str:
    """Return the name of a number's kind; true and false are numbers in Python."""
    if isinstance(number, bool):
        return "boolean"
    return f"{'-' if number < 0 else ''}{'integer' if isinstance(number, int) else 'float'}"


def _numbers(name: str, *, any_decimals: bool) -> list[str]:
    """Return the patterns of the numbers of a kind; none for other kinds."""
    sign, name = ("-", name[1:]) if name.startswith("-") else ("", name)
    decimals = "+" if any_decimals else "{1,8}"
    return [sign + number.replace("{1,8}", decimals) for number in NUMBERS.get(name, [])]

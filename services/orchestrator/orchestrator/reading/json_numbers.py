"""Numbers in JSON text that lose digits when they are read as doubles."""

import json
import re
from collections.abc import Iterator
from typing import Any

from orchestrator.reading.exact import LossKind, digits_loss

LONG_NUMBER = re.compile(r"(?:^|[:,\[])\s*-?(?:[0-9.]{16,}|[0-9]*\.[0-9]{10,}|[0-9.]+[eE])")
"""Finds numbers that may lose digits. It also finds some text that looks like one."""
NOT_FINITE = re.compile(r"(?:^|[:,\[])\s*-?(?:NaN|Infinity)")
"""Finds what Python reads and writes as numbers, although JSON has none of them: they are loaded as null."""
LARGEST_INTEGER, SMALLEST_INTEGER = 2**64 - 1, -(2**63)
"""Beyond these, the connector reads an integer as a double."""


class Number(str):
    """A number as the file writes it."""

    __slots__ = ()


def read(text: str) -> Any:
    """Return the value of a JSON text, with each number as a Number. Raises ValueError."""
    return json.loads(text, parse_float=Number, parse_int=Number, parse_constant=Number)


def losses(value: Any, *, numeric: bool = False) -> Iterator[tuple[Number, tuple[LossKind, str]]]:
    """Yield each number that loses something, with what is lost and what is loaded.

    `numeric`: the value itself is loaded into a column of the type NUMERIC.
    """
    for number in _numbers(value):
        if number.lstrip("-").isdigit() and SMALLEST_INTEGER <= int(number) <= LARGEST_INTEGER:
            continue
        if found := digits_loss(number, numeric=numeric and value is number):
            yield number, found


def loss_in_text(text: str) -> tuple[str, tuple[LossKind, str]] | None:
    """Return the first number of a JSON text that loses something; None if there is none, or if it is not JSON."""
    if not LONG_NUMBER.search(text) and not NOT_FINITE.search(text):
        return None
    try:
        return next(losses(read(text)), None)
    except ValueError:
        return None


def _numbers(value: Any) -> Iterator[Number]:
    if isinstance(value, Number):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _numbers(item)

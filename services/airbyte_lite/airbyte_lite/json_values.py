"""Reads JSON strictly, and refuses values that this server could not store, answer or hand to a connector."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, NoReturn

import orjson

MOST_VALUES = 100_000
"""Values in one body. Parsing them takes 50 ms, in which the server answers nobody else."""
BODY_LEVELS = 100
"""Deepest nesting of a body."""
STORED_LEVELS = 200
"""Deepest nesting of a stored record: a JSON schema has two levels for each level of the data. An answer has a few
levels more than the record, and cannot have more than 254."""
SMALLEST, LARGEST = -(2**63), 2**63 - 1
SHOWN_CHARACTERS = 100
"""Characters of a key that a message shows."""


class InvalidJson(ValueError):
    """JSON that is refused. The message says why; it contains keys but no values, which may be secret."""


def parse(body: bytes) -> Any:
    """Return the value of a JSON text in UTF-8. Raises InvalidJson.

    Python's parser accepts more than JSON, and values that later steps cannot write. Refused here: NaN and Infinity,
    unpaired surrogates, NUL characters, integers of more than 64 bits, numbers beyond the range of a double, a key that
    occurs twice in an object, more than MOST_VALUES values and more than BODY_LEVELS levels.
    """
    if sum(map(body.count, (b"[", b"{", b","))) > MOST_VALUES:
        raise InvalidJson(f"more than {MOST_VALUES} values")
    try:
        value = _STRICT.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidJson(f"invalid UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise InvalidJson(f"invalid JSON at character {error.pos}: {error.msg}") from error
    except RecursionError as error:
        raise InvalidJson(f"more than {BODY_LEVELS} levels of nesting") from error
    check(value, BODY_LEVELS)
    if b"\\u0000" in body and _has_nul(value):  # only as an escape: the parser refuses the character itself
        raise InvalidJson("a NUL character (\\u0000) in a text")
    return value


def check(value: Any, most_levels: int) -> None:
    """Raise InvalidJson for a value that has more levels of objects and lists, or that cannot be written in UTF-8."""
    levels, found = 0, [value] if isinstance(value, dict | list) else []
    while found:
        levels += 1
        if levels > most_levels:
            raise InvalidJson(f"more than {most_levels} levels of nesting")
        inner = (item.values() if type(item) is dict else item for item in found)
        found = [item for items in inner for item in items if type(item) is dict or type(item) is list]
    try:
        orjson.dumps(value)
    except TypeError as error:
        raise InvalidJson(f"a value that cannot be written: {error}") from error


def _has_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any("\0" in key for key in value) or any(map(_has_nul, value.values()))
    if isinstance(value, list):
        return any(map(_has_nul, value))
    return isinstance(value, str) and "\0" in value


def _integer(text: str) -> int:
    # The length first: Python does not convert very long integers.
    if len(text) > len(str(SMALLEST)) or not SMALLEST <= int(text) <= LARGEST:
        raise InvalidJson("an integer of more than 64 bits")
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise InvalidJson("a number beyond the range of a double")
    return number


def _constant(name: str) -> NoReturn:
    raise InvalidJson(f"{name}, which is not JSON")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise InvalidJson(f"the key {twice[:SHOWN_CHARACTERS]!r} twice in one object")
    return found


_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_number, parse_constant=_constant)

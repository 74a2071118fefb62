"""JSON documents: BigQuery's text of one, and the functions that change one."""

import json
import re
from typing import Any

from warehouse.semantics import json_digits

STEP = re.compile(r'\.([^.\[\]"]+)|\."((?:[^"\\]|\\.)*)"|\[(\d+)\]')
MARK = "\ue000"  # a character for private use
FRACTION = re.compile(r"[0-9][.eE]")
STRING_OR_NUMBER = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?', re.DOTALL)
Step = str | int
MISSING = object()


def has_fraction(document: str) -> bool:
    """Whether a JSON text may have a number with a fraction or an exponent."""
    return FRACTION.search(document) is not None


def marked(document: str) -> str:
    """Return a JSON text whose numbers with a fraction or exponent are strings with MARK: DuckDB keeps their digits."""

    def token(match: re.Match[str]) -> str:
        found = match[0]
        return found if found.startswith('"') or found.lstrip("-").isdigit() else f'"{MARK}{found}"'

    return STRING_OR_NUMBER.sub(token, document)


def text(document: str) -> str:
    """Return a document as BigQuery writes it: its keys are sorted and stand once."""
    return _text(json.loads(document, object_pairs_hook=_first_of_each))


def rounded(document: str) -> str:
    """Return a document with numbers that fit neither 64 bits nor a double as the nearest double (PARSE_JSON)."""
    return _text(json.loads(document, object_pairs_hook=_first_of_each, parse_int=_integer))


def _integer(digits: str) -> int | float:
    number = int(digits)
    return number if -(2**63) <= number < 2**64 else float(number)


def _first_of_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(reversed(members))


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def steps(path: str) -> list[Step]:
    """Return the keys and the places that a JSONPath names. Raises ValueError for an invalid one."""
    found: list[Step] = []
    place = 1
    while place < len(path):
        match = STEP.match(path, place)
        if not path.startswith("$") or match is None:
            raise ValueError(f"Invalid token in JSONPath at: {path[place:]}")
        key, quoted, index = match.groups()
        found.append(int(index) if index is not None else key if key is not None else quoted.replace('\\"', '"'))
        place = match.end()
    if not path.startswith("$"):
        raise ValueError("JSONPath must start with '$'")
    return found


def _get(value: Any, path: list[Step]) -> Any:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, MISSING) if isinstance(step, str) else MISSING
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return MISSING
    return value


def _set(value: Any, path: list[Step], new: Any) -> Any:
    """Return `value` with `new` at a path. What is missing is made; a path through another kind of value is ignored."""
    if not path:
        return new
    step: Any = path[0]
    rest = path[1:]
    if value is None:
        value = {} if isinstance(step, str) else []
    if isinstance(value, dict) and isinstance(step, str):
        value[step] = _set(value.get(step), rest, new)
    elif isinstance(value, list) and isinstance(step, int):
        value += [None] * (step + 1 - len(value))
        value[step] = _set(value[step], rest, new)
    return value


def set_value(document: str, path: str, new: str) -> str:
    """Return the document with a JSON value at a path (JSON_SET)."""
    return _text(_set(json.loads(document), steps(path), json.loads(new)))


def strip_nulls(document: str) -> str:
    """Return the document without members and elements that are null, at every depth (JSON_STRIP_NULLS)."""

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(member) for key, member in value.items() if member is not None}
        if isinstance(value, list):
            return [strip(element) for element in value if element is not None]
        return value

    return _text(strip(json.loads(document)))


def remove(document: str, path: str) -> str:
    """Return the document without what a path names (JSON_REMOVE). Raises ValueError for the path `$`."""
    value, found = json.loads(document), steps(path)
    if not found:
        raise ValueError("Invalid input to JSON_REMOVE: the JSONPath cannot be '$'")
    if _get(value, found) is not MISSING:
        parent: Any = _get(value, found[:-1])
        last: Any = found[-1]
        del parent[last]
    return _text(value)


def append(document: str, path: str, new: str) -> str:
    """Return the document with the elements of the JSON array `new` at the end of an array (JSON_ARRAY_APPEND)."""
    value, found = json.loads(document), steps(path)
    target = _get(value, found)
    if target is None:
        return _text(_set(value, found, json.loads(new)))
    if isinstance(target, list):
        target += json.loads(new)
    return _text(value)


def insert(document: str, path: str, new: str) -> str:
    """Return the document with the elements of the JSON array `new` in an array, before a place (JSON_ARRAY_INSERT)."""
    value, found = json.loads(document), steps(path)
    if not found or not isinstance(found[-1], int):
        return _text(value)
    place, target = found[-1], _get(value, found[:-1])
    if target is None:
        return _text(_set(value, found[:-1], [None] * place + json.loads(new)))
    if isinstance(target, list):
        target += [None] * (place - len(target))
        target[place:place] = json.loads(new)
    return _text(value)


def interval(text: str) -> str:
    """Return an interval, `1-2 3 4:5:6.7`, in the form of ISO 8601, which JSON has: `P1Y2M3DT4H5M6.7S`."""
    match = re.fullmatch(r"(-?)(\d+)-(\d+) (-?\d+) (-?)(\d+):(\d+):(\d+)(\.\d+)?", text)
    if match is None:
        raise ValueError(f"invalid interval: {text}")
    sign, years, months, days, clock, hours, minutes, seconds, part = match.groups("")
    date = "".join(f"{s}{n}{u}" for s, n, u in ((sign, years, "Y"), (sign, months, "M"), ("", days, "D")) if int(n))
    part = part.rstrip("0").rstrip(".")
    units = ((hours, "H"), (minutes, "M"))
    time = "".join(f"{clock}{n}{u}" for n, u in units if int(n))
    if int(seconds) or part:
        time += f"{clock}{int(seconds)}{part}S"
    return "P" + date + (f"T{time}" if time else "") if date or time else "P0Y"


TEXT = "VARCHAR"
FUNCTIONS = {
    "_marked_json": (marked, ["VARCHAR"], "VARCHAR"),
    "_json_rounded": (rounded, [TEXT], TEXT),
    "_json_sorted": (text, [TEXT], TEXT),
    "_json_set": (set_value, [TEXT, TEXT, TEXT], TEXT),
    "_json_without_nulls": (strip_nulls, [TEXT], TEXT),
    "_json_remove": (remove, [TEXT, TEXT], TEXT),
    "_json_append": (append, [TEXT, TEXT, TEXT], TEXT),
    "_json_insert": (insert, [TEXT, TEXT, TEXT], TEXT),
    "_json_interval": (interval, [TEXT], TEXT),
    "_json_refusal": (json_digits.refusal, [TEXT], TEXT),
    "_json_overflow": (json_digits.overflow, [TEXT], TEXT),
}

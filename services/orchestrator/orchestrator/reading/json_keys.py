"""Keys that a JSON object has more than once: the connector keeps the last value only.

To parse every line in Python would be too slow. The keys in the text are counted and compared with those that the
connector's parser has kept; only a text with more of them is parsed again.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from orchestrator.reading.exact import LossKind

KEY = re.compile(r'"[ \t\r\n]*:')


class Repeated(dict[str, Any]):
    """An object with a repeated key whose values differ."""

    key: str
    last: Any


def may_repeat(text: str, record: dict[str, Any] | list[Any]) -> bool:
    """Return False if no object in the text has a key twice; True: look closer.

    `record` is the parsed text. A key ends with a quote and a colon. So does some text inside strings: as often in the
    file as in the record when it is written again.
    """
    import orjson

    spaced = '" ' in text or '"\t' in text or "\n" in text or "\r" in text
    ends = len(KEY.findall(text)) if spaced else text.count('":')
    if isinstance(record, dict) and ends == len(record):
        return False
    if "\\u00" in text:  # a quote or a colon inside a string may be written in another way
        return True
    try:
        return ends != orjson.dumps(record).count(b'":')
    except orjson.JSONEncodeError:  # it is nested too deep
        return True


def repeated(text: str) -> Iterator[tuple[str, str, Any]]:
    """Yield the top-level field, the repeated key and its last value, for each repeated key with different values.

    The field contains the object. If the repeated key is a field of the record itself, this key is the field.
    """
    record = json.loads(text, object_pairs_hook=_pairs)
    if isinstance(record, Repeated):
        yield record.key, record.key, record.last
    for field, value in record.items() if isinstance(record, dict) else [("", record)]:
        rest = [value]
        while rest:
            item = rest.pop()
            if isinstance(item, Repeated):
                yield field, item.key, item.last
            if isinstance(item, dict | list):
                rest += item.values() if isinstance(item, dict) else item


def repeated_in_text(text: str) -> tuple[str, tuple[LossKind, str]] | None:
    """Return the first repeated key of a JSON text and what is loaded; None if there is none, or if it is not JSON."""
    import orjson

    try:
        record = orjson.loads(text)
        if not isinstance(record, dict | list) or not may_repeat(text, record):
            return None
        found = next(repeated(text), None)
    except ValueError:
        return None
    return (found[1], ("repeated", shown(found[2]))) if found else None


def shown(value: Any) -> str:
    """Return a value as JSON, not longer than a message."""
    return json.dumps(value, ensure_ascii=False)[:100]


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    for key, value in pairs:
        if found[key] != value or type(found[key]) is not type(value):
            again = Repeated(found)
            again.key, again.last = key, found[key]
            return again
    return found

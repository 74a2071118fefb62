"""Keys that a JSON object has more than once: the connector keeps the last value only.

To parse every line in Python would be too slow. The keys that the connector's parser has kept are counted and compared
with the keys in the text; only a text with more of them is parsed again.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

KEY = re.compile(r'"[ \t\r\n]*:')


class Repeated(dict[str, Any]):
    """An object with a repeated key whose values differ."""

    key: str
    last: Any


def may_repeat(text: str, record: dict[str, Any]) -> bool:
    """Return False if each object in the text has each of its keys once; True: look closer.

    `record` is the parsed text. A key ends with a quote and a colon; so does some text inside strings.
    """
    spaced = '" ' in text or '"\t' in text or "\n" in text or "\r" in text
    ends = len(KEY.findall(text)) if spaced else text.count('":')
    if ends == len(record):
        return False
    if "\\" in text and "\\\\" not in text:  # each of these quotes is escaped, so it is inside a string
        ends -= text.count('\\":')
    return ends != _keys(record)


def _keys(value: Any) -> int:
    """Return the number of keys in a JSON value, at any depth. Not recursive: JSON may be deep."""
    found, rest = 0, [value]
    while rest:
        item = rest.pop()
        if isinstance(item, dict):
            found += len(item)
            rest += [each for each in item.values() if isinstance(each, dict | list)]
        else:
            rest += [each for each in item if isinstance(each, dict | list)]
    return found


def repeated(text: str) -> Iterator[tuple[str, str, Any]]:
    """Yield the top-level field, the repeated key and its last value, for each repeated key with different values.

    The field is that which has the object; if the repeated key is a field of the record itself, the key.
    """
    record = json.loads(text, object_pairs_hook=_pairs)
    if isinstance(record, Repeated):
        yield record.key, record.key, record.last
    for field, value in record.items() if isinstance(record, dict) else ():
        rest = [value]
        while rest:
            item = rest.pop()
            if isinstance(item, Repeated):
                yield field, item.key, item.last
            if isinstance(item, dict | list):
                rest += item.values() if isinstance(item, dict) else item


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

"""The tables of connectors.toml as text: one is added, replaced or removed, and all other text stays as it is."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

from tools.connectors.errors import ConnectorCommandError

Entry = dict[str, str | bool]


def table(name: str, entry: Entry) -> str:
    """Return a table in TOML. A TOML string and a JSON string are written alike."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in entry.items()]
    return "\n".join([f"[{name}]", *lines]) + "\n"


def read(text: str) -> dict[str, dict[str, Any]]:
    """Return the entries by name. Raises ConnectorCommandError when the text is not valid TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConnectorCommandError(f"connectors.toml is not valid TOML: {error}. Correct it first.") from error


def put(text: str, name: str, entry: Entry) -> str:
    """Return the text with the table at its old place, or at the end."""
    if (place := _place(text, name)) is None:
        return f"{text.rstrip()}\n\n{table(name, entry)}"
    start, end = place
    return text[:start] + table(name, entry) + text[end:]


def without(text: str, name: str) -> str:
    """Return the text without the table and without the comment that stands directly above it."""
    place = _place(text, name)
    if place is None:
        return text
    head, tail = text[: place[0]], text[place[1] :]
    while head.endswith("\n") and head[:-1].rpartition("\n")[2].startswith("#"):
        head = head[: head[:-1].rfind("\n") + 1]
    return f"{head.rstrip()}\n\n{tail.lstrip()}" if tail.strip() else f"{head.rstrip()}\n"


def _place(text: str, name: str) -> tuple[int, int] | None:
    """Return where a table begins, and where its last key ends."""
    header = re.search(rf"^\[{re.escape(name)}\][^\n]*\n", text, re.MULTILINE)
    if header is None:
        return None
    rest = text[header.end() :]
    following = re.search(r"^\[", rest, re.MULTILINE)
    body = rest[: following.start()] if following else rest
    last = 0
    for line in re.finditer(r"^[^\n]*(\n|\Z)", body, re.MULTILINE):
        if line[0].strip() and not line[0].startswith("#"):
            last = line.end()
    return header.start(), header.end() + last

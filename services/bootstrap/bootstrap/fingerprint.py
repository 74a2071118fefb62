"""An object as it was asked for, field by field: by that, one whose creation was not seen to its end is recognised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from platform_kit.specification import MASK


def identity(body: dict[str, Any]) -> dict[str, Any]:
    """Return what an object is recognised by: a connection by what it connects, its prefix and its streams' modes.

    Airbyte shows its other settings in another form than it takes them (a schedule gets a time zone), or not at all.
    """
    if "configurations" not in body:
        return body
    streams = [{key: stream[key] for key in ("name", "syncMode")} for stream in body["configurations"]["streams"]]
    kept = {key: body[key] for key in ("name", "sourceId", "destinationId", "prefix")}
    return kept | {"configurations": {"streams": streams}}


def fields(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of each field that is not empty: `configuration.bucket`, `…streams[orders].syncMode`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from fields(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            label = item.get("name", index) if isinstance(item, dict) else index
            yield from fields(item, f"{path}[{label}]")
    elif value not in (None, ""):
        yield path, value


def fits(shown: dict[str, Any], asked: dict[str, str], digest: Callable[[str, Any], str]) -> bool:
    """Return whether an object has every field that was asked for (path: digest), as far as it can be seen.

    Unseen are masked secrets, and what this Airbyte never shows: top-level fields that are absent.
    """
    found = dict(fields(shown))
    for path, expected in asked.items():
        if path.partition(".")[0].partition("[")[0] not in shown:
            continue
        if path not in found or (found[path] != MASK and digest(path, found[path]) != expected):
            return False
    return True

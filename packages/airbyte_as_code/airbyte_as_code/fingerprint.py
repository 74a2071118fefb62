"""Fingerprint of a creation request: it identifies an object whose creation was interrupted before the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from platform_kit.specification import MASK


def identity(body: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that identify an object. For a connection: source, destination, prefix and the streams' modes.

    Airbyte returns the other settings of a connection in another form (a schedule gets a time zone), or not at all.
    """
    if "configurations" not in body:
        return body
    streams = [{key: stream[key] for key in ("name", "syncMode")} for stream in body["configurations"]["streams"]]
    kept = {key: body[key] for key in ("name", "sourceId", "destinationId", "prefix")}
    return kept | {"configurations": {"streams": streams}}


def fields(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of each field with a value: `configuration.bucket`, `…streams[orders].syncMode`."""
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
    """Return whether an object has every requested field (path: digest).

    Not compared are masked secrets, and top-level fields that this Airbyte does not return.
    """
    found = dict(fields(shown))
    for path, expected in asked.items():
        if path.partition(".")[0].partition("[")[0] not in shown:
            continue
        if path not in found or (found[path] != MASK and digest(path, found[path]) != expected):
            return False
    return True

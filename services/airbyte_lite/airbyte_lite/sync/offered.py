"""Finds streams among those that a source offers. A stream is identified by its namespace and its name."""

from __future__ import annotations

from typing import Any

from platform_kit.names import TABLE_LENGTH, identifier


class CatalogError(Exception):
    """The configuration of a stream does not match the source. The message has the stream and the valid values."""


def key_of(stream: dict[str, Any]) -> tuple[str, str]:
    """Return the namespace (empty if there is none) and the name of an AirbyteStream."""
    return stream.get("namespace") or "", str(stream["name"])


def shown(stream: dict[str, Any]) -> str:
    """Return the name of an AirbyteStream for messages, with its namespace if it has one: public.users."""
    return ".".join(filter(None, key_of(stream)))


def by_key(offered: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the streams by namespace and name. Raises CatalogError if two have the same."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for stream in offered:
        if key_of(stream) in found:
            raise CatalogError(f"The source has two streams {shown(stream)}. Rename one of them in the source.")
        found[key_of(stream)] = stream
    return found


def find(offered: list[dict[str, Any]], name: str, namespace: str | None) -> dict[str, Any]:
    """Return the stream with this name and namespace. Raises CatalogError if there is none, or more than one.

    Without a namespace, the name alone decides; the stream without a namespace is preferred.
    """
    named = [stream for stream in offered if stream["name"] == name]
    found = [stream for stream in named if (stream.get("namespace") or None) == namespace]
    if len(found) != 1 and namespace is None:
        found = named
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(map(shown, found))
        raise CatalogError(f"The source has several streams {name}: {names}. Set the namespace of the stream too.")
    wanted = f"{namespace}.{name}" if namespace else name
    raise CatalogError(f"The source has no stream {wanted}. It has: {', '.join(map(shown, offered)) or 'none'}.")


def refuse_same_tables(streams: list[dict[str, Any]], prefix: str = "") -> None:
    """Raise CatalogError for two streams that would fill the same table. Tables have no namespace here."""
    by_table: dict[str, dict[str, Any]] = {}
    for stream in streams:
        table = identifier(prefix + str(stream["name"]))[:TABLE_LENGTH]
        twin = by_table.get(table)
        if twin is None:
            by_table[table] = stream
            continue
        if key_of(twin) == key_of(stream):
            raise CatalogError(f"Stream {shown(stream)} is configured twice.")
        same = "the same name" if twin["name"] == stream["name"] else f"the same name in BigQuery, {table}"
        raise CatalogError(
            f"The streams {shown(twin)} and {shown(stream)} have {same}, so both would fill the same table. "
            "Choose one of them with configurations.streams, by its name and namespace. To load the other too, "
            "create a second connection with another prefix."
        )

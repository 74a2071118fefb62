"""The states that sources give (AirbyteStateMessage of the Airbyte protocol): of one stream, or of several at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airbyte_lite.state.records import Connection

State = dict[str, Any]


def stream_of(state: State) -> str:
    """Return the name of the stream that a state is of; empty for the state of several streams."""
    return str(state["stream"]["stream_descriptor"]["name"]) if state.get("type") == "STREAM" else ""


def streams_of(state: State) -> list[str]:
    """Return the names of the streams that have a part of a state."""
    if state.get("type") == "STREAM":
        return [stream_of(state)]
    parts = (state.get("global") or {}).get("stream_states") or []
    return [part["stream_descriptor"]["name"] for part in parts]


def without(state: State, streams: Iterable[str]) -> State | None:
    """Return what is left of a state without these streams, None where nothing is left or it cannot be divided.

    The shared part of a GLOBAL state stays as long as a stream has a part of its own, as when Airbyte clears a stream.
    """
    gone = {*streams}
    if not gone:
        return state
    if not divisible(state):
        return None
    if state["type"] == "STREAM":
        return None if stream_of(state) in gone else state
    parts = state["global"]["stream_states"]
    left = [part for part in parts if part["stream_descriptor"]["name"] not in gone]
    return {**state, "global": {**state["global"], "stream_states": left}} if left else None


def divisible(state: State) -> bool:
    """Return whether single streams can be taken out of a state."""
    return bool(streams_of(state))


def stale(before: Connection, after: Connection) -> list[str]:
    """Return the streams whose state must not be found again: no longer incremental, or with another cursor."""
    kept = {(stream.name, *stream.cursor_field) for stream in after.streams if stream.incremental}
    return [
        stream.name
        for stream in before.streams
        if stream.incremental and (stream.name, *stream.cursor_field) not in kept
    ]

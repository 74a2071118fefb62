"""The states of syncs (AirbyteStateMessage of the Airbyte protocol). A state belongs to one stream or to several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airbyte_lite.state.records import Connection

State = dict[str, Any]


def stream_of(state: State) -> str:
    """Return the name of a state's stream; empty for the state of several streams."""
    return str(state["stream"]["stream_descriptor"]["name"]) if state.get("type") == "STREAM" else ""


def streams_of(state: State) -> list[str]:
    """Return the names of the streams in a state."""
    if state.get("type") == "STREAM":
        return [stream_of(state)]
    parts = (state.get("global") or {}).get("stream_states") or []
    return [part["stream_descriptor"]["name"] for part in parts]


def without(state: State, streams: Iterable[str]) -> State | None:
    """Return the state without these streams, None when nothing is left or the state cannot be divided.

    The shared part of a GLOBAL state is kept as long as one stream is left, as in Airbyte when it clears a stream.
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
    """Return whether single streams can be removed from the state."""
    return bool(streams_of(state))


def stale(before: Connection, after: Connection) -> list[str]:
    """Return the streams whose state is no longer valid: not incremental any more, or with another cursor."""
    kept = {(stream.name, *stream.cursor_field) for stream in after.streams if stream.incremental}
    return [
        stream.name
        for stream in before.streams
        if stream.incremental and (stream.name, *stream.cursor_field) not in kept
    ]

"""The states of one stream and of several streams after a stream is removed."""

from typing import Any

import pytest

from airbyte_lite.state import syncstate

from .states import global_state

ONE = {"type": "STREAM", "stream": {"stream_descriptor": {"name": "a"}, "stream_state": {"at": 1}}}
SHARED_ONLY = {"type": "GLOBAL", "global": {"shared_state": {"lsn": 1}, "stream_states": []}}
OLD = {"type": "LEGACY", "data": {"a": {"at": 1}}}


@pytest.mark.parametrize(
    ("state", "gone", "left"),
    [
        (ONE, ["a"], None),
        (ONE, ["b"], ONE),
        (global_state("a", "b"), ["a"], global_state("b")),
        (global_state("a", "b"), ["c"], global_state("a", "b")),
        (global_state("a", "b"), ["a", "b"], None),
        (SHARED_ONLY, ["a"], None),
        (SHARED_ONLY, [], SHARED_ONLY),
        (OLD, ["a"], None),
    ],
)
def test_what_is_left(state: dict[str, Any], gone: list[str], left: dict[str, Any] | None) -> None:
    assert syncstate.without(state, gone) == left


@pytest.mark.parametrize(
    ("state", "streams"), [(ONE, ["a"]), (global_state("a", "b"), ["a", "b"]), (SHARED_ONLY, []), (OLD, [])]
)
def test_the_streams_that_a_state_names(state: dict[str, Any], streams: list[str]) -> None:
    assert syncstate.streams_of(state) == streams
    assert syncstate.divisible(state) == bool(streams)

"""The words for the end of a connector's command."""

import pytest

from airbyte_lite.connectors.ending import ending


@pytest.mark.parametrize(
    ("exit_code", "words"),
    [
        (0, ["exit code 0"]),
        (3, ["exit code 3"]),
        (None, ["ended"]),
        (-6, ["signal 6", "memory limit", "AIRBYTE_LITE_CONNECTOR_MEMORY_MIB"]),
        (-11, ["signal 11", "memory limit"]),
        (-9, ["signal 9", "out of memory"]),
        (-15, ["signal 15"]),
        (-42, ["signal 42"]),  # a signal without a name
        (-99, ["signal 99"]),
    ],
)
def test_a_signal_is_named_with_its_usual_reason(exit_code: int | None, words: list[str]) -> None:
    assert all(word in ending(exit_code) for word in words)
    assert "exit code -" not in ending(exit_code)

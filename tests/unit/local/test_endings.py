"""Ctrl-C, and a reader that has ended, end a command with an exit code and without a traceback."""

import io
import os

import pytest

from tools import endings


def interrupted() -> int:
    """A command at the moment of Ctrl-C."""
    raise KeyboardInterrupt


def test_ctrl_c_is_told_with_the_exit_code_of_a_shell(capsys: pytest.CaptureFixture[str]) -> None:
    assert endings.ended("new-source", interrupted) == 130
    assert "new-source: interrupted" in capsys.readouterr().err


@pytest.mark.parametrize("lines", [1, 10_000])
def test_output_that_nobody_reads_is_no_error(monkeypatch: pytest.MonkeyPatch, lines: int) -> None:
    """As of `make run | head -1`: the first lines are only in Python's buffer, the next ones meet the closed pipe."""
    reading, writing = os.pipe()
    os.close(reading)

    def main() -> int:
        for _ in range(lines):
            print("a line of the output")
        return 0

    with io.TextIOWrapper(os.fdopen(writing, "wb")) as output:
        monkeypatch.setattr("sys.stdout", output)
        assert endings.ended("run", main) == 141
        output.flush()  # as Python does at its end

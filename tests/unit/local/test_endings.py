"""Ctrl-C, and a reader that has ended, end a command with an exit code and without a traceback."""

import io
import os

import pytest

from tools import endings, env_file


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


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a file that is always full")  # noqa: PTH110
def test_output_into_a_full_file_is_told_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> int:
        print("a line of the output", flush=True)
        return 0

    with open("/dev/full", "w") as output:  # noqa: PTH123
        monkeypatch.setattr("sys.stdout", output)
        assert endings.ended("run", main) == 1
        output.flush()
    assert "run: No space left on device: the output" in capsys.readouterr().err


def test_a_closed_output_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", None)  # as Python has it after `>&-`
    assert endings.ended("run", lambda: 0) == 0


def test_an_input_that_ends_is_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> int:
        raise EOFError

    assert endings.ended("reset", main) == 1
    assert "reset: the question was not answered" in capsys.readouterr().err


def test_an_invalid_env_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> int:
        raise env_file.EnvFileError(".env, line 3: not UTF-8.")

    assert endings.ended("up", main) == 1
    assert capsys.readouterr().err == "up: .env, line 3: not UTF-8.\n"

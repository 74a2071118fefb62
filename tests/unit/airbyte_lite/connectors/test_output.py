"""A command that writes nothing is ended; a command that waits for its source is reported as quiet."""

import contextlib
import io
import os
import threading
import time

import pytest

from airbyte_lite.connectors import output as module
from airbyte_lite.connectors.output import Output
from airbyte_lite.connectors.protocol import ConnectorError


def test_silence_is_an_error_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.01)
    reader, writer = os.pipe()
    output, seen = Output(reader), list[bool]()
    output.silence, output.silence_error, output.on_quiet = 0.03, ConnectorError("silent"), seen.append
    lines = io.BufferedReader(output)
    os.write(writer, b"first\n")
    assert next(lines) == b"first\n"
    assert seen == [], "it had written"
    with pytest.raises(ConnectorError, match="silent"):
        next(lines)
    assert seen == [True, False]
    lines.close()
    os.close(writer)


def test_quiet_ends_with_the_next_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET_SECONDS", 0.01)
    reader, writer = os.pipe()
    output, seen = Output(reader), list[bool]()

    def on_quiet(quiet: bool) -> None:
        seen.append(quiet)
        if quiet:
            os.write(writer, b"late\n")

    output.on_quiet = on_quiet
    lines = io.BufferedReader(output)
    assert next(lines) == b"late\n"
    assert seen == [True, False]
    threading.Timer(0.0, os.close, (writer,)).start()
    assert list(lines) == [], "the end of the command is no silence"
    lines.close()


def test_a_command_that_never_ends_is_ended_although_it_writes() -> None:
    reader, writer = os.pipe()
    output = Output(reader)
    output.deadline, output.deadline_error = time.monotonic() + 0.03, ConnectorError("3 days")
    lines = io.BufferedReader(output)
    written = (next(lines) for _ in iter(lambda: os.write(writer, b"more\n"), 0))
    with pytest.raises(ConnectorError, match="3 days"):
        list(written)
    output.deadline = time.monotonic() + 0.03  # without a word, the deadline comes before the limit of the silence
    with pytest.raises(ConnectorError, match="3 days"):
        list(lines)
    lines.close()
    os.close(writer)


def test_a_line_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_LINE", 1 << 20)
    reader, writer = os.pipe()
    lines = io.BufferedReader(Output(reader), 1 << 16)
    part = b"x" * (1 << 16)
    for _ in range(20):  # many lines are more bytes than one line may have
        os.write(writer, part[:-1] + b"\n")
        assert len(next(lines)) == len(part)

    def endless() -> None:
        with contextlib.suppress(BrokenPipeError):
            while os.write(writer, part):
                pass

    thread = threading.Thread(target=endless)
    thread.start()
    with pytest.raises(ConnectorError, match="1 MiB"):
        next(lines)
    lines.close()
    thread.join()
    os.close(writer)

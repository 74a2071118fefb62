"""A command that writes nothing is ended; one that waits for its source is known to be quiet."""

import io
import os
import threading

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

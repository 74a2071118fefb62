"""The output of a connector's command, with a limit for how long the connector may write nothing."""

from __future__ import annotations

import io
import math
import select
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from airbyte_lite.connectors.protocol import ConnectorError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_LINE = 128 * 1024 * 1024
"""Most bytes without the end of a line. A row of BigQuery has at most 100 MB."""
QUIET_SECONDS = 5.0
"""A connector that has written nothing for this time is quiet: it waits for its source and uses no processor."""


class Output(io.FileIO):
    """The read end of a command's output pipe.

    Only the time in which somebody waits for output counts: while nobody reads, the connector cannot write either.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self.silence = math.inf
        """Longest time without output, in seconds."""
        self.silence_error = ConnectorError("The connector wrote nothing for too long.")
        """Raised after that time."""
        self.deadline = math.inf
        """Time of the monotonic clock at which the command is ended, even if it still writes."""
        self.deadline_error = ConnectorError("The connector took too long.")
        """Raised after that time."""
        self._line = 0
        self.on_quiet: Callable[[bool], object] = lambda _quiet: None
        """Called with True when the connector has been quiet for QUIET_SECONDS, and with False after that."""

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Wait for output and read it.

        Raises `silence_error`, `deadline_error`, or a ConnectorError for an endless line.
        """
        self._wait()
        read = super().readinto(buffer) or 0
        end = bytes(memoryview(buffer).cast("B")[:read]).rfind(b"\n")
        self._line = self._line + read if end < 0 else read - end - 1
        if self._line > LONGEST_LINE:
            raise ConnectorError(
                f"The connector wrote {LONGEST_LINE >> 20} MiB without the end of a line, so it was ended. "
                "BigQuery has no row of that size."
            )
        return read

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self, select.POLLIN)
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise self.deadline_error
        silence = min(self.silence, left)
        quiet_after = min(QUIET_SECONDS, silence)
        if poll.poll(quiet_after * 1000):
            return
        self.on_quiet(True)
        try:
            rest = silence - quiet_after
            if not poll.poll(None if rest == math.inf else rest * 1000):
                raise self.silence_error if self.silence <= left else self.deadline_error
        finally:
            self.on_quiet(False)

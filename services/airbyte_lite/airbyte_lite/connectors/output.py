"""The output of a connector's command, with a limit for how long the connector may write nothing."""

from __future__ import annotations

import io
import math
import select
from collections.abc import Callable
from typing import TYPE_CHECKING

from airbyte_lite.connectors.protocol import ConnectorError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

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
        self.on_quiet: Callable[[bool], object] = lambda _quiet: None
        """Called with True when the connector has been quiet for QUIET_SECONDS, and with False after that."""

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read what there is. Waits for output; raises `silence_error`."""
        self._wait()
        return super().readinto(buffer) or 0

    def _wait(self) -> None:
        poll = select.poll()
        poll.register(self, select.POLLIN)
        quiet_after = min(QUIET_SECONDS, self.silence)
        if poll.poll(quiet_after * 1000):
            return
        self.on_quiet(True)
        try:
            rest = self.silence - quiet_after
            if not poll.poll(None if rest == math.inf else rest * 1000):
                raise self.silence_error
        finally:
            self.on_quiet(False)

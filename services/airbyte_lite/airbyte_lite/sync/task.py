"""A queued or running job, shared by the queue and the worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from airbyte_lite.connectors.runner import Read
from airbyte_lite.loader.errors import SyncCancelled
from airbyte_lite.loader.sync import SyncProgress
from airbyte_lite.state.records import Job


class Log(Protocol):
    """The log of a job, with the progress of its sync."""

    progress: SyncProgress

    def __call__(self, level: str, message: str) -> None:
        """Add a line."""

    def hide(self, secrets: set[str]) -> None:
        """Replace these values with a mask in every later line."""

    def redact(self, text: str) -> str:
        """Return the text with the job's secrets masked."""

    def end(self, level: str, message: str) -> None:
        """Add the last line and store the log."""

    def flush(self) -> None:
        """Store the lines so far."""


@dataclass
class Task:
    """A queued or running job, its log, and the running command of its connector."""

    job: Job
    log: Log
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    read: Read | None = None
    on_quiet: Callable[[Task, bool], object] = lambda _task, _quiet: None  # told when the connector becomes quiet

    def cancel(self) -> None:
        """Cancel the job: end the connector's command; the loader stops before its next change of a table."""
        self.cancelled.set()
        if self.read is not None:
            self.read.stop()

    def follow(self, read: Read) -> None:
        """Make a cancellation end this command of the connector, also one that came before this call."""
        self.read = read
        read.follow_quiet(lambda quiet: self.on_quiet(self, quiet))
        if self.cancelled.is_set():
            read.stop()

    def check(self) -> None:
        """Raise SyncCancelled if the job was cancelled."""
        if self.cancelled.is_set():
            raise SyncCancelled

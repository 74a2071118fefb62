"""A job in work: what the queue starts and cancels, and what the worker does."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Protocol

from airbyte_lite.connectors.runner import Read
from airbyte_lite.loader.errors import SyncCancelled
from airbyte_lite.loader.sync import SyncProgress
from airbyte_lite.state.records import Job


class Log(Protocol):
    """The log of a job, with the figures of its sync."""

    progress: SyncProgress

    def __call__(self, level: str, message: str) -> None:
        """Add a line."""

    def hide(self, secrets: set[str]) -> None:
        """Redact these values from every line that follows."""

    def redact(self, text: str) -> str:
        """Return the text without the job's secrets."""

    def end(self, level: str, message: str) -> None:
        """Add the last line and write the log."""

    def flush(self) -> None:
        """Write the lines so far, so that they can be read."""


@dataclass
class Task:
    """A job that is waiting or running, and the means to stop it."""

    job: Job
    log: Log
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    read: Read | None = None

    def cancel(self) -> None:
        """Ask the job to stop: the connector is ended, the loader stops before it changes a table."""
        self.cancelled.set()
        if self.read is not None:
            self.read.stop()

    def follow(self, read: Read) -> None:
        """Let a cancellation end this command of the connector."""
        self.read = read
        if self.cancelled.is_set():
            read.stop()

    def check(self) -> None:
        """Raise SyncCancelled once the job is to stop."""
        if self.cancelled.is_set():
            raise SyncCancelled

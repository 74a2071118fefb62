"""The log of a running job: redacted, bounded, written to the database in small batches."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable

from airbyte_lite.connectors.masking import Redactor
from airbyte_lite.loader.sync import SyncProgress
from airbyte_lite.state.jobstore import JobStore

LINES_KEPT = 10_000  # a connector warns for every row that does not cast; the first lines tell enough
ERRORS_KEPT = 1_000  # beyond these lines: errors are the reason why somebody reads a log
LINE_CHARACTERS = 8_000  # a stack trace of several errors
LINE_HEAD = 4_000  # of a longer text, where the first error is; the rest is its end, where the last one is
FLUSH_SECONDS = 0.5


class JobLog:
    """Collects one job's lines and progress; safe to use from several threads."""

    def __init__(self, jobs: JobStore, job_id: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._jobs = jobs
        self._job_id = job_id
        self._clock = clock
        self._lock = threading.Lock()
        self._redact = Redactor(())
        self._lines: list[str] = []
        self._count = 0
        self._full = False
        self._flushed_at = -FLUSH_SECONDS
        self.progress = SyncProgress()

    def hide(self, secrets: set[str]) -> None:
        """Redact these values from every line that follows."""
        self._redact = Redactor(secrets)

    def redact(self, text: str) -> str:
        """Return the text without the job's secrets."""
        return self._redact(text)

    def __call__(self, level: str, message: str) -> None:
        """Add a line: time, level, message; none once the log is full."""
        room = LINES_KEPT + ERRORS_KEPT if level in ("ERROR", "FATAL") else LINES_KEPT
        with self._lock:
            if self._count < room:
                self._append(level, message)
            elif not self._full:
                self._full = True
                self._append(
                    "WARN",
                    f"This log is full ({LINES_KEPT} lines, {ERRORS_KEPT} more for errors): "
                    "only errors are added from here on.",
                )
            if self._clock() - self._flushed_at >= FLUSH_SECONDS:
                self._flush()

    def end(self, level: str, message: str) -> None:
        """Add the last line, which a full log takes too, and write what has been collected."""
        with self._lock:
            self._append(level, message)
            self._flush()

    def flush(self) -> None:
        """Write what has been collected, so that it can be read."""
        with self._lock:
            self._flush()

    def _append(self, level: str, message: str) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat(sep=" ", timespec="milliseconds")[:-6]
        text = self._redact(message).rstrip()
        if len(text) > LINE_CHARACTERS:
            tail = text[LINE_HEAD - LINE_CHARACTERS :]
            text = f"{text[:LINE_HEAD]}… ({len(text)} characters) …{tail}"
        self._lines.append(f"{now} {level} {text}")
        self._count += 1

    def _flush(self) -> None:
        first = self._count - len(self._lines)
        self._jobs.progress(self._job_id, self.progress, first, self._lines)
        self._lines = []
        self._flushed_at = self._clock()

"""The log of a running job. Secrets are redacted, its size is limited, and it is stored in small batches."""

from __future__ import annotations

import datetime
import threading
import time
from collections.abc import Callable

from airbyte_lite.loader.sync import SyncProgress
from airbyte_lite.state.jobstore import JobStore
from platform_kit.redaction import Redactor

LINES_KEPT = 10_000  # a connector may warn about every row; 10,000 lines are enough to see the cause
ERRORS_KEPT = 1_000  # more lines, for errors only, after LINES_KEPT lines: users read a log to find errors
LINE_CHARACTERS = 8_000  # enough for a stack trace of several errors; of a longer text the middle is left out
LINE_HEAD = 4_000  # characters kept from the start of a longer text, which shows the first error
FLUSH_SECONDS = 0.5


class JobLog:
    """Collects the log lines and the progress of one job. Several threads may use it at the same time."""

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
        """Replace these values with a mask in every later line."""
        self._redact = Redactor(secrets)

    def redact(self, text: str) -> str:
        """Return the text with the job's secrets masked."""
        return self._redact(text)

    def __call__(self, level: str, message: str) -> None:
        """Add a line with time, level and message. A full log drops the line."""
        room = LINES_KEPT + ERRORS_KEPT if level in ("ERROR", "FATAL") else LINES_KEPT
        with self._lock:
            if self._count < room:
                self._append(level, message)
            elif not self._full:
                self._full = True
                self._append(
                    "WARN",
                    f"The log has reached its limit of {LINES_KEPT} lines. From here on it shows only errors, "
                    f"{ERRORS_KEPT} lines at most.",
                )
            if self._clock() - self._flushed_at >= FLUSH_SECONDS:
                self._flush()

    def end(self, level: str, message: str) -> None:
        """Add the last line, also to a full log, and store all collected lines."""
        with self._lock:
            self._append(level, message)
            self._flush()

    def flush(self) -> None:
        """Store all collected lines, so that `JobStore.log` returns them."""
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

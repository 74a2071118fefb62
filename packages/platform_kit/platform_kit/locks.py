"""Locks of files between processes. The kernel releases a lock when its process ends, also after kill -9.

Standard library only: tools use this before anything is installed.
"""

from __future__ import annotations

import fcntl
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

RETRY_SECONDS, RETRY_PAUSE = 1.0, 0.05
"""Seconds for which, and pause with which, a lock is tried before LockedError.

`is_held` holds the lock for a moment.
"""


class LockedError(Exception):
    """Another process holds the lock."""


@contextmanager
def exclusive(path: Path, on_wait: Callable[[], None] | None = None, wait_seconds: float = math.inf) -> Iterator[None]:
    """Hold a lock file, which is made if it is absent; its folder must exist.

    If another process holds it for longer than RETRY_SECONDS: raise LockedError, or, with `on_wait`, call that and
    wait; raise LockedError after `wait_seconds`. Raises OSError.
    """
    with path.open("w") as file:
        if not _taken(file, RETRY_SECONDS):
            if on_wait is None:
                raise LockedError(str(path))
            on_wait()
            if not _taken(file, wait_seconds):
                raise LockedError(str(path))
        yield


def _taken(file: TextIO, seconds: float) -> bool:
    """Take the lock if it is free or becomes free within this time; return whether it was taken."""
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                return False
            time.sleep(RETRY_PAUSE)
        else:
            return True


def is_held(path: Path) -> bool:
    """Return whether a process holds the lock; the file may be read-only or absent."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False

"""Locks that say whether `make demo` or `make dev` is running in this checkout. A lock is beside the run's folder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

# `make run` uses this module on Python 3.9, so it must not import the other modules of tools.local.
DEVELOPMENT = Path(__file__).resolve().parents[2] / ".local" / "dev"
LOOK_SECONDS = 1.0  # is_claimed() holds the lock for microseconds; claim() waits this long before it gives up


class ClaimedError(Exception):
    """Another run uses the same folder. The message says which run, and what to do."""


@contextlib.contextmanager
def claim(directory: Path) -> Iterator[None]:
    """Lock a folder, so that no second run deletes its data or stops its services.

    The kernel releases the lock when the process ends, also after kill -9. Raises ClaimedError when another run has it.
    """
    name = f"make {directory.name}"
    directory.parent.mkdir(parents=True, exist_ok=True)
    with lock_file(directory).open("w") as lock:
        deadline = time.monotonic() + LOOK_SECONDS
        while not _lock(lock, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise ClaimedError(
                    f"`{name}` is already running in this checkout. Stop it with Ctrl-C in its terminal or wait for "
                    f"its end, then run again: {name}"
                )
            time.sleep(0.02)
        yield


def _lock(file: IO[str], kind: int) -> bool:
    """Try to lock a file without waiting. Return whether the lock was taken."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_file(directory: Path) -> Path:
    """Return the path of a folder's lock. It is beside the folder, because the demo deletes the folder."""
    return directory.with_name(f"{directory.name}.lock")


def is_claimed(directory: Path) -> bool:
    """Return whether a run uses a folder."""
    if not lock_file(directory).exists():
        return False
    with lock_file(directory).open() as lock:
        return not _lock(lock, fcntl.LOCK_SH)


def environment_file(directory: Path) -> Path:
    """Return the path of the file into which a run writes its variables when it is ready."""
    return directory / "environment.json"


def publish(directory: Path, variables: Mapping[str, str]) -> None:
    """Write a run's variables for other commands. Atomic: a command reads all of the variables or none."""
    draft = environment_file(directory).with_suffix(".draft")
    draft.write_text(json.dumps(dict(variables)))
    draft.replace(environment_file(directory))


def development() -> dict[str, str] | None:
    """Return the variables of `make dev` if it is running, else None. The file of a killed run is ignored."""
    try:
        text = environment_file(DEVELOPMENT).read_text()
    except FileNotFoundError:
        return None
    variables: dict[str, str] = json.loads(text)
    return variables if is_claimed(DEVELOPMENT) else None

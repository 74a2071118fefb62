"""Tells whether `make demo` or `make dev` runs in this checkout: each holds a lock beside its folder while it runs."""

from __future__ import annotations

import contextlib
import fcntl
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

# `make run` imports this module with any Python from 3.9 on, so it imports nothing of the launcher.
DEVELOPMENT = Path(__file__).resolve().parents[2] / ".local" / "dev"
LOOK_SECONDS = 1.0  # a start waits this long for the lock: `is_claimed` in another command takes it for microseconds


class ClaimedError(Exception):
    """Another run uses the same folder; the message says which, and what to do."""


@contextlib.contextmanager
def claim(directory: Path) -> Iterator[None]:
    """Lock a folder, so that no second run deletes its data or stops its services. Raises ClaimedError.

    The kernel drops the lock when the process ends, however it ends.
    """
    name = f"make {directory.name}"
    directory.parent.mkdir(parents=True, exist_ok=True)
    with lock_file(directory).open("w") as lock:
        deadline = time.monotonic() + LOOK_SECONDS
        while not _lock(lock, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise ClaimedError(
                    f"`{name}` already runs in this checkout. Stop it with Ctrl-C in its terminal, or wait for its "
                    f"end; then again: {name}"
                )
            time.sleep(0.02)
        yield


def _lock(file: IO[str], kind: int) -> bool:
    """Try to lock a file, without waiting; return whether it worked."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_file(directory: Path) -> Path:
    """Return the path of a folder's lock. It is beside the folder, because `make demo` removes the folder."""
    return directory.with_name(f"{directory.name}.lock")


def is_claimed(directory: Path) -> bool:
    """Return whether a run uses the folder."""
    if not lock_file(directory).exists():
        return False
    with lock_file(directory).open() as lock:
        return not _lock(lock, fcntl.LOCK_SH)


def environment_file(directory: Path) -> Path:
    """Return the path of the file with the variables of a run that is ready."""
    return directory / "environment.json"


def publish(directory: Path, variables: Mapping[str, str]) -> None:
    """Write the variables of a run that is ready for other commands, which see all of them or none."""
    draft = environment_file(directory).with_suffix(".draft")
    draft.write_text(json.dumps(dict(variables)))
    draft.replace(environment_file(directory))


def development() -> dict[str, str] | None:
    """Return the variables of `make dev` while it runs, None otherwise, also after it was killed."""
    try:
        text = environment_file(DEVELOPMENT).read_text()
    except FileNotFoundError:
        return None
    variables: dict[str, str] = json.loads(text)
    return variables if is_claimed(DEVELOPMENT) else None

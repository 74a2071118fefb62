"""Which of `make demo` and `make dev` runs in this checkout: each holds a lock beside its folder while it does."""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator
from pathlib import Path

# `make run` asks here on any Python from 3.9 on, so this imports nothing of the launcher.
DEVELOPMENT = Path(__file__).resolve().parents[2] / ".local" / "dev"


class ClaimedError(Exception):
    """Another run is at work on the same folder: which, and what to do."""


@contextlib.contextmanager
def claim(directory: Path) -> Iterator[None]:
    """Hold a folder, so that no second run deletes its data or stops its services. Raises ClaimedError.

    The kernel drops the lock when the process ends, however it ends.
    """
    name = f"make {directory.name}"
    directory.parent.mkdir(parents=True, exist_ok=True)
    with lock_file(directory).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ClaimedError(
                f"`{name}` runs already in this checkout. Stop it with Ctrl-C there, or wait for it; then again: {name}"
            ) from error
        yield


def lock_file(directory: Path) -> Path:
    """Return the path of a folder's lock: beside it, as the demo removes the folder itself."""
    return directory.with_name(f"{directory.name}.lock")


def is_claimed(directory: Path) -> bool:
    """Return whether a run is at work on a folder."""
    if not lock_file(directory).exists():
        return False
    with lock_file(directory).open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def environment_file(directory: Path) -> Path:
    """Return the path of the file in which a run that is ready leaves its variables."""
    return directory / "environment.json"


def development() -> dict[str, str] | None:
    """Return the variables of `make dev` while it runs; what one that was killed left behind does not count."""
    file = environment_file(DEVELOPMENT)
    if not (file.exists() and is_claimed(DEVELOPMENT)):
        return None
    variables: dict[str, str] = json.loads(file.read_text())
    return variables

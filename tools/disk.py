"""Tells why a command could not write: a full disk, or a place in the checkout that this user cannot write to.

The errors of programs below the command often do not name the disk. Standard library only.
"""

from __future__ import annotations

import errno
import os
import pwd
import shlex
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FULL = 32 << 20  # bytes; with less free space, SQLite, DuckDB and installations fail
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


def folders() -> tuple[Path, ...]:
    """Return the folders that commands write to. A user who may write into no folder has none for temporary files."""
    ours = (ROOT, ROOT / ".local", ROOT / ".venvs")
    try:
        return (*ours, Path(tempfile.gettempdir()))
    except FileNotFoundError:
        return ours


def full(folders: tuple[Path, ...]) -> list[str]:
    """Return a sentence for each disk of these folders that has no space left."""
    sentences = []
    for folder in {folder.stat().st_dev: folder for folder in reversed(folders) if folder.is_dir()}.values():
        free, files = shutil.disk_usage(folder).free, os.statvfs(folder)
        if free < FULL:
            sentences.append(
                f"the disk of {folder} is full ({free / 1e6:.0f} MB free). Free some space, then run the command again."
            )
        elif files.f_files and not files.f_favail:
            sentences.append(f"the disk of {folder} can hold no more files. Remove some, then run the command again.")
    return sentences


def existing(path: Path) -> Path:
    """Return a path, or else the nearest folder above it that exists and that this user can see, such as after `su`."""
    # Path.exists() raises an error in a folder that this user cannot look into.
    return next(place for place in (path, *path.parents) if os.path.exists(place))  # noqa: PTH110


def denied(error: OSError) -> str | None:
    """Return a sentence if the error has come from a place in the checkout that this user cannot write to."""
    if error.errno not in DENIED or not isinstance(error.filename, str):
        return None
    there = existing(Path(error.filename).absolute())
    for place in (there, there.parent):
        if ROOT in (place, *place.parents) and not os.access(place, os.W_OK | (os.X_OK if place.is_dir() else 0)):
            return _why(place)
    return None


def _why(place: Path) -> str:
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        mended = "Mount it with write access, or clone the checkout into a folder of yours"
        return f"{place} is on a file system that is mounted read-only. {mended}, then run the command again."
    owner, user = _name(place.stat().st_uid), _name(os.geteuid())
    mended = f"chmod u+w {shlex.quote(str(place))}"
    if owner != user:
        mended = f"sudo chown -R {user} {shlex.quote(str(place))}"
    return (
        f"{place} belongs to {owner}, and {user} cannot write to it. Run `{mended}`, then run the same command again."
    )


def _name(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # a container may run as a user without a name
        return str(user)

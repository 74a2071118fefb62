"""Names a full disk when a command has failed: the errors of programs below it often do not. Standard library only."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = (ROOT, ROOT / ".local", ROOT / ".venvs", Path(tempfile.gettempdir()))
FULL = 32 << 20  # bytes; with less free space, SQLite, DuckDB and installations fail


def full(folders: tuple[Path, ...] = FOLDERS) -> list[str]:
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


def watched(command: str, main: Callable[[], int]) -> int:
    """Run a command's main function and return its exit code. After a failure, print the disks that are full."""
    try:
        code = main()
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        print(f"{command}: {error}", file=sys.stderr, flush=True)
        code = 1
    if code:
        for sentence in full():
            print(f"{command}: {sentence}", file=sys.stderr, flush=True)
    return code

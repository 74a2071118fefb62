"""The folder of the running measurement: below the checkout, as a large case takes 5 GB and /tmp may be in memory."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local.platform import ROOT

FOLDER = ROOT / ".local/bench"


@contextmanager
def workspace(name: str) -> Iterator[Path]:
    """Give an empty folder and remove it at the end; what a killed run has left is removed at the begin."""
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

"""The folders of `dbt build`, with dbt's log and the compiled SQL: those of failed builds stay for a while."""

import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "dbt-build-"
NEWEST = 5
"""The number of newest folders that stay, however old they are."""
SECONDS = 24 * 3600
"""A younger folder stays too: a build may still be running in it, also one of another checkout."""


def new_folder() -> Path:
    """Return a new folder in the system's folder for temporary files; remove there what failed builds left long ago.

    It is outside the dbt project, which may be read-only.
    """
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    changed = {other: _changed(other) for other in folder.parent.glob(f"{PREFIX}*")}
    oldest = time.time() - SECONDS
    for other in sorted(changed, key=lambda other: changed[other], reverse=True)[NEWEST:]:
        if changed[other] < oldest:
            shutil.rmtree(other, ignore_errors=True)  # another user's stays
    return folder


def _changed(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:  # another build has removed it
        return 0.0

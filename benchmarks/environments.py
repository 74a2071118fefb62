"""The environments of the peers: each has a lock with hashes of its own and is installed when it is first needed."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

from tools.local.platform import ENVIRONMENTS, ROOT


class NotInstalledError(Exception):
    """An environment that could not be installed. The message says why."""


@functools.cache
def failure(name: str) -> str:
    """Install an environment, or do nothing when it is up to date. Return why it failed, or an empty string.

    Each environment is tried once, because a try without a network takes long.
    """
    command = [sys.executable, "-m", "tools.install", name]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return result.stderr.strip()[-300:] if result.returncode else ""


def python(name: str) -> Path:
    """Return an environment's Python. Raises NotInstalledError."""
    if reason := failure(name):
        raise NotInstalledError(f"{name} could not be installed: {reason}")
    return ENVIRONMENTS / name / "bin/python"

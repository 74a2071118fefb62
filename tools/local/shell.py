"""`make shell`: starts a shell with the platform's variables and with the orchestrator's commands on PATH.

In this shell `dagster dev` works in services/orchestrator, and `dbt build` in dbt_project, without further options.
"""

import os
import shutil
import subprocess
import sys

from tools import endings
from tools.local import foreign
from tools.local.claims import DEVELOPMENT, development
from tools.local.platform import Platform, warn
from tools.stack import ports


def main() -> int:
    """Run the shell of the variable SHELL, by default bash. Return its exit code; 1 when it or a port is invalid."""
    shell = os.environ.get("SHELL") or "bash"
    if shutil.which(shell) is None:
        warn(f"shell: SHELL={shell}: not found. Name a shell that exists: SHELL=bash make shell")
        return 1
    try:
        platform = Platform(DEVELOPMENT, ports.chosen(os.environ))
    except ValueError as error:
        warn(f"shell: {error}")
        return 1
    platform.prepare()
    _, variables = platform.command("orchestrator", "dagster")
    note = "This shell has the commands dagster and dbt of .venvs/orchestrator. `exit` leaves it."
    print(note, file=sys.stderr, flush=True)
    return subprocess.run([shell], env=foreign.without(os.environ) | variables | (development() or {})).returncode


if __name__ == "__main__":
    sys.exit(endings.ended("shell", main))

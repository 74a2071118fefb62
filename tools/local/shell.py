"""`make shell`: a shell with the variables of `make dev`'s platform and the orchestrator's commands on PATH.

In it plain `dagster dev` works in services/orchestrator, and plain `dbt build` in dbt_project.
"""

import os
import subprocess
import sys

from tools.local.claims import DEVELOPMENT, development
from tools.local.platform import Platform, warn
from tools.stack import ports


def main() -> int:
    """Run the shell that SHELL names, by default bash, and return its exit code; 1 when a port is not valid."""
    try:
        platform = Platform(DEVELOPMENT, ports.chosen(os.environ))
    except ValueError as error:
        warn(f"shell: {error}")
        return 1
    platform.prepare()
    _, variables = platform.command("orchestrator", "dagster")
    shell = os.environ.get("SHELL") or "bash"
    print("Commands of .venvs/orchestrator: dagster, dbt. `exit` leaves this shell.", file=sys.stderr, flush=True)
    return subprocess.run([shell], env=dict(os.environ) | variables | (development() or {})).returncode


if __name__ == "__main__":
    sys.exit(main())

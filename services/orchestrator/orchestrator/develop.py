"""`dagster dev` with the guarded webserver, our code server and a process that imports dbt once for all runs.

dagster dev starts each server as a process of its own, by its module's name.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any

from dagster._cli import dev
from dagster_shared.ipc import open_ipc_subprocess

from orchestrator.code_server import starting
from orchestrator.warm_dbt.keeper import kept_dbt

WEBSERVER, GUARDED = "dagster_webserver", "orchestrator.webserver"


def start(parts: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a process of `dagster dev`; for the webserver, start the guarded one."""
    process: subprocess.Popen[bytes] = open_ipc_subprocess(
        [GUARDED if part == WEBSERVER else part for part in parts], **options
    )
    return process


def main() -> None:
    """Run `dagster dev`."""
    dev.open_ipc_subprocess = start  # type: ignore[attr-defined]
    starting.use()
    with kept_dbt():
        dev.dev_command()


if __name__ == "__main__":
    main()

"""Starts Dagster's code servers as `python -m orchestrator.code_server`."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from typing import Any

import dagster._grpc.server as dagster_server
from dagster_shared.ipc import open_ipc_subprocess

PROXY, SERVER = ("code-server", "start"), ("api", "grpc")
"""Dagster's commands: `make dev` starts the proxy, which starts a new server for each reload of the code location."""
OURS = "orchestrator.code_server"


def command(parts: Sequence[str]) -> list[str]:
    """Return the command line, with this package instead of Dagster if it starts a code server or its proxy."""
    python, flag, module, *arguments = parts
    if (flag, module) == ("-m", "dagster") and tuple(arguments[:2]) in (PROXY, SERVER):
        module = OURS
    return [python, flag, module, *arguments]


def start(parts: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a process as Dagster does."""
    process: subprocess.Popen[bytes] = open_ipc_subprocess(command(parts), **options)
    return process


def use() -> None:
    """Make this process start Dagster's code servers with this package."""
    dagster_server.open_ipc_subprocess = start  # type: ignore[attr-defined]

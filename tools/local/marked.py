"""Finds the processes of a service by a variable in their environment, also when their parent has ended.

A service's process group has most of its processes, but not those of a service that a SIGKILL ended together with
`make dev`, and not those that made a group of their own. Linux only: elsewhere no process is found.
"""

import os
import signal
import time
from pathlib import Path

VARIABLE = "PLATFORM_SERVICE_LOG"  # each service gets it with the path of its log, and its child processes inherit it
PROC = Path("/proc")
PAUSE = 0.02  # seconds between two checks whether a process has ended


def find(logs: Path) -> dict[int, str]:
    """Return the command line of each process of the service with this log, by process id.

    With a folder instead of a log: of all services that have their logs there. This process is not among them.
    """
    mark = f"{VARIABLE}={logs}".encode()
    found = {}
    for entry in PROC.glob("[0-9]*"):
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
            if any(value == mark or value.startswith(mark + b"/") for value in variables):
                found[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:  # the process has ended, or belongs to another user
            continue
    found.pop(os.getpid(), None)
    return {process: command for process, command in found.items() if command}  # a zombie has none


def end(logs: Path, patience: float) -> dict[int, str]:
    """End the processes that find() returns: send SIGTERM, wait up to `patience` seconds, send SIGKILL. Return them."""
    found = find(logs)
    deadline = time.monotonic() + patience
    send(found, signal.SIGTERM)
    while (left := find(logs)) and time.monotonic() < deadline:
        time.sleep(PAUSE)
    send(left, signal.SIGKILL)
    return found


def send(processes: dict[int, str], number: int) -> None:
    """Send a signal to each process that still exists."""
    for process in processes:
        try:
            os.kill(process, number)
        except ProcessLookupError:
            continue

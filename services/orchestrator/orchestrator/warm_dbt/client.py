"""`orchestrator-dbt`: runs a dbt command in the warm dbt of the run. Without a warm dbt it becomes dbt itself.

It has dbt's arguments, output and exit code, and passes signals on. It uses the standard library only.
"""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM)
SOCKET = "ORCHESTRATOR_WARM_DBT"
"""The environment variable with the path of the server's socket."""
KEPT = "ORCHESTRATOR_KEPT_DBT"
"""The environment variable with the path of the socket of the process that has imported dbt for all runs (`kept`)."""
JOINT, SINGLE = "joint", "single"
"""The argument of a server: whether dbt asks the data tests of the same tables in one query."""
ERRORS = "errors"
"""The file beside the socket with what the server writes about errors until it takes a command."""


def main() -> None:
    """Run the command of `sys.argv`; does not return."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # they wait until it is known where they go
    path = os.environ.pop(SOCKET, None)
    answers = ask(path, sys.argv[1:]) if path else iter(())
    process = next(answers, None)
    if process is None:  # it has ended, or another command has taken it
        if path and Path(path).exists():  # the server removes it when it takes a command
            print(end(path), file=sys.stderr, flush=True)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        dbt = str(Path(sys.executable).parent / "dbt")
        os.execv(dbt, [dbt, *sys.argv[1:]])  # noqa: S606 - there is no shell to take the signals
    for number in SIGNALS:
        signal.signal(number, lambda received, _: os.kill(process, received))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    sys.exit(next(answers, 1))  # 1: the warm dbt was killed


def end(path: str) -> str:
    """Return a sentence about a server that has ended before it took a command, with the last line of its errors."""
    errors = Path(path).with_name(ERRORS)
    lines = errors.read_text(errors="replace").split("\n") if errors.exists() else []
    last = next((line for line in reversed(lines) if line.strip()), "none, so it was killed")
    return f"The dbt that was imported ahead has ended, so dbt is imported again. Last line of its errors: {last}"


def ask(path: str, arguments: list[str]) -> Iterator[int]:
    """Let the server run a command; yield its process id when it begins, then its exit code."""
    with socket.socket(socket.AF_UNIX) as server:
        try:
            server.connect(path)
            socket.send_fds(server, [b"\n"], [1, 2])
            request = {"arguments": arguments, "environment": dict(os.environ), "directory": str(Path.cwd())}
            server.sendall(json.dumps(request).encode() + b"\n")
            with server.makefile() as answers:
                yield from map(int, answers)
        except OSError:
            return

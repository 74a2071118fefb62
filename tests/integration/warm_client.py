"""Sends commands to a warm Python (`warm_python.py`).

As a program it stands in for a command of that environment: its arguments are the path of the socket and the command
line. The command has its streams, variables and folder, and gets its signals.
"""

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Generator
from pathlib import Path


def run(
    path: str,
    command: list[str],
    environment: dict[str, str],
    directory: str,
    files: dict[int, int],
    *,
    service: bool = False,
) -> Generator[int]:
    """Run a command in a fork of the server at this socket; yield its process's number, then its exit code.

    `files` are its open files: by the number there, the number here. A negative exit code is the number of a signal.
    The process is ended when the generator is closed.
    """
    request: dict[str, object] = {
        "command": command,
        "environment": environment,
        "directory": directory,
        "service": service,
    }
    request["files"] = list(files)
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        socket.send_fds(server, [b"\n"], list(files.values()))
        server.sendall(json.dumps(request).encode() + b"\n")
        with server.makefile() as answers:
            yield from map(int, answers)


def inherited() -> dict[int, int]:
    """Return the open files that this program was started with. Elsewhere than on Linux: the standard ones."""
    numbers = {0, 1, 2}
    with contextlib.suppress(OSError):
        for number in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208 - pathlib would take longer to import
            with contextlib.suppress(OSError):  # that of the folder itself
                numbers |= {number} if os.get_inheritable(number) else set()
    return {number: number for number in numbers}


if __name__ == "__main__":
    answers = run(sys.argv[1], sys.argv[2:], dict(os.environ), str(Path.cwd()), inherited())
    process = next(answers)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _: os.kill(process, received))
    sys.exit(next(answers))

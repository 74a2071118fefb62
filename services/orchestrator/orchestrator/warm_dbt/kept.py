"""`python -m orchestrator.warm_dbt.kept FD`: imports dbt once; the server of each run is a fork of this process.

FD is the file descriptor of its listening socket. It imports dbt at the first request, and warms it up when no other
request has come for a while, or at the second one. When a file of what it has imported has changed, it begins anew
before the next request. It ends with its standard input. Linux only.

A request is a connection with one message, the argument of the server, and two open files: the server's listening
socket, and the file for its errors. The answer is a pidfd of the server. The server ends with this connection.
"""

import contextlib
import os
import select
import shutil
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import NoReturn

PATIENCE = 5.0  # seconds for the message of a request: a run sends it at once
QUIET = 15.0  # seconds: the first run has ended, also the only one of `make demo`
LONGEST = 100  # bytes of the message
STARTED = time.time_ns()
"""When this process had imported only this module and those of Python."""


def main() -> None:
    """Fork a server for each request, until standard input ends."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the process that started this one
    signal.signal(signal.SIGCHLD, reap)
    listening = socket.socket(fileno=int(sys.argv[1]))
    kept = Kept()
    kept.note(STARTED, time.time_ns())  # hours may go by until the first request
    try:
        while True:
            patience = QUIET if kept.is_loaded and not kept.is_warm else None
            ready = select.select([sys.stdin, listening], [], [], patience)[0]
            if sys.stdin in ready:
                return
            if kept.has_changed():
                begin_anew()  # a request waits
            if kept.is_loaded and not kept.is_warm:
                kept.warm()
            if listening in ready:
                with listening.accept()[0] as connection:
                    answer(connection, kept)
    finally:
        shutil.rmtree(Path(listening.getsockname()).parent, ignore_errors=True)


def reap(*_: object) -> None:
    """Take note of the servers that have ended, so that their CPU counts as that of this process's children."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


class Kept:
    """What this process has imported."""

    def __init__(self) -> None:
        """Start with nothing imported."""
        self.is_loaded = False
        self.is_warm = False
        self.files: dict[str, int] = {}
        """The files of all modules with the time of their last change in nanoseconds."""

    def has_changed(self) -> bool:
        """Return whether a file has changed since it was imported."""
        return any(_changed(path) != time for path, time in self.files.items())

    def load(self, tests: str) -> None:
        """Import dbt, with the argument of a server."""
        from orchestrator.warm_dbt import server

        started = time.time_ns()
        server.import_dbt(tests)
        self.is_loaded = True
        self.note(started, time.time_ns())

    def warm(self) -> None:
        """Let dbt prepare what it needs for its first command. After an error, the runs prepare it themselves."""
        from orchestrator.warm_dbt import warming

        started = time.time_ns()
        with contextlib.suppress(Exception):
            warming.warm()
        self.is_warm = True
        self.note(started, time.time_ns())

    def note(self, started: int, ended: int) -> None:
        """Note the files of the modules that were imported between these times."""
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if path and path not in self.files:
                changed = _changed(path)
                # What was written during the import may be newer than what was read.
                self.files[path] = 0 if started <= changed <= ended else changed


def _changed(path: str) -> int:
    """Return the time of a file's last change (st_ctime): a file that replaces it has another one. -1: it has gone."""
    try:
        return os.stat(path).st_ctime_ns  # noqa: PTH116 - of 2,000 files for each run
    except OSError:
        return -1


def answer(connection: socket.socket, kept: Kept) -> None:
    """Answer a request: fork a server. A request that is not complete gets no answer."""
    connection.settimeout(PATIENCE)
    try:
        message, files, _, _ = socket.recv_fds(connection, LONGEST, 2)
    except OSError:
        return
    for file in files:
        os.set_inheritable(file, False)  # begin_anew() closes it
    if len(files) == 2:
        try:
            if not kept.is_loaded:
                kept.load(message.decode())
            if len(list(Path("/proc/self/task").iterdir())) > 1:
                raise RuntimeError("dbt has started a thread, which a fork would not have")
        except Exception:
            os.dup2(files[1], sys.stderr.fileno())
            traceback.print_exc()
            begin_anew()
        if os.fork() == 0:
            serve(message.decode(), connection, *files)
    for file in files:
        os.close(file)


def command(listening: str) -> list[str]:
    """Return the command line of this program for a listening socket."""
    return [sys.executable, "-P", "-m", "orchestrator.warm_dbt.kept", listening]


def begin_anew() -> NoReturn:
    """Start this program again in this process, with its socket and its standard input."""
    os.execv(sys.executable, command(sys.argv[1]))  # noqa: S606 - there is no shell


def serve(argument: str, connection: socket.socket, listening: int, errors: int) -> NoReturn:
    """Run the server of one run in this forked process."""
    try:
        # If the kept dbt dies, nobody must be able to connect to its socket: a run would wait for an answer for ever.
        os.close(int(sys.argv[1]))
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(errors, sys.stderr.fileno())
        connection.settimeout(None)
        socket.send_fds(connection, [b"\n"], [os.pidfd_open(os.getpid())])
        os.dup2(connection.fileno(), sys.stdin.fileno())  # which ends with the run worker
        from orchestrator.warm_dbt import server

        server.serve(socket.socket(fileno=listening), argument)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()

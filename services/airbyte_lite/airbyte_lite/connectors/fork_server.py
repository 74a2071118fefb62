"""Imports one connector and forks a process for each command, so that a command does not pay for the import.

A script of its own: it is run by the Python of the connector's environment, which knows nothing of this package.

    python fork_server.py COMMAND       COMMAND: a console script of the environment, for example source-s3

Standard input is a Unix socket. Each byte on it carries three file descriptors: the standard output and standard error
of a new command, and a socket for that command alone. On the latter comes one line of JSON, {"argv", "directory"}, and
back goes one line, the exit code (negative: the signal that ended it), when the command has ended. If the other side
closes that socket, or only its sending half, the command's process group is ended: SIGTERM, then SIGKILL.

End of file on standard input means that the parent is gone, however it went: every command is killed and the server
ends. If the server itself is killed, the commands notice that its end of a pipe is closed and kill themselves.
"""

import atexit
import contextlib
import gc
import json
import os
import selectors
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, NamedTuple

GRACE = 5.0
"""Seconds from SIGTERM to SIGKILL."""


class Request(NamedTuple):
    """A command to run."""

    argv: list[str]
    directory: str
    stdout: int
    stderr: int
    client: socket.socket


class Child:
    """A command that runs."""

    def __init__(self, pid: int, client: socket.socket) -> None:
        self.pid = pid
        self.client = client
        self.kill_at = float("inf")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command's process group; it cannot hit a stranger, for the pid is not yet reaped."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


class Server:
    """Forks commands, reaps them and reports how they ended."""

    def __init__(self) -> None:
        self.control = socket.socket(fileno=os.dup(0))
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        self.lifeline, self._held_open = os.pipe()
        self.wakeup, wakeup_writer = socket.socketpair()
        self.wakeup.setblocking(False)
        wakeup_writer.setblocking(False)
        self.wakeup_writer = wakeup_writer
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakeup_writer.fileno())
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.control, selectors.EVENT_READ)
        self.selector.register(self.wakeup, selectors.EVENT_READ)
        self.children: dict[int, Child] = {}

    def serve(self) -> Request | None:
        """Serve until the parent is gone, then return None; in each forked child return its request."""
        while True:
            kill_at = min((child.kill_at for child in self.children.values()), default=float("inf"))
            timeout = None if kill_at == float("inf") else max(0.0, kill_at - time.monotonic())
            for key, _ in self.selector.select(timeout):
                if key.fileobj is self.control:
                    request = self._receive()
                    if request is None:
                        for child in self.children.values():
                            child.signal(signal.SIGKILL)
                        return None
                    if self._fork(request):
                        return request
                elif key.fileobj is self.wakeup:
                    self.wakeup.recv(4096)
                else:
                    self._stop(key.data)
            self._kill_overdue()
            self._reap()

    def _receive(self) -> Request | None:
        data, descriptors, _, _ = socket.recv_fds(self.control, 1, 3)
        if not data:
            return None
        stdout, stderr, connection = descriptors
        client = socket.socket(fileno=connection)
        with client.makefile("rb") as lines:
            request = json.loads(lines.readline())
        return Request(request["argv"], request["directory"], stdout, stderr, client)

    def _fork(self, request: Request) -> bool:
        """Fork; return True in the child."""
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            # Arrow's allocator keeps a thread; it is prepared for forks.
            warnings.filterwarnings("ignore", message=".*multi-threaded", category=DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            self._become_command(request)
            return True
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)  # in both processes: whoever is first, no signal can miss the group
        os.close(request.stdout)
        os.close(request.stderr)
        child = self.children[pid] = Child(pid, request.client)
        self.selector.register(child.client, selectors.EVENT_READ, child)
        return False

    def _become_command(self, request: Request) -> None:
        """In the child: let go of everything that is the server's, and take the command's output and directory."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # who started the server may have been started with it ignored
        self.selector.close()
        for sock in (self.control, self.wakeup, self.wakeup_writer, request.client):
            sock.close()
        for sibling in self.children.values():
            sibling.client.close()
        os.close(self._held_open)
        os.dup2(request.stdout, 1)
        os.dup2(request.stderr, 2)
        os.close(request.stdout)
        os.close(request.stderr)
        os.chdir(request.directory)
        os.environ["HOME"] = os.environ["TMPDIR"] = request.directory
        tempfile.tempdir = None
        threading.Thread(target=_die_with, args=(self.lifeline,), daemon=True).start()

    def _stop(self, child: Child) -> None:
        self.selector.unregister(child.client)
        child.signal(signal.SIGTERM)
        child.kill_at = time.monotonic() + GRACE

    def _kill_overdue(self) -> None:
        for child in self.children.values():
            if child.kill_at <= time.monotonic():
                child.signal(signal.SIGKILL)
                child.kill_at = float("inf")

    def _reap(self) -> None:
        for child in list(self.children.values()):
            if os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            child.signal(signal.SIGKILL)  # whatever the command started and left behind
            _, status = os.waitpid(child.pid, 0)
            del self.children[child.pid]
            with contextlib.suppress(KeyError):
                self.selector.unregister(child.client)
            with contextlib.suppress(OSError):
                child.client.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
            child.client.close()


def _die_with(lifeline: int) -> None:
    """Kill the own process group once the server has closed its end of the pipe."""
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def load(command: str) -> Callable[[], Any]:
    """Import the console script's function, as the script that pip installs would (Entry points specification)."""
    (entry_point,) = entry_points(group="console_scripts", name=command)
    function: Callable[[], Any] = entry_point.load()
    return function


def main(command: str) -> None:
    """Serve; in each child run the console script with the command's arguments and exit as the script would."""
    exit_code = 1

    def leave() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)

    # Registered first, so called last, after the connector's own exit functions: to take apart all that is imported
    # would cost 0.14 s.
    atexit.register(leave)
    function = load(command)
    gc.collect()
    gc.freeze()  # what is imported stays out of the children's collections, and so in shared pages
    request = Server().serve()
    if request is None:
        exit_code = 0
        return
    # A connector hands records from thread to thread and makes few cycles: fewer switches and collections, more rows.
    sys.setswitchinterval(0.05)
    gc.set_threshold(50_000, 50, 100)
    sys.argv = [command, *request.argv]
    try:
        sys.exit(function())
    except SystemExit as exit_:
        exit_code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        raise


if __name__ == "__main__":
    main(sys.argv[1])

"""Imports one connector once, then forks a process for each command, so that no command waits for the import.

The Python of the connector's environment runs this script. That environment does not contain the package airbyte_lite,
so the script uses the standard library only.

    python fork_server.py OPTIONS     a JSON object:
        command      a console script of the environment, for example source-s3
        package      the folder of a package that is not on the import path
        before       modules of the package, whose functions `install` are called before the connector is imported
        changes      modules of the package, whose functions `install` change the imported connector
        manifest     the manifest of a low-code connector, which then runs instead of the console script
        components   the archive of the manifest's custom components, if they may run
        low_code     low_code.py, which runs the manifest
        memory       the most bytes of data that a command may have; 0: no limit

Protocol. Standard input is a Unix socket. The parent sends one byte for each command, with three file descriptors:
standard output, standard error, and a command socket. The parent writes the request to the command socket, one line of
JSON: {"argv": […], "directory": "…"}. When the command has ended, the server answers with one line: the exit code, or
the negative number of the signal that ended the command. If the parent closes the command socket, or only the sending
half of it, the server ends the command's process group: SIGTERM, then SIGKILL after 5 s.

End of file on standard input means that the parent has ended. The server then kills every command and ends. If the
server is killed, the commands see that the server's end of a pipe is closed, and kill themselves.
"""

import atexit
import contextlib
import gc
import json
import os
import resource
import selectors
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any, NamedTuple

GRACE = 5.0
"""Seconds from SIGTERM to SIGKILL."""
STACK = 4 << 20
"""Bytes of each thread's stack, which count as data even if unused: airbyte-cdk starts up to 100 threads. The system's
default is 8 MiB. In 1 MiB, Python would crash on deeply nested JSON instead of raising an error."""


class Request(NamedTuple):
    """A command to run."""

    argv: list[str]
    directory: str
    stdout: int
    stderr: int
    client: socket.socket


class Child:
    """A running command."""

    def __init__(self, pid: int, client: socket.socket) -> None:
        self.pid = pid
        self.client = client
        self.kill_at = float("inf")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command's process group.

        No other process can receive it: the system does not reuse the process id before `_reap` has waited for it.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


class Server:
    """Forks commands, waits for their end and reports their exit codes."""

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
        """Serve until the parent has ended, then return None. In each forked child, return the child's request."""
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
        """Fork a process for the request. Return True in the child, False in the server."""
        sys.stdout.flush()
        sys.stderr.flush()
        with warnings.catch_warnings():
            # Python warns because Arrow's allocator has a thread. That thread supports forks.
            warnings.filterwarnings("ignore", message=".*multi-threaded", category=DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            os.setpgid(0, 0)
            self._become_command(request)
            return True
        with contextlib.suppress(PermissionError, ProcessLookupError):
            # Both processes do this. The group exists before either of them goes on, so no signal is lost.
            os.setpgid(pid, pid)
        os.close(request.stdout)
        os.close(request.stderr)
        child = self.children[pid] = Child(pid, request.client)
        self.selector.register(child.client, selectors.EVENT_READ, child)
        return False

    def _become_command(self, request: Request) -> None:
        """In the child: close the server's descriptors, and set the command's output, directory and environment."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent may have been started with SIGTERM ignored
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
            child.signal(signal.SIGKILL)  # ends processes that the command started and did not end
            _, status = os.waitpid(child.pid, 0)
            del self.children[child.pid]
            with contextlib.suppress(KeyError):
                self.selector.unregister(child.client)
            with contextlib.suppress(OSError):
                child.client.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
            child.client.close()


def _die_with(lifeline: int) -> None:
    """Wait until the server has closed its end of the pipe, then kill this process's own group."""
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


def load(command: str) -> Callable[[], Any]:
    """Import the function of a console script, as the script that pip installs does (Entry points specification)."""
    (entry_point,) = entry_points(group="console_scripts", name=command)
    function: Callable[[], Any] = entry_point.load()
    return function


def import_file(name: str, path: str) -> Any:
    """Import a file that is not on the import path."""
    spec = spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None  # noqa: S101, PT018 -- for the type checker
    module = sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def install(modules: list[str]) -> None:
    """Call `install` of each module."""
    for module in modules:
        import_module(module).install()


def load_connector(options: dict[str, Any]) -> Callable[[], Any]:
    """Import what the options name; return the connector's function."""
    if options.get("manifest"):
        run: Callable[[], Any] = import_file("low_code", options["low_code"]).connector(
            options["manifest"], options.get("components")
        )
        return run
    if folder := options.get("package"):
        import_file(os.path.basename(folder), os.path.join(folder, "__init__.py"))  # noqa: PTH118, PTH119 -- no import
        install(options["before"])
    function = load(options["command"])
    if folder:
        install(options["changes"])
    return function


def limit_memory(most: int) -> None:
    """Let this process, and each that it starts, have at most this number of bytes of data. macOS ignores it."""
    with contextlib.suppress(ValueError, OSError):  # more than the limit that this process was started with
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def main(given: str) -> None:
    """Serve commands. In each child, run the console script with the command's arguments and exit with its code."""
    options = json.loads(given)
    exit_code = 1

    def leave() -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(exit_code)

    # Exit functions run in reverse order: registered first, `leave` runs after the connector's own. It skips the
    # interpreter's normal shutdown, which spends 0.14 s on the imported modules.
    atexit.register(leave)
    gc.disable()  # almost all that is imported stays: looking for garbage in it takes a seventh of the time
    function = load_connector(options)
    gc.freeze()  # the children's garbage collector skips the imported objects, so their memory pages stay shared
    gc.enable()
    request = Server().serve()
    if request is None:
        exit_code = 0
        return
    # A connector passes records from thread to thread and makes few reference cycles. Fewer thread switches and
    # garbage collections give more rows per second.
    sys.setswitchinterval(0.05)
    gc.set_threshold(50_000, 50, 100)
    sys.argv = [options["command"], *request.argv]
    threading.stack_size(STACK)
    if options.get("memory"):
        limit_memory(options["memory"])
    try:
        sys.exit(function())
    except SystemExit as exit_:
        exit_code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
        raise


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Run workers as forks of a process that has imported what they need.

The code server forks that process from itself when it has imported Dagster and the orchestrator, before it has a thread
or a connection. So the process costs no imports of its own, and a reload of the code location, which is a new code
server, makes a new one. Each run loads the definitions itself: it sees the project's files as they are when it starts.

The loop of the process and how it is asked are Python's `multiprocessing.forkserver`. If the process has ended, or a
file has changed that it has imported, a run starts as a new Python, as Dagster starts it.
"""

import contextlib
import ctypes
import gc
import importlib
import importlib.util
import os
import signal
import socket
import sys
import sysconfig
import time
import weakref
from collections.abc import Callable
from multiprocessing import connection, forkserver, util
from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnProcess
from pathlib import Path
from typing import Any

from dagster._grpc import server as dagster_server

from orchestrator import sqlite
from orchestrator.code_server import STARTED
from orchestrator.hidden import hidden, import_bigquery
from platform_kit.s3 import kept_client

MODULES = (
    *("airbyte", "alerts.drift", "alerts.sensor", "arrivals.sensor", "arrivals.watched", "dbt", "documentation.job"),
    *("files", "freshness", "jobs", "landing", "manifest", "profiles.accept", "profiles.step", "profiles.tables"),
    *("settings", "warehouse"),
)
"""The modules that `orchestrator.definitions` imports. `definitions` itself reads the project."""
LIBRARIES = (
    *("dagster._core.executor.in_process", "dagster._core.storage.local_compute_log_manager", "dagster_airbyte"),
    *("upath.core", "_strptime"),
)
"""What Dagster imports when it first needs it."""
LATER = "platform_kit.bigquery"
"""Our module that only the fork server imports, not the code server."""
IDLE_SECONDS = 8.0
"""Modules that the code server does not need are imported later, so that the platform starts faster."""
POLL_SECONDS = 0.01
"""How often the code server looks whether a run has begun. Dagster's own pause is 0.1 s."""


class RunWorker(ForkServerProcess):
    """A run worker that is forked. It has the environment of the code server, as a new Python has it."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """Take Dagster's arguments."""
        super().__init__(*arguments, **options)
        self._environment = dict(os.environ)
        self._pidfd: int | None = None

    def start(self) -> None:
        """Start the process."""
        super().start()
        with contextlib.suppress(OSError):  # it has ended
            self._pidfd = os.pidfd_open(self.pid or 0)
            weakref.finalize(self, os.close, self._pidfd)

    def is_alive(self) -> bool:
        """Return whether the process runs, also when the fork server, which tells its exit code, was killed."""
        return super().is_alive() or (self._pidfd is not None and not connection.wait([self._pidfd], 0))

    def run(self) -> None:
        """Execute the run."""
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(self._environment)
        time.tzset()
        entitle("dagster run worker")
        super().run()


class RunWorkers(ForkServerContext):
    """What Dagster's code server uses to start its runs."""

    def __init__(self) -> None:
        """Import what runs need and fork the process that they are forked from."""
        super().__init__()
        for module in (*(f"orchestrator.{name}" for name in MODULES), *LIBRARIES):
            importlib.import_module(module)
        sqlite.read_migrations()
        gc.freeze()  # so that looking for garbage does not copy the memory that the processes share
        self._number = fork_server()

    def Process(self, *arguments: Any, **options: Any) -> Any:  # type: ignore[override]
        """Return the process of a run, not started yet."""
        return (RunWorker if self._is_current() else SpawnProcess)(*arguments, **options)

    def _is_current(self) -> bool:
        """Return whether the process runs, and nothing has changed that it has imported."""
        try:
            ended, _ = os.waitpid(self._number, os.WNOHANG)
        except ChildProcessError:
            return False
        return not ended and not has_changed(STARTED)


def has_changed(since: int) -> bool:
    """Return whether a package was installed, or a file of the imported modules was changed, since a time (in ns)."""
    installed = Path(sysconfig.get_path("purelib"))
    # Not all below sys.base_prefix, which may be /usr: a checkout may be in /usr/src.
    libraries = tuple(f"{folder}{os.sep}" for folder in (sys.prefix, sysconfig.get_path("stdlib")))
    later = importlib.util.find_spec(LATER)
    if later is None:  # its file has gone
        return True
    files = [later.origin, *(getattr(module, "__file__", None) for module in list(sys.modules.values()))]
    own = (Path(file) for file in files if file and not file.startswith(libraries))
    try:
        return any(path.stat().st_ctime_ns > since for path in (installed, *own))
    except OSError:
        return True


def fork_server() -> int:
    """Fork the process and tell it to `multiprocessing`; return its number.

    It ends with the code server and the last of its runs, whose end it sees at a pipe.
    """
    server: Any = forkserver._forkserver
    address = str(Path(util.get_temp_dir(), "fork-server"))  # a private folder, removed when the code server ends
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        reading, writing = os.pipe()
        number = os.fork()
        if number == 0:
            os.close(writing)
            _serve(listening.detach(), reading, address)
        os.close(reading)
    server._forkserver_address, server._forkserver_alive_fd, server._forkserver_pid = address, writing, number
    return number


def _serve(listening: int, alive: int, address: str) -> None:
    entitle("dagster fork server")
    try:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # not without what `finally` removes
        signal.signal(signal.SIGALRM, import_later)
        signal.setitimer(signal.ITIMER_REAL, IDLE_SECONDS)
        forkserver.main(listening, alive, [])
    finally:
        with contextlib.suppress(OSError):  # the code server was killed
            Path(address).unlink()
            Path(address).parent.rmdir()
        os._exit(0)


def import_later(*_: object) -> None:
    """Import what runs need and the code server does not."""
    with contextlib.suppress(Exception):  # a run then fails with it, where it can be told
        # These start threads, which a fork would not have. Parquet is read without BigQuery's client.
        with hidden("pyarrow", "numpy"):
            import_bigquery()
            importlib.import_module(LATER)
        kept_client()  # it opens no connection yet
    gc.freeze()


def entitle(title: str) -> None:
    """Show another command line for this process, so that nobody takes it for the code server."""
    first, end = map(int, Path("/proc/self/stat").read_text().rpartition(")")[2].split()[45:47])
    ctypes.memmove(first, title.encode()[: end - first].ljust(end - first, b"\0"), end - first)


def use() -> None:
    """Let the code server in this process start its runs as forks. Only on Linux and Python 3.13."""
    if sys.platform != "linux" or sys.version_info[:2] != (3, 13):  # the fork server of 3.14 is asked in another way
        return
    try:
        workers = RunWorkers()
    except Exception:  # an error in the orchestrator's code is told by the code server, which imports it again
        return
    initialize: Callable[..., None] = dagster_server.DagsterApiServer.__init__

    def with_workers(self: Any, *arguments: Any, **options: Any) -> None:
        initialize(self, *arguments, **options)
        self._mp_ctx = workers

    dagster_server.DagsterApiServer.__init__ = with_workers  # type: ignore[method-assign]
    dagster_server.EVENT_QUEUE_POLL_INTERVAL = POLL_SECONDS

"""The server of a run as a fork of the kept dbt, seen from the run worker."""

import contextlib
import os
import select
import signal
import socket
import subprocess

from orchestrator.warm_dbt.client import KEPT


class Forked:
    """A server that the kept dbt forks. It has those methods of `subprocess.Popen` that the holder uses."""

    def __init__(self, connection: socket.socket) -> None:
        """`connection` is that of the request. The server ends with it."""
        self.stdin = connection
        connection.setblocking(False)
        self._pidfd: int | None = None

    def send_signal(self, number: int) -> None:
        """Send a signal to the server, if it runs."""
        process = self._process()
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(process, number)

    def kill(self) -> None:
        """Kill the server, if it runs."""
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the server has ended. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        process = self._process()
        if process is not None:
            if not select.select([process], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("dbt", timeout or 0)
            os.close(process)
            self._pidfd = None

    def _process(self) -> int | None:
        """Return a pidfd of the server. None if the server has not begun, so it has not taken a command either."""
        if self._pidfd is None:
            with contextlib.suppress(OSError, ValueError):  # there is no message yet; or its end
                _, (self._pidfd,), _, _ = socket.recv_fds(self.stdin, 1, 1)
                os.set_inheritable(self._pidfd, False)
        return self._pidfd


def forked(listening: int, errors: int, tests: str) -> Forked | None:
    """Ask the kept dbt for a server with this listening socket, file for errors and argument.

    Return None if no kept dbt runs. Do not wait until it has imported dbt.
    """
    address = os.environ.get(KEPT)
    if not address:
        return None
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect(address)
        socket.send_fds(connection, [tests.encode()], [listening, errors])
    except OSError:
        connection.close()
        return None
    return Forked(connection)

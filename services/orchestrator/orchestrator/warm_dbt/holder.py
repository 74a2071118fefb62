"""Starts the warm dbt of a run and ends it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from orchestrator.warm_dbt.client import ERRORS, JOINT, SINGLE, SOCKET
from orchestrator.warm_dbt.forked import Forked, forked

END_SECONDS = 10  # dbt cancels its queries when it is interrupted


class WarmDbt:
    """A process that has imported dbt, or does so now, and waits for one command of the client."""

    def __init__(self, *, joint_tests: bool) -> None:
        """Start the process, and tell the processes that this one starts where it is. Raises OSError.

        `joint_tests`: whether dbt asks the data tests of the same tables in one query.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="dbt-warm-"))
        path = str(self.folder / "socket")
        try:
            self.process = _start(path, JOINT if joint_tests else SINGLE)
        except OSError:  # for example: the path is too long for a socket
            shutil.rmtree(self.folder)
            raise
        os.environ[SOCKET] = path

    def stop(self) -> None:
        """End the process if it still waits or works, and remove its folder."""
        os.environ.pop(SOCKET, None)
        if self.folder.exists():  # it has taken no command, so nothing is to be tidied up
            self.process.kill()
        else:
            self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def _start(path: str, tests: str) -> subprocess.Popen[bytes] | Forked:
    with socket.socket(socket.AF_UNIX) as listening, Path(path).with_name(ERRORS).open("wb") as errors:
        listening.bind(path)
        listening.listen()
        return forked(listening.fileno(), errors.fileno(), tests) or subprocess.Popen(
            [sys.executable, "-P", "-m", "orchestrator.warm_dbt.server", str(listening.fileno()), tests],
            stdin=subprocess.PIPE,  # it ends with this process
            stdout=subprocess.DEVNULL,
            stderr=errors,  # if the import fails, the client tells it and starts dbt itself
            pass_fds=[listening.fileno()],
            env=os.environ | {"PYTHONUNBUFFERED": "1"},  # as dagster-dbt starts dbt
        )

"""A service that was forked from a warm Python (`warm_python.py`), for the process that asked for it."""

import os
import select
import subprocess
from collections.abc import Generator

from tools.local.processes import Process


class Forked(subprocess.Popen[bytes]):
    """The process of the service. It is no child process: its parent tells its exit code.

    The parent keeps the process's id until `wait` has returned, or until this process ends.
    """

    def __init__(self, answers: Generator[int]) -> None:
        """Take the answers of `warm_client.run`: the process's id and its exit code."""
        self.args: list[str] = []
        self.pid = next(answers)
        self.returncode: int | None = None
        self.stdin = self.stdout = self.stderr = None
        self._child_created = False  # there is nothing to reap
        self._answers = answers
        self._told: int | None = None

    def told(self, seconds: float | None = 0) -> int | None:
        """Return the exit code, or None while the process runs. Wait for its end at most for these seconds."""
        if self._told is None:
            end = os.pidfd_open(self.pid)
            try:
                if select.select([end], [], [], seconds)[0]:
                    self._told = next(self._answers)
            finally:
                os.close(end)
        return self._told

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        return self.returncode if self.told() is None else self.wait()

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the process and return its exit code."""
        code = self.told(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        self.returncode = code
        self._answers.close()
        return code


class ForkedProcess(Process):
    """A running service that is no child process."""

    def exit_code(self) -> int | None:
        """Return the exit code, or None while the service runs. A negative code is the signal that ended it."""
        assert isinstance(self.popen, Forked)
        return self.popen.told()

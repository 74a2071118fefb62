"""Starts warm Pythons, see `warm_python.py`: for one process, or once for all workers of a test session."""

import fcntl
import os
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from . import warm_client

SERVER = Path(__file__).with_name("warm_python.py")


@dataclass
class WarmServers:
    """Warm Pythons by name."""

    directory: Path
    """The folder of their sockets."""
    keeper: int | None = None
    """The process with which they end (Linux): then all processes with this folder share them. None: `close` ends them.
    """
    _own: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def socket(self, name: str) -> str:
        """Return the address of the warm Python of this name."""
        return str(self.directory / f"{name.replace('/', '-')}.socket")

    def client(self, name: str) -> list[str]:
        """Return the start of a command line that runs in a fork of the warm Python of this name."""
        return [sys.executable, "-IS", warm_client.__file__, self.socket(name)]

    def start(self, name: str, interpreter: list[str], statements: list[str], environment: dict[str, str]) -> None:
        """Start a warm Python that executes these statements, unless it has been started."""
        with (self.directory / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not Path(self.socket(name)).exists():
                self._start(name, interpreter, statements, environment)

    def _start(self, name: str, interpreter: list[str], statements: list[str], environment: dict[str, str]) -> None:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(self.socket(name))
            listening.listen()
            number = listening.fileno()
            end = subprocess.PIPE if self.keeper is None else os.pidfd_open(self.keeper)
            server = subprocess.Popen(
                [*interpreter, str(SERVER), str(number), *statements],
                env=environment,
                stdin=end,
                stdout=subprocess.DEVNULL,
                pass_fds=[number],
            )
        if self.keeper is None:
            self._own.append(server)
        else:
            os.close(end)
            server.returncode = 0  # this process does not wait for its end

    def close(self) -> None:
        """End the warm Pythons that have no keeper, and wait for their ends."""
        for server in self._own:
            server.communicate()

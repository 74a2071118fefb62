"""Starts services as processes, waits until they are healthy, and stops them."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tools.direct import open_url
from tools.endings import end_with_parent
from tools.local import foreign, marked

START_DEADLINE = 90.0  # seconds; the slowest service needs about 10 on two busy cores
STOP_DEADLINE = 8.0  # seconds between SIGTERM and SIGKILL
STOP_PAUSE = 0.02  # seconds between two checks whether a service has ended
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ServiceError(Exception):
    """A service that did not start, or that ended. The message says what happened and has the log's last lines."""


@dataclass(frozen=True)
class Service:
    """How to run one service: its command, its variables and its health check."""

    name: str
    command: list[str]
    environment: dict[str, str]
    health_url: str
    healthy_text: str = ""  # must be part of the body of a healthy answer
    directory: Path | None = None  # its working directory; by default ours
    vital: str = ""  # part of the command line of a child process without which the service does not work


@dataclass
class Process:
    """A running service."""

    service: Service
    log: Path
    popen: subprocess.Popen[bytes]
    started: float

    def healthy(self) -> bool:
        """Return whether the service is healthy. Raises ServiceError when its process has ended."""
        code = self.exit_code()
        if code is not None:
            raise ServiceError(f"{self.service.name} ended with exit code {code}.\n{self.tail()}")
        try:
            with open_url(urllib.request.Request(self.service.health_url), timeout=5) as answer:
                return self.service.healthy_text in answer.read().decode()
        except OSError:
            return False

    def wait(self, deadline: float = START_DEADLINE) -> float:
        """Wait until the service is healthy. Return the seconds since its start.

        Raises ServiceError after `deadline` seconds, or when the process has ended.
        """
        while not self.healthy():
            if time.monotonic() - self.started > deadline:
                raise ServiceError(f"{self.service.name} was not healthy after {deadline:.0f} s.\n{self.tail()}")
            time.sleep(0.1)
        return time.monotonic() - self.started

    def tail(self, lines: int = 25) -> str:
        """Return the last lines of the service's log, under a heading that names the file."""
        text = self.log.read_text(errors="replace").splitlines()[-lines:] if self.log.exists() else []
        return "\n".join([f"Last lines of {self.log}:", *(f"  {line}" for line in text)])

    def exit_code(self) -> int | None:
        """Return the exit code, or None while the service runs. A negative code is the signal that ended the process.

        An ended process is reaped only in `stop`. Until then the kernel does not give its id, which is also the id of
        its group, to a new process, so a signal to the group cannot reach another program.
        """
        if self.popen.returncode is not None:
            return self.popen.returncode
        ended = os.waitid(os.P_PID, self.popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None:
            return None
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status

    def signal(self, number: int) -> None:
        """Send a signal to the service's process group; do nothing after the process was reaped."""
        if self.popen.returncode is not None:
            return
        try:
            os.killpg(self.popen.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS raises PermissionError for an ended group
            return

    def stop(self) -> None:
        """Stop the process group: send SIGTERM, wait up to STOP_DEADLINE, then send SIGKILL to what is left of it."""
        self.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_DEADLINE
        while self.exit_code() is None and time.monotonic() < deadline:
            time.sleep(STOP_PAUSE)
        self.signal(signal.SIGKILL)
        self.popen.wait()
        marked.send(marked.find(self.log), signal.SIGKILL)  # what made a process group of its own

    def is_complete(self) -> bool:
        """Return whether the service's vital child process runs. Only Linux can tell; elsewhere it is always true."""
        if sys.platform != "linux" or not self.service.vital:
            return True
        return any(self.service.vital in command for command in marked.find(self.log).values())


def interruptible() -> None:
    """Make Ctrl-C, SIGTERM and a closed terminal raise KeyboardInterrupt.

    SIGINT raises it even in a background process, for which the shell ignores SIGINT. SIGHUP stays ignored under nohup.
    """
    for number in ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ignore Ctrl-C, SIGTERM and a closed terminal in the block; programs that it starts ignore them too."""
    handlers = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def variables(service: Service, log: Path) -> dict[str, str]:
    """Return the environment of a service with this log: the caller's, the service's, and the mark of its processes."""
    return foreign.without(os.environ) | service.environment | {marked.VARIABLE: str(log)}


def start(service: Service, log: Path) -> Process:
    """Start one service in its own process group and append its output to a log file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        popen = subprocess.Popen(
            service.command,
            env=variables(service, log),
            cwd=service.directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
    return Process(service, log, popen, time.monotonic())


@dataclass
class Supervisor:
    """The services of one platform. The end of the `with` block stops them, the last one first.

    The begin of the block ends the processes that a killed run with the same folder of logs has left.
    """

    log_directory: Path
    processes: dict[str, Process] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """End what a killed run has left; return self."""
        left = marked.end(self.log_directory, STOP_DEADLINE)
        if left:
            print(f"  ended {len(left)} processes that an earlier run has left", flush=True)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all services. Signals are ignored meanwhile, so a second Ctrl-C cannot leave some of them running."""
        with uninterrupted():
            self.stop()

    def start(self, service: Service) -> Process:
        """Start a service, for the first time or again after a stop."""
        process = start(service, self.log_directory / f"{service.name}.log")
        self.processes[service.name] = process
        return process

    def restart(self, name: str) -> float:
        """Restart one service and wait until it is healthy. Return the seconds of its start. Raises ServiceError."""
        self.processes[name].stop()
        return self.start(self.processes[name].service).wait()

    def wait(self, report: Callable[[str, float], None] = lambda _name, _seconds: None) -> None:
        """Wait until all services are healthy and report each one with its seconds. Raises ServiceError."""
        waiting = dict(self.processes)
        while waiting:
            for name, process in list(waiting.items()):
                if process.healthy():
                    report(name, time.monotonic() - process.started)
                    del waiting[name]
                elif time.monotonic() - process.started > START_DEADLINE:
                    process.wait(0)
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop all services: send SIGTERM to all of them, then wait for each one."""
        for process in reversed(self.processes.values()):
            process.signal(signal.SIGTERM)
        for process in reversed(self.processes.values()):
            process.stop()
        self.processes.clear()

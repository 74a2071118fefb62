"""Starts services as processes, waits until they are healthy, and stops them."""

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tools.direct import open_url

START_DEADLINE = 90.0  # seconds; the slowest service needs about 10 on two busy cores
STOP_DEADLINE = 8.0  # seconds between SIGTERM and SIGKILL
STOP_PAUSE = 0.02  # seconds between two looks whether a service has ended
PR_SET_PDEATHSIG = 1
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ServiceError(Exception):
    """A service that did not start or ended early: what happened, and the last lines of its log."""


@dataclass(frozen=True)
class Service:
    """What it takes to run one service: its command, its variables, and how its health is read."""

    name: str
    command: list[str]
    environment: dict[str, str]
    health_url: str
    healthy_text: str = ""  # must appear in the body of a healthy answer
    directory: Path | None = None  # where it runs; by default where we run


@dataclass
class Process:
    """A running service."""

    service: Service
    log: Path
    popen: subprocess.Popen[bytes]
    started: float

    def healthy(self) -> bool:
        """Ask the service's health address once. Raises ServiceError when the process has ended."""
        code = self.exit_code()
        if code is not None:
            raise ServiceError(f"{self.service.name} ended with exit code {code}.\n{self.tail()}")
        try:
            with open_url(urllib.request.Request(self.service.health_url), timeout=5) as answer:
                return self.service.healthy_text in answer.read().decode()
        except OSError:
            return False

    def wait(self, deadline: float = START_DEADLINE) -> float:
        """Wait until healthy; return the seconds since the start. Raises ServiceError after the deadline."""
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
        """Return the exit code (negative: the signal that ended it), None while the service runs.

        The ended process is not reaped before `stop`: until then the kernel gives its number, which is its group's
        too, to no other process, and a signal to the group cannot hit a stranger.
        """
        if self.popen.returncode is not None:
            return self.popen.returncode
        ended = os.waitid(os.P_PID, self.popen.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None:
            return None
        return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status

    def signal(self, number: int) -> None:
        """Send a signal to the service's whole process group, unless the service was reaped."""
        if self.popen.returncode is not None:
            return
        try:
            os.killpg(self.popen.pid, number)
        except (ProcessLookupError, PermissionError):  # macOS: the latter for a group that has ended
            return

    def stop(self) -> None:
        """End the process group: SIGTERM, then SIGKILL after the deadline, also to what the service left behind."""
        self.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_DEADLINE
        while self.exit_code() is None and time.monotonic() < deadline:
            time.sleep(STOP_PAUSE)
        self.signal(signal.SIGKILL)
        self.popen.wait()


def end_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it dies (Linux only, elsewhere no effect)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def interruptible() -> None:
    """Make Ctrl-C, SIGTERM and a closed terminal raise KeyboardInterrupt.

    SIGINT also where the shell has started us with it ignored (in the background), SIGHUP not under nohup.
    """
    for number in ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)


def start(service: Service, log: Path) -> Process:
    """Start one service in its own process group, with its output appended to a log file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    variables = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with log.open("ab") as output:
        popen = subprocess.Popen(
            service.command,
            env=variables | service.environment,
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
    """The services of one platform; leaving the `with` block stops them, the last one first."""

    log_directory: Path
    processes: dict[str, Process] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Return self."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything that was started; a second Ctrl-C does not leave half of it running."""
        handlers = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
        self.stop()
        for number, handler in handlers.items():
            signal.signal(number, handler)

    def start(self, service: Service) -> Process:
        """Start a service (again, when it is one that was stopped)."""
        process = start(service, self.log_directory / f"{service.name}.log")
        self.processes[service.name] = process
        return process

    def restart(self, name: str) -> float:
        """Stop one service, start it again and wait until it is healthy; return the seconds that the start took."""
        self.processes[name].stop()
        return self.start(self.processes[name].service).wait()

    def wait(self, report: Callable[[str, float], None] = lambda _name, _seconds: None) -> None:
        """Wait until all are healthy, reporting each with its seconds as it becomes so. Raises ServiceError."""
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
        """Stop everything: all are asked at once, then each is waited for."""
        for process in reversed(self.processes.values()):
            process.signal(signal.SIGTERM)
        for process in reversed(self.processes.values()):
            process.stop()
        self.processes.clear()

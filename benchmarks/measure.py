"""What an action costs: wall seconds, processor seconds and peak memory of whole process trees, by part."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import psutil

MEBIBYTE = 2**20
FIRST_PAUSE, PAUSE, FIRST_SECONDS = 0.02, 0.2, 1.0
"""Seconds between two looks at the memory, in the first second and later: short commands are seen too, and long ones
are not disturbed. A look at a process of 1 GiB takes about 10 ms.
"""
SETTLE_SECONDS = 0.5
"""Seconds after the action in which a server's further work (a checkpoint, an ended child) is still counted."""
MEMORY = "PSS" if sys.platform == "linux" else "USS"
"""PSS counts a page that several processes share once; only Linux has it."""


@dataclass(frozen=True)
class Part:
    """A running service, or a part of its processes, whose cost is told under a name of its own."""

    name: str
    pid: int
    scope: Literal["tree", "process", "children"] = "tree"


@dataclass
class Cost:
    """What an action cost. `cpu` and `memory` (MiB, the highest) are by part; `total_memory` is the highest sum.

    `start` are the processor seconds in `cpu` that a program needed until it could work (its imports). `looks` is how
    often the memory was looked at: a peak of few looks says nothing.
    """

    wall: float = 0.0
    start: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    total_memory: float = 0.0
    looks: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return the cost as it is saved: seconds and MiB, rounded."""
        return {
            "wall": round(self.wall, 3),
            "start": round(self.start, 3),
            "cpu": {name: round(seconds, 3) for name, seconds in self.cpu.items()},
            "memory": {name: round(mebibytes, 1) for name, mebibytes in self.memory.items()},
            "total_memory": round(self.total_memory, 1),
            "looks": self.looks,
        }


class CommandError(Exception):
    """A command that failed or took too long. The message has the last lines of its output."""


def processes(part: Part) -> list[psutil.Process]:
    """Return the running processes of a part; none when its service has ended."""
    try:
        root = psutil.Process(part.pid)
        children = root.children(recursive=True) if part.scope != "process" else []
    except psutil.NoSuchProcess:
        return []
    return children if part.scope == "children" else [root, *children]


def cpu_seconds(part: Part) -> float:
    """Return the processor seconds of a part's processes, with those of its children that have ended."""
    seconds = 0.0
    for process in processes(part):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system
            if part.scope != "process":
                seconds += times.children_user + times.children_system
    if part.scope == "children":
        with contextlib.suppress(psutil.NoSuchProcess):
            times = psutil.Process(part.pid).cpu_times()
            seconds += times.children_user + times.children_system
    return seconds


def memory(part: Part) -> float:
    """Return the memory (MiB) of a part's processes."""
    total = 0
    for process in processes(part):
        with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            info = process.memory_full_info()
            total += info.pss if MEMORY == "PSS" else info.uss
    return total / MEBIBYTE


@contextlib.contextmanager
def sampled(parts: Sequence[Part], cost: Cost, beside: Sequence[str]) -> Iterator[None]:
    """Keep the highest memory of the parts in the block; `beside` are parts that are not in the total."""
    done = threading.Event()

    def look() -> None:
        started = time.monotonic()
        while True:
            now = {part.name: memory(part) for part in parts}
            for name, mebibytes in now.items():
                cost.memory[name] = max(cost.memory.get(name, 0.0), mebibytes)
            total = sum(mebibytes for name, mebibytes in now.items() if name not in beside)
            cost.total_memory = max(cost.total_memory, total)
            cost.looks += 1
            if done.wait(FIRST_PAUSE if time.monotonic() - started < FIRST_SECONDS else PAUSE):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def measure_call(action: Callable[[], Any], parts: Sequence[Part], beside: Sequence[str] = ()) -> Cost:
    """Return what a call costs in running services."""
    before = {part.name: cpu_seconds(part) for part in parts}
    cost = Cost()
    with sampled(parts, cost, beside):
        started = time.monotonic()
        action()
        cost.wall = time.monotonic() - started
    time.sleep(SETTLE_SECONDS)
    cost.cpu = {part.name: cpu_seconds(part) - before[part.name] for part in parts}
    return cost


def end_group(group: int) -> None:
    """End all processes of a process group; nothing happens when there are none."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def measure_command(
    command: Sequence[str],
    environment: dict[str, str],
    folder: Path,
    name: str,
    parts: Sequence[Part] = (),
    beside: Sequence[str] = (),
    seconds: float = 600,
) -> tuple[Cost, str]:
    """Return what a command and all that it starts cost, with the services that it uses, and its standard output.

    What it has left running is ended, so that it does not work during the next measurement.
    Raises CommandError when it fails or does not end in `seconds`.
    """
    out, errors = folder / "stdout", folder / "stderr"
    before = {part.name: cpu_seconds(part) for part in parts}
    cost = Cost()
    with out.open("wb") as output, errors.open("wb") as problems:
        started = time.monotonic()
        process = subprocess.Popen(
            list(command),
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=problems,
            start_new_session=True,
        )
    too_long = threading.Event()

    def end_late() -> None:
        too_long.set()
        end_group(process.pid)

    timer = threading.Timer(seconds, end_late)
    timer.start()
    try:
        with sampled([*parts, Part(name, process.pid)], cost, beside):
            _, status, usage = os.wait4(process.pid, 0)
            cost.wall = time.monotonic() - started
    except BaseException:  # Ctrl-C too: the command has a process group of its own
        end_group(process.pid)
        process.wait()
        raise
    finally:
        timer.cancel()
    end_group(process.pid)
    code = process.returncode = os.waitstatus_to_exitcode(status)
    time.sleep(SETTLE_SECONDS)
    cost.cpu = {part.name: cpu_seconds(part) - before[part.name] for part in parts}
    cost.cpu[name] = usage.ru_utime + usage.ru_stime
    if code:
        ending = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        reason = f"did not end in {seconds:.0f} s" if too_long.is_set() else ending
        lines = (errors.read_text(errors="replace") + out.read_text(errors="replace")).strip().splitlines()
        raise CommandError("\n".join([f"{name} {reason}", *lines[-8:]]))
    return cost, out.read_text(errors="replace")

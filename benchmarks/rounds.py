"""Interleaved rounds: the contenders run in turn, so that a change of the machine's speed affects all of them."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.measure import Cost

PATH = re.compile(r"(?<![\w:/])(?:/[\w.+@-]+)+/([\w.+@-]+)")
ADDRESS = re.compile(r"\bhttps?://(?!127\.0\.0\.1)[^\s'\"]+")


@dataclass(frozen=True)
class Contender:
    """A program in the comparison. `run` raises an exception when it fails; it runs in at most `rounds` rounds."""

    name: str
    run: Callable[[], Cost]
    rounds: int = sys.maxsize


@dataclass(frozen=True)
class Deadline:
    """The moment (by time.monotonic) from which on no further round begins."""

    moment: float

    @property
    def is_over(self) -> bool:
        """Whether the moment has passed."""
        return time.monotonic() > self.moment


def say(line: str) -> None:
    """Print a line of progress at once."""
    print(line, flush=True)


def interleave(contenders: Sequence[Contender], rounds: int, deadline: Deadline) -> dict[str, Any]:
    """Run every contender once in each round; return {name: {"runs": [costs], "error": reason}}.

    A contender that fails is told and left out of the further rounds. Each round begins with another one. After the
    deadline nothing is begun, but the first round is completed.
    """
    found: dict[str, Any] = {contender.name: {"runs": []} for contender in contenders}
    for round_ in range(rounds):
        shift = round_ % len(contenders)
        for contender in [*contenders[shift:], *contenders[:shift]]:
            entry = found[contender.name]
            if "error" in entry or round_ >= contender.rounds or (round_ and deadline.is_over):
                continue
            try:
                cost = contender.run()
            except Exception as error:
                entry["error"] = shown(error)
                say(f"    {contender.name}: FAILED: {entry['error']}")
                continue
            entry["runs"].append(cost.as_json())
            worked = " + ".join(f"{name} {seconds:.2f}" for name, seconds in cost.cpu.items())
            say(f"    {contender.name:<42} {cost.wall:7.2f} s   CPU {worked} s")
    return found


def shown(error: BaseException) -> str:
    """Return an error in one line that may stand on the page: without this machine's folders and without addresses."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    text = lines[0] if len(lines) == 1 else f"{lines[0]}: {lines[-1]}"
    return ADDRESS.sub("(an address)", PATH.sub(r"\1", text)).replace("|", "/")[:240]

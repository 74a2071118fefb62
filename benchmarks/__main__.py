"""`make bench` and `make bench-full`: measures the parts, saves the results after each step, writes the page."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks import docker, environments, options
from benchmarks.growth import part as growth
from benchmarks.latency import part as latency
from benchmarks.loads import part as loads
from benchmarks.options import Options
from benchmarks.page.loads import show as show_loads
from benchmarks.page.text import page
from benchmarks.results import Results, circumstances
from benchmarks.rounds import Deadline, say, shown
from benchmarks.workspace import FOLDER
from tools import endings
from tools.local.claims import ClaimedError, claim
from tools.local.platform import ROOT
from tools.local.processes import interruptible

Keep = Callable[[dict[str, Any]], None]
MEASURES: dict[str, Callable[[Options, Deadline, Keep], None]] = {
    "latency": latency.measure,
    "growth": growth.measure,
    "loads": loads.measure,
    "docker": docker.measure,
}


def measure(part: str, asked: Options, deadline: Deadline, results: Results, about: dict[str, Any]) -> bool:
    """Measure one part and return whether it succeeded. What it has found is saved after each step, also when it fails.

    When only some cases of the part are measured, the other saved cases stay.
    """
    started = time.monotonic()
    found: dict[str, Any] = {}

    def keep(content: dict[str, Any]) -> None:
        found.update(content)
        save = results.keep_cases if asked.cases else results.keep
        save(part, {"about": about, "seconds": round(time.monotonic() - started)} | found)

    say(f"▸ {part}")
    try:
        MEASURES[part](asked, deadline, keep)
    except KeyboardInterrupt:
        keep({"error": "interrupted"})
        raise
    except Exception as error:
        say(f"  {part} FAILED: {error}")
        keep({"error": shown(error)})
    say(f"  {part}: {time.monotonic() - started:.0f} s")
    return "error" not in found


def write(asked: Options, results: Results) -> int:
    """Write the page and its plots from the results. Return the exit code."""
    parts = results.load()
    asked.page.write_text(page(parts))
    try:
        command = [str(environments.python("benchmarks/plots")), "-m", "benchmarks.page.plots", str(asked.out)]
    except environments.NotInstalledError as error:
        say(f"bench: the page has no new plots: {error}")
        return 1
    code = subprocess.run(command, cwd=ROOT).returncode
    if asked.quick and "loads" in parts:
        say(show_loads(parts["loads"]))
    say(f"▸ the page: {asked.page}, the measurements: {results.file}")
    return code


def failed(parts: dict[str, Any]) -> list[str]:
    """Return what failed, as the page tells it."""
    lines = [f"{name}: {part['error']}" for name, part in parts.items() if "error" in part]
    for case in parts.get("loads", {}).get("cases", {}).values():
        entries = case.get("contenders", {}) | ({"all": case} if "error" in case else {})
        lines += [f"{case['rows']:,} rows, {name}: {e['error']}" for name, e in entries.items() if "error" in e]
    pages = parts.get("latency", {}).get("pages", {})
    return lines + [f"{name}: {entry['error']}" for name, entry in pages.items() if "error" in entry]


def main(arguments: list[str]) -> int:
    """Measure and write. Return 0, or 1 when a whole part failed, or 130 after Ctrl-C.

    The page is written in each case. A peer that failed is a result: the page tells it.
    """
    asked = options.read(arguments)
    results = Results(asked.out)
    deadline = Deadline(time.monotonic() + 60 * asked.minutes)
    code = 0
    if "page" not in arguments[:1]:
        interruptible()
        try:
            with claim(FOLDER):
                about = circumstances()  # once: after a part, the machine is busy with what that part has done
                complete = [measure(part, asked, deadline, results, about) for part in asked.parts]
                code = int(not all(complete))
        except ClaimedError as error:
            say(f"bench: {error}")
            return 1
        except KeyboardInterrupt:
            say("bench: interrupted. What was measured is kept; measure single parts with: make bench-full parts='…'")
            code = 130
        parts = {name: part for name, part in results.load().items() if name in asked.parts}
        for line in failed(parts):
            say(f"  failed: {line}")
    return write(asked, results) or code


if __name__ == "__main__":
    sys.exit(endings.ended("bench", lambda: main(sys.argv[1:])))

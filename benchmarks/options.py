"""What the user asks for on the command line of `make bench` and `make bench-full`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from benchmarks.loads.cases import FULL, QUICK
from tools.local.platform import ROOT

PARTS = ("latency", "growth", "loads", "docker")
WITHOUT_DOCKER = PARTS[:3]
"""The order is by time: the part `loads` gets what is left of it."""

QUICK_MINUTES, FULL_MINUTES = 4, 25


@dataclass(frozen=True)
class Options:
    """`rows`, `rounds`, `models`: limits, or None. `out`: the folder of the results. `page`: the file of the page.

    `cases`: the names of the cases of the part `loads` that are measured; without a name, all.
    """

    quick: bool
    parts: tuple[str, ...]
    cases: tuple[str, ...]
    rows: int | None
    rounds: int | None
    models: int | None
    runs: int
    minutes: float
    out: Path
    page: Path


def read(arguments: list[str]) -> Options:
    """Return the options; an invalid one ends the program with the reason."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measures the platform and its peers.")
    parser.add_argument(
        "how", choices=("quick", "full", "page"), help="page: only write the page from the results again"
    )
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=[], help="default: all but docker")
    parser.add_argument("--cases", nargs="*", default=[], metavar="NAME", help="only these of the part loads")
    parser.add_argument("--rows", type=positive, help="load at most so many rows")
    parser.add_argument("--rounds", type=positive, help="at most so many rounds")
    parser.add_argument("--models", type=positive, help="generate projects with at most so many models")
    parser.add_argument("--runs", type=positive, default=30, help="runs of all assets on one platform (default: 30)")
    parser.add_argument("--minutes", type=positive, help="begin nothing new after so long (default: 25; quick: 4)")
    parser.add_argument("--out", type=Path, help="the folder of the results and of a draft of the page")
    found = parser.parse_args(arguments)
    if found.how == "quick" or found.out:
        out = (found.out or ROOT / ".local/benchmarks").resolve()
        page = out / "benchmarks.md"
    else:
        out, page = ROOT / "docs/benchmarks", ROOT / "docs/benchmarks.md"
    minutes = found.minutes or (QUICK_MINUTES if found.how == "quick" else FULL_MINUTES)
    known = [case.name for case in (QUICK if found.how == "quick" else FULL)]
    if unknown := sorted(set(found.cases) - set(known)):
        parser.error(f"--cases: no case {', '.join(unknown)}; there are {', '.join(known)}")
    if found.cases and found.parts not in ([], ["loads"]):
        parser.error("--cases are cases of the part loads: leave --parts out, or name only loads")
    default = ("loads",) if found.how == "quick" or found.cases else WITHOUT_DOCKER
    cases = tuple(dict.fromkeys(found.cases))
    parts = tuple(part for part in PARTS if part in found.parts) or default
    limits = found.rows, found.rounds, found.models
    return Options(found.how == "quick", parts, cases, *limits, found.runs, minutes, out, page)


def positive(text: str) -> int:
    """Return a whole number above zero. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a whole number above zero: {text!r}")
    return int(text)

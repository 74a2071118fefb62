"""What the user asks for on the command line of `make bench` and `make bench-full`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from tools.local.platform import ROOT

PARTS = ("latency", "growth", "loads", "docker")
WITHOUT_DOCKER = PARTS[:3]
"""The order is by time: the part `loads` gets what is left of it."""

QUICK_MINUTES, FULL_MINUTES = 4, 25


@dataclass(frozen=True)
class Options:
    """`rows`, `rounds`, `models`: limits, or None. `out`: the folder of the results. `page`: the file of the page."""

    quick: bool
    parts: tuple[str, ...]
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
    default = ("loads",) if found.how == "quick" else WITHOUT_DOCKER
    parts = tuple(part for part in PARTS if part in found.parts) or default
    return Options(found.how == "quick", parts, found.rows, found.rounds, found.models, found.runs, minutes, out, page)


def positive(text: str) -> int:
    """Return a whole number above zero. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"not a whole number above zero: {text!r}")
    return int(text)

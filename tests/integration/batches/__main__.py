"""Compares generated files both ways, record by record and in batches: `make parity cases=10000`."""

import argparse
import base64
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings

from .asking import Comparison
from .csv_cases import csv_cases
from .jsonl_cases import jsonl_cases
from .parquet_cases import parquet_cases

CASES = {"csv": csv_cases, "jsonl": jsonl_cases, "parquet": parquet_cases}


class DifferentError(AssertionError):
    """The rows of a case differ between the two ways."""


def compare(comparison: Comparison, kind: str, count: int, number: int) -> None:
    """Compare a number of cases of one kind. Raises DifferentError with the smallest case that differs."""

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(CASES[kind]())
    def agree(case: dict[str, Any]) -> None:
        if found := comparison.differences(case):
            raise DifferentError("\n".join([*found, *shown(case)]))

    agree()


def shown(case: dict[str, Any]) -> list[str]:
    """Return a case as lines: each file with its content, then the settings."""
    files = [f"{name}: {base64.b64decode(content)!r}" for name, content in case["files"].items()]
    return [*files, json.dumps({name: value for name, value in case.items() if name != "files"})]


def main() -> int:
    """Return 1 if a case differs. Its seed, its differences and its files are printed."""
    parser = argparse.ArgumentParser(prog="make parity", description="Compares records and batches of generated files.")
    parser.add_argument("--cases", type=int, default=10_000, help="cases in all (default: 10000)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the same seed gives the same cases")
    parser.add_argument(
        "--kinds", nargs="*", choices=list(CASES), default=[], help="default: all, equally many of each"
    )
    asked = parser.parse_args()
    kinds = asked.kinds or list(CASES)
    with tempfile.TemporaryDirectory() as directory, Comparison(Path(directory)) as comparison:
        for kind in kinds:
            started = time.monotonic()
            comparison.outcomes.clear()
            try:
                compare(comparison, kind, -(-asked.cases // len(kinds)), asked.seed)
            except DifferentError as different:
                sys.stdout.write(f"{kind}, seed {asked.seed}: the two ways differ\n{different}\n")
                return 1
            outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(comparison.outcomes.items()))
            seconds = time.monotonic() - started
            sys.stdout.write(f"{kind}, seed {asked.seed}: no difference in {sum(comparison.outcomes.values())} cases ")
            sys.stdout.write(f"({outcomes}), {seconds:.0f} s\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Compares generated files both ways, record by record and in batches: `python -m tests.integration.batches 10000`."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from .asking import Comparison
from .generated import csv_cases, jsonl_cases, parquet_cases


def main(examples: int) -> None:
    """Compare this number of cases; exit with the smallest case that differs."""
    with tempfile.TemporaryDirectory() as directory, Comparison(Path(directory)) as comparison:
        for cases in (csv_cases(), jsonl_cases(), parquet_cases()):

            @settings(max_examples=examples // 3, deadline=None, database=None, suppress_health_check=list(HealthCheck))
            @given(cases)
            def agree(case: dict[str, Any]) -> None:
                assert not (found := comparison.differences(case)), found

            agree()
            sys.stdout.write(f"no differences so far: {comparison.outcomes}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))

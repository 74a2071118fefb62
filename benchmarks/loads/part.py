"""Measures the cases one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.loads.cases import FULL, QUICK, chosen
from benchmarks.loads.contenders import contenders
from benchmarks.loads.running import Loading
from benchmarks.options import Options
from benchmarks.rounds import Deadline, interleave, say, shown
from benchmarks.workspace import workspace
from tools.local.processes import Supervisor


def measure(asked: Options, deadline: Deadline, keep: Callable[[dict[str, Any]], None]) -> None:
    """Measure the cases that are asked for; after each one, give all results so far to `keep`."""
    cases = chosen(QUICK if asked.quick else FULL, asked.rows, asked.rounds, asked.cases)
    results: dict[str, Any] = {}
    with workspace("loads") as folder, Supervisor(folder / "logs") as services:
        loading = Loading(folder, services)
        for case in cases:
            shape = f"{case.rows:,} rows, {case.columns} columns, {case.files} {case.kind} file(s)"
            say(f"  {shape}")
            entry = {"rows": case.rows, "columns": case.columns, "files": case.files, "kind": case.kind}
            if deadline.is_over:
                results[case.name] = entry | {"error": "the time was over"}
            else:
                try:
                    with loading.case(case):
                        found = interleave(contenders(loading, case), case.rounds, deadline)
                    results[case.name] = entry | {"contenders": found}
                except Exception as error:
                    results[case.name] = entry | {"error": shown(error)}
                    say(f"    FAILED: {shown(error)}")
            keep({"cases": results})

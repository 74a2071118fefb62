"""What the plots show, as data. The digest of the data is in the SVG file, so that a test sees when a plot is old."""

from __future__ import annotations

import hashlib
import json
from statistics import median
from typing import Any

from benchmarks.figures import cpu
from benchmarks.loads import cases
from benchmarks.page import loads

FAMILIES = (cases.BATCHES, cases.RECORDS, cases.DLT_ARROW, cases.DLT_DUCKDB, cases.LIMIT)


def all_plots(parts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return {name of the SVG file: plot} for the parts that were measured."""
    found: dict[str, dict[str, Any]] = {}
    if "loads" in parts:
        found |= of_loads(parts["loads"])
    if "latency" in parts:
        found |= of_latency(parts["latency"])
    if "growth" in parts:
        found |= of_growth(parts["growth"])
    return {name: plot for name, plot in found.items() if plot["series"]}


def digest(plot: dict[str, Any]) -> str:
    """Return a short fingerprint of a plot's data."""
    return hashlib.sha256(json.dumps(plot, sort_keys=True).encode()).hexdigest()[:16]


def of_loads(part: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The cost of one case by contender, and the cost by rows."""
    measured = [entry for entry in part.get("cases", {}).values() if "contenders" in entry]
    if not measured:
        return {}
    main = loads.main_cases(measured)[0]
    bars = {
        loads.SHORT[name]: round(median(cpu(run) for run in main["contenders"][name]["runs"]), 3)
        for name in loads.ordered(main)
        if main["contenders"][name]["runs"]
    }
    lines = {loads.SHORT[name]: loads.points(measured, name, cpu) for name in FAMILIES}
    return {
        "loads-cpu.svg": {"kind": "bars", "title": loads.title(main), "x": "CPU seconds (median)", "series": bars},
        "loads-rows.svg": {
            "kind": "log lines",
            "title": "CSV, 8 columns, 1 file",
            "x": "rows",
            "y": "CPU seconds (median)",
            "series": {name: points for name, points in lines.items() if len(points) > 1},
        },
    }


def of_latency(part: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The seconds of each run, the first to the last."""
    seconds = [run["seconds"] for run in part.get("runs", [])]
    series = {"all assets": [[at + 1, value] for at, value in enumerate(seconds)]} if len(seconds) > 2 else {}
    return {
        "latency-runs.svg": {
            "kind": "lines",
            "title": "Each run of all assets on one platform",
            "x": "run",
            "y": "seconds, launch to end",
            "series": series,
        }
    }


def of_growth(part: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The load of the code location by the number of assets."""
    projects = [project for project in part.get("projects", []) if "error" not in project]
    series = {
        name: [[project["assets"], project[key]] for project in projects]
        for name, key in (("code location loads", "load_cpu"), ("query of the asset graph", "query_cpu"))
    }
    return {
        "growth-assets.svg": {
            "kind": "log lines",
            "title": "Generated projects",
            "x": "assets",
            "y": "CPU seconds",
            "series": series if len(projects) > 1 else {},
        }
    }

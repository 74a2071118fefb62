"""The page's part about larger projects."""

from __future__ import annotations

from typing import Any

from benchmarks.page.markdown import NONE, exponent, number, table
from benchmarks.page.words import words

COLUMNS = {
    "load_cpu": "code location loads, CPU s",
    "first_load_cpu": "with dbt's parse, CPU s",
    "load_memory": "its memory, MiB",
    "dagster_memory": "Dagster's memory, MiB",
    "query_wall": "asset graph, s",
    "apply_wall": "apply, new, s",
    "apply_again_wall": "apply, unchanged, s",
}


def size(key: str) -> str:
    """Return the size by which a figure grows; `make apply` knows no models."""
    return "connections" if key.startswith("apply") else "assets"


def show(part: dict[str, Any]) -> str:
    """Return the section."""
    projects = part.get("projects", [])
    rows = []
    for project in projects:
        name = f"{project['connections']} connections, {project['models']:,} models"
        if "error" in project:
            rows.append([name, project["error"], *[NONE] * len(COLUMNS)])
            continue
        cells = [number(project[key]) if key in project else NONE for key in COLUMNS]
        rows.append([name, f"{project['assets']:,} / {project['checks']:,}", *cells])
    slopes = [exponent((project[size(key)], project[key]) for project in projects if key in project) for key in COLUMNS]
    rows.append(["exponent", "", *slopes])
    lines = [words("growth"), "", table(["", "assets / checks", *COLUMNS.values()], rows), ""]
    if "error" in part:
        lines += [f"Not everything was measured: {part['error']}", ""]
    return "\n".join(lines)

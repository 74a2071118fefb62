"""Reads what the orchestrator made of the models: dbt's documentation, and the column lineage as page and data.

The orchestrator writes them into DBT_DOCS_DIR; the console reads them.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

FILES = {"docs": "dbt_docs.html", "columns": "column_lineage.html"}
"""The pages by their names in addresses."""
TITLES = {"docs": "Documentation", "columns": "Column lineage"}
DATA = "column_lineage.json"
POLICY = (
    "sandbox allow-scripts allow-popups; default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
"""The pages are made by others' programs from the models' texts. They run in a sandbox: an origin of their own, without
the console's cookies, and without any connection, which also stops dbt-colibri's statistics of use."""
STORAGE = b"""<script>for (const name of ["localStorage", "sessionStorage"]) {
  const kept = new Map();
  const storage = {
    getItem: (key) => kept.get(String(key)) ?? null,
    setItem: (key, value) => kept.set(String(key), String(value)),
    removeItem: (key) => kept.delete(String(key)),
    clear: () => kept.clear(),
    key: (at) => [...kept.keys()][at] ?? null,
    get length() { return kept.size; },
  };
  Object.defineProperty(window, name, { value: storage });
}</script>"""
"""A sandboxed page may not use the browser's storage and stops without it: it gets one that keeps nothing."""


@dataclass(frozen=True)
class Source:
    """One column that another one is made from: `dataset.table`, and its name."""

    table: str
    column: str


class ColumnLineage:
    """Which columns each column is made from, and which are made from it, by `dataset.table` and column."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Read dbt-colibri's data."""
        nodes = document.get("nodes", {})
        tables = {key: _table(node["relationName"]) for key, node in nodes.items() if node.get("relationName")}
        self.compiled = {table: nodes[key].get("compiledCode") or "" for key, table in tables.items()}
        """The SQL of each model as BigQuery got it, by `dataset.table`."""
        self.above: dict[tuple[str, str], list[Source]] = {}
        self.below: dict[tuple[str, str], list[Source]] = {}
        for edge in document.get("lineage", {}).get("edges", []):
            start, end = tables.get(edge["source"]), tables.get(edge["target"])
            if start and end and edge.get("sourceColumn") and edge.get("targetColumn"):
                self._add(Source(start, edge["sourceColumn"]), Source(end, edge["targetColumn"]))

    def _add(self, start: Source, end: Source) -> None:
        above = self.above.setdefault((end.table, end.column.lower()), [])
        if start not in above:
            above.append(start)
            self.below.setdefault((start.table, start.column.lower()), []).append(end)

    def shown(self, table: str) -> dict[str, dict[tuple[str, str], list[Source]]]:
        """Return what is known of a table's columns, by its title: what they are made from, what is made from them."""
        lines = {"Made from": self.above, "Used in": self.below}
        return {title: found for title, found in lines.items() if any(key[0] == table for key in found)}


def made(folder: Path) -> datetime | None:
    """Return when the pages were made; None if they were not made yet."""
    try:
        return datetime.fromtimestamp((folder / FILES["docs"]).stat().st_mtime, UTC)
    except OSError:
        return None


def page(folder: Path, name: str) -> bytes | None:
    """Return one of the pages, ready for its sandbox; None if it was not made yet or has another name."""
    try:
        content = (folder / FILES[name]).read_bytes()
    except (OSError, KeyError):
        return None
    head = content.lower().find(b"<head>")
    return content[: head + 6] + STORAGE + content[head + 6 :] if head >= 0 else STORAGE + content


def column_lineage(folder: Path) -> ColumnLineage | None:
    """Return the lineage of the columns; None if it was not made yet. Read again when the file has changed."""
    file = folder / DATA
    try:
        return _read(file, file.stat().st_mtime_ns)
    except (OSError, ValueError):
        return None


@functools.lru_cache(2)
def _read(file: Path, _changed: int) -> ColumnLineage:
    return ColumnLineage(json.loads(file.read_text()))


def _table(relation: str) -> str:
    """Return `dataset.table` of dbt's name of a table."""
    return ".".join(part.strip("`") for part in relation.split(".")[-2:])

"""The results: one JSON file with every measured value, from which the page is made."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import MEMORY
from tools.install import LOCKS
from tools.local.platform import ROOT

FILE = "results.json"
VERSIONS = {
    "connectors/source-s3": ("airbyte-source-s3", "airbyte-cdk"),
    "warehouse": ("local-bigquery", "duckdb", "pyarrow"),
    "orchestrator": ("dagster", "dbt-core", "dbt-bigquery"),
    "console": ("nicegui",),
    "localstack": ("localstack-core",),
    "benchmarks/dlt": ("dlt",),
    "clients/pyairbyte": ("airbyte",),
}


class Results:
    """The results file; each part is saved as it grows, and replaces only itself."""

    def __init__(self, folder: Path) -> None:
        """`folder` is made; what its file has of other parts stays."""
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / FILE

    def load(self) -> dict[str, Any]:
        """Return the parts that were measured."""
        if not self.file.exists():
            return {}
        found: dict[str, Any] = json.loads(self.file.read_text())["parts"]
        return found

    def keep_cases(self, part: str, content: dict[str, Any]) -> None:
        """Save some cases of a part, each with its own circumstances; everything else of the part stays."""
        about = {name: content[name] for name in ("about", "seconds")}
        cases = {name: case | about for name, case in content.get("cases", {}).items()}
        old = self.load().get(part, about)
        self.keep(part, old | {"cases": old.get("cases", {}) | cases})

    def keep(self, part: str, content: dict[str, Any]) -> None:
        """Save a part. An interruption leaves the file as it was before or as it is after."""
        parts = self.load() | {part: content}
        draft = self.file.with_suffix(".draft")
        draft.write_text(json.dumps({"parts": parts}, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
        draft.replace(self.file)


def circumstances() -> dict[str, Any]:
    """Return when, where and of what something is measured."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": commit(),
        "machine": machine(),
        "versions": versions(),
        "memory": MEMORY,
    }


def machine() -> dict[str, Any]:
    """Return the machine: processor, cores, memory, system, and its load before the measurement."""
    cpuinfo = Path("/proc/cpuinfo")
    names = re.findall(r"^model name\s*:\s*(.+)$", cpuinfo.read_text() if cpuinfo.exists() else "", re.MULTILINE)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": names[0].strip() if names else platform.machine(),
        "cores": os.cpu_count(),
        "memory": f"{memory:.0f} GiB",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 1),
    }


def versions() -> dict[str, str]:
    """Return the versions of what is measured, from the locks."""
    found = {}
    for environment, names in VERSIONS.items():
        lock = LOCKS[environment].read_text()
        for name in names:
            if version := re.search(rf"^{re.escape(name)}(?:\[[\w,-]+\])?==(\S+)", lock, re.MULTILINE):
                found["PyAirbyte" if name == "airbyte" else name] = version[1]
    return found


def commit() -> str:
    """Return the checkout's commit, or "unknown" outside a repository."""
    result = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return result.stdout.strip() or "unknown"

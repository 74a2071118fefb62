"""The pipeline's state now, as Dagster knows it: each file and table with its last success, rows and checks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from console.clients.dagster import Dagster
from console.logic import times

type Json = dict[str, Any]
type Key = tuple[str, ...]

ASSETS = """{ assetNodes { assetKey { path } groupName isMaterializable dependencyKeys { path } kinds
  freshnessStatusInfo { freshnessStatus }
  metadataEntries { label ... on TextMetadataEntry { text } ... on UrlMetadataEntry { url } }
  assetMaterializations(limit: 1) { timestamp runId metadataEntries { label ... on IntMetadataEntry { intValue } } }
  assetChecksOrError { ... on AssetChecks { checks { name blocking executionForLatestMaterialization {
    status evaluation { severity } } } } } } }"""
LATEST = """query ($keys: [AssetKeyInput!]!) { assetsLatestInfo(assetKeys: $keys) { assetKey { path }
  unstartedRunIds inProgressRunIds latestRun { runId status startTime } } }"""
FAILED = ("FAILED", "EXECUTION_FAILED")
LATE = ("UNHEALTHY", "WARNING")
ROWS = "dagster/row_count"


@dataclass(frozen=True)
class Part:
    """A file or a table of the pipeline."""

    key: Key
    group: str
    upstream: tuple[Key, ...]
    is_file: bool
    kinds: tuple[str, ...] = ()
    place: str = ""
    """The table's name in the warehouse, or the file's address: `s3://bucket/key`."""
    loaded: datetime | None = None
    rows: int | None = None
    checks: int = 0
    failing: tuple[str, ...] = ()
    """The names of the checks that fail."""
    is_late: bool = False
    is_running: bool = False
    is_failed: bool = False
    """Whether the newest run that was to make the part has failed."""
    run: str = ""
    """The id of that run."""

    @property
    def name(self) -> str:
        """The last part of the key: the file's or the table's name."""
        return self.key[-1]

    @property
    def state(self) -> str:
        """The state in one word, the worst first: running, failed, late, done, none."""
        if self.is_running:
            return "running"
        if self.is_failed or self.failing:
            return "failed"
        if self.is_late:
            return "late"
        return "done" if self.loaded else "none"


async def parts(dagster: Dagster) -> list[Part]:
    """Return every part, in the order of Dagster's answer. Raises ServiceError."""
    nodes = (await dagster.query(ASSETS))["assetNodes"]
    found = [part(node) for node in nodes]
    keys = [{"path": list(item.key)} for item in found if not item.is_file]
    latest = (await dagster.query(LATEST, keys=keys))["assetsLatestInfo"] if keys else []
    return with_runs(found, latest)


def part(node: Json) -> Part:
    """Return an asset of Dagster's answer as a part."""
    newest = next(iter(node["assetMaterializations"]), None)
    checks = node["assetChecksOrError"].get("checks", [])
    numbers = {entry["label"]: entry.get("intValue") for entry in newest["metadataEntries"]} if newest else {}
    labels = {entry["label"]: entry.get("text") or entry.get("url") or "" for entry in node["metadataEntries"]}
    return Part(
        key=tuple(node["assetKey"]["path"]),
        group=node["groupName"] or "",
        upstream=tuple(tuple(key["path"]) for key in node["dependencyKeys"]),
        is_file=not node["isMaterializable"],
        kinds=tuple(node["kinds"]),
        place=labels.get("dagster/uri") or labels.get("dagster/table_name") or "",
        loaded=times.of_seconds(float(newest["timestamp"]) / 1000) if newest else None,
        rows=numbers.get(ROWS),
        checks=len(checks),
        failing=tuple(check["name"] for check in checks if _fails(check)),
        is_late=(node["freshnessStatusInfo"] or {}).get("freshnessStatus") in LATE,
    )


def _fails(check: Json) -> bool:
    result = check["executionForLatestMaterialization"] or {}
    severity = (result.get("evaluation") or {}).get("severity", "ERROR")
    return result.get("status") in FAILED and severity == "ERROR"


def with_runs(found: Iterable[Part], latest: Iterable[Json]) -> list[Part]:
    """Return the parts with what Dagster knows of their newest runs."""
    by_key = {tuple(info["assetKey"]["path"]): info for info in latest}
    return [_with_run(item, by_key.get(item.key, {})) for item in found]


def _with_run(item: Part, info: Mapping[str, Any]) -> Part:
    run = info.get("latestRun") or {}
    started = times.of_seconds(run["startTime"]) if run.get("startTime") else None
    failed = run.get("status") == "FAILURE" and (item.loaded is None or started is None or started > item.loaded)
    running = bool(info.get("inProgressRunIds") or info.get("unstartedRunIds"))
    return replace(item, is_running=running, is_failed=failed, run=run.get("runId", ""))

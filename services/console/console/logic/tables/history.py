"""The numbers that Dagster keeps of a table: those of each load, and its profile where profiles are made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.clients.dagster import Dagster, Json
from console.logic.assets import Key
from console.logic.times import of_seconds

NUMBERS = (
    "timestamp metadataEntries { label ... on IntMetadataEntry { intRepr } ... on FloatMetadataEntry { floatRepr } }"
)
HISTORY = f"""query History($key: AssetKeyInput!, $limit: Int!) {{ assetNodeOrError(assetKey: $key) {{
  ... on AssetNode {{ assetMaterializations(limit: $limit) {{ {NUMBERS} }}
  assetObservations(limit: $limit) {{ {NUMBERS} }} }} }} }}"""
NEWEST = """query Profile($key: AssetKeyInput!) { assetNodeOrError(assetKey: $key) {
  ... on AssetNode { assetObservations(limit: 5) { timestamp metadataEntries { label
  ... on JsonMetadataEntry { jsonString } } } } } }"""
PROFILE = "profile"
"""The name of a profile in the metadata of an observation."""
PREFIX = "profile/"
NAMES = {"dagster/row_count": "rows", "Execution Duration": "seconds of the load", f"{PREFIX}row_count": "rows"}


@dataclass(frozen=True)
class Series:
    """One number over time, the oldest first."""

    name: str
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True)
class Profile:
    """The newest profile: when, of how many rows, and the figures of each column by their names."""

    at: datetime
    rows: int
    is_sample: bool
    columns: tuple[Mapping[str, Any], ...]


async def series(dagster: Dagster, key: Key, limit: int) -> list[Series]:
    """Return every number of an asset's newest loads and observations. Raises ServiceError."""
    answer = await dagster.query(HISTORY, key={"path": list(key)}, limit=limit)
    node = answer["assetNodeOrError"]
    return collected([*node.get("assetMaterializations", []), *node.get("assetObservations", [])])


def collected(events: Sequence[Json]) -> list[Series]:
    """Return the numbers of events by name: rows first, then the load's, then the profile's."""
    found: dict[str, dict[datetime, float]] = {}
    for event in events:
        at = of_seconds(float(event["timestamp"]) / 1000)
        for entry in event["metadataEntries"]:
            text = entry.get("intRepr") or entry.get("floatRepr")
            if text is not None:
                name = NAMES.get(entry["label"], entry["label"].removeprefix(PREFIX))
                found.setdefault(name, {})[at] = float(text)
    ordered = sorted(found.items(), key=lambda item: (item[0] != "rows", "/" in item[0], item[0]))
    return [Series(name, tuple(sorted(points.items()))) for name, points in ordered]


async def profile(dagster: Dagster, key: Key) -> Profile | None:
    """Return the newest profile of an asset; None if there is none. Raises ServiceError."""
    answer = await dagster.query(NEWEST, key={"path": list(key)})
    for event in answer["assetNodeOrError"].get("assetObservations", []):
        for entry in event["metadataEntries"]:
            if entry["label"] == PROFILE and entry.get("jsonString"):
                return read(json.loads(entry["jsonString"]), of_seconds(float(event["timestamp"]) / 1000))
    return None


def read(document: Json, at: datetime) -> Profile:
    """Return a profile from its JSON."""
    columns = tuple(document.get("columns", []))
    return Profile(at, int(document.get("row_count", 0)), bool(document.get("is_sample")), columns)


def figure(column: Mapping[str, Any], name: str) -> str:
    """Return a figure of a column as text: a share in percent, numbers with up to six digits; empty if unknown."""
    value = column.get(name)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name.endswith("_proportion"):
        return f"{value:.1%}".replace(".0%", "%")
    if isinstance(value, list):
        return ", ".join(f"{each['value']} ({each['count']:,})" for each in value)
    return f"{value:,.6g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)

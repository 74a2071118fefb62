"""Every asset check: its last result, its history, its failing rows, and the tables that it kept from being built."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from console.clients.dagster import Dagster, Json
from console.logic.assets import Graph, Key
from console.logic.times import of_seconds

EVALUATION = """status timestamp runId stepKey evaluation { severity success description metadataEntries { label
  ... on TextMetadataEntry { text } ... on IntMetadataEntry { intRepr } ... on FloatMetadataEntry { floatRepr }
  ... on TableMetadataEntry { table { records schema { columns { name } } } } } }"""
CHECKS = f"""{{ assetNodes {{ assetKey {{ path }} assetChecksOrError {{ ... on AssetChecks {{ checks {{
  name description blocking executionForLatestMaterialization {{ {EVALUATION} }} }} }} }} }} }}"""
HISTORY = f"""query Checks($key: AssetKeyInput!, $check: String!, $limit: Int!) {{
  assetCheckExecutions(assetKey: $key, checkName: $check, limit: $limit) {{ {EVALUATION} }} }}"""
RUN = """query Run($run: ID!) { runOrError(runId: $run) { ... on Run {
  assets { key { path } } assetMaterializations { assetKey { path } } } } }"""
STATES = {"SUCCEEDED": "passed", "IN_PROGRESS": "running", "EXECUTION_FAILED": "error", "SKIPPED": "skipped"}
ORDER = ("failed", "error", "warning", "running", "not run", "skipped", "passed")


@dataclass(frozen=True)
class Rows:
    """The failing rows, or findings, that a check noted: a sample, as text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]


@dataclass(frozen=True)
class Result:
    """One execution of a check. `state` is a word of ORDER."""

    state: str
    at: datetime
    run: str
    text: str = ""
    query: str = ""
    """SQL that returns all failing rows."""
    rows: Rows | None = None
    numbers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A check of an asset. `last` is None when it has not run since the asset was last loaded."""

    asset: Key
    name: str
    description: str
    is_blocking: bool
    last: Result | None

    @property
    def state(self) -> str:
        """The word for its last result."""
        return self.last.state if self.last else "not run"


async def every(dagster: Dagster) -> list[Check]:
    """Return all checks: what is wrong first, then by asset and name. Raises ServiceError."""
    answer = await dagster.query(CHECKS)
    found = [
        _check(tuple(node["assetKey"]["path"]), check)
        for node in answer["assetNodes"]
        for check in node["assetChecksOrError"].get("checks", [])
    ]
    return sorted(found, key=lambda check: (ORDER.index(check.state), check.asset, check.name))


async def history(dagster: Dagster, check: Check, limit: int) -> list[Result]:
    """Return the newest executions of a check, the newest first. Raises ServiceError."""
    key = {"path": list(check.asset)}
    answer = await dagster.query(HISTORY, key=key, check=check.name, limit=limit)
    return [_result(each) for each in answer["assetCheckExecutions"]]


async def blocked(dagster: Dagster, graph: Graph, check: Check) -> list[Key]:
    """Return the assets after a failed check that its run was to build and did not. Raises ServiceError."""
    if check.last is None or check.state not in ("failed", "error"):
        return []
    answer = (await dagster.query(RUN, run=check.last.run))["runOrError"]
    planned = {tuple(asset["key"]["path"]) for asset in answer.get("assets", [])}
    built = {tuple(event["assetKey"]["path"]) for event in answer.get("assetMaterializations", [])}
    return sorted((planned - built) & graph.downstream(check.asset))


def counts(checks: list[Check]) -> dict[str, int]:
    """Return the number of checks in each state, in the order of ORDER, without the states that no check has."""
    found = {state: sum(check.state == state for check in checks) for state in ORDER}
    return {state: number for state, number in found.items() if number}


def _check(key: Key, check: Json) -> Check:
    last = check["executionForLatestMaterialization"]
    return Check(key, check["name"], check["description"] or "", check["blocking"], _result(last) if last else None)


def _result(execution: Json) -> Result:
    evaluation = execution["evaluation"] or {}
    entries: list[Json] = evaluation.get("metadataEntries", [])
    numbers = {entry["label"]: entry.get("intRepr") or entry.get("floatRepr") for entry in entries}
    tables = [entry["table"] for entry in entries if entry.get("table")]
    return Result(
        _state(execution["status"], evaluation),
        of_seconds(execution["timestamp"]),
        execution["runId"],
        evaluation.get("description") or "",
        next((entry["text"] for entry in entries if entry["label"] == "query" and entry.get("text")), ""),
        _rows(tables[0]) if tables else None,
        {label: text for label, text in numbers.items() if text is not None},
    )


def _state(status: str, evaluation: Json) -> str:
    if status == "FAILED":
        return "warning" if evaluation.get("severity") == "WARN" else "failed"
    return STATES.get(status, "not run")


def _rows(table: Json) -> Rows:
    columns = tuple(column["name"] for column in table["schema"]["columns"])
    records = [json.loads(record) if isinstance(record, str) else record for record in table["records"]]
    return Rows(columns, tuple(tuple(_text(_data(record).get(name)) for name in columns) for record in records))


def _data(record: Any) -> dict[str, Any]:
    data: dict[str, Any] = record.get("data", record)
    return data


def _text(value: Any) -> str | None:
    return None if value is None else str(value)

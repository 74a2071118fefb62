"""Every asset check: its last result, its history, its failing rows, and the tables that it kept from being built."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from console.clients.dagster import Dagster, Json
from console.logic.assets import Graph, Key
from console.logic.shared import SECONDS, for_all_pages
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
STATES = {"SUCCEEDED": "passed", "IN_PROGRESS": "running", "SKIPPED": "skipped"}
ORDER = ("failed", "warning", "running", "not run", "skipped", "passed")
NOT_RUN = "Its run ended before the check had a result."


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
    severity: str = ""
    """`error` or `warn`; empty when there is no result."""
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


@for_all_pages(SECONDS)
async def every(dagster: Dagster) -> list[Check]:
    """Return all checks: failures first, then by asset and name. Raises ServiceError."""
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
    if check.last is None or check.state != "failed":
        return []
    answer = (await dagster.query(RUN, run=check.last.run))["runOrError"]
    planned = {tuple(asset["key"]["path"]) for asset in answer.get("assets", [])}
    built = {tuple(event["assetKey"]["path"]) for event in answer.get("assetMaterializations", [])}
    return sorted((planned - built) & graph.downstream(check.asset))


def chosen(checks: list[Check], state: str, text: str) -> list[Check]:
    """Return the checks in a state whose asset and name contain every word of a text; empty: all."""
    words = text.lower().split()
    return [
        check
        for check in checks
        if state in ("", check.state) and all(word in f"{'/'.join(check.asset)} {check.name}".lower() for word in words)
    ]


def unwrapped(description: str) -> str:
    """Return a description with each paragraph and each item of a list on one line."""
    return re.sub(r"(?<!\n)\n(?![\n*-])[ \t]*", " ", description.strip())


def meaning(check: Check) -> str:
    """Return what a failure of a check means, in a sentence; empty when that is not known yet."""
    severity = check.last.severity if check.last else ""
    if severity == "warn":
        return "Severity: warning. A failure stops nothing."
    if check.is_blocking:
        return "Severity: error. A failure stops what is built from the table."
    # dbt itself leaves out what comes after a failed test; a check of dbt's sources tells afterwards.
    return "Severity: error. dbt does not build what comes after a failed test of a model." if severity else ""


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
        evaluation.get("description") or (NOT_RUN if execution["status"] == "EXECUTION_FAILED" else ""),
        (evaluation.get("severity") or "").lower(),
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

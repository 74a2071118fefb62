"""Dagster's runs: the newest ones, the progress of a running one, and the start of one that makes everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.clients.dagster import Dagster
from console.logic import times

type Json = dict[str, Any]

JOB = "all_assets"
"""The job that makes every table."""
NEWEST = 6
LAUNCH_SECONDS = 60.0
"""The time limit of a start: Dagster may have started the run although its answer did not come in time."""
ACTIVE = ("QUEUED", "NOT_STARTED", "STARTING", "STARTED", "CANCELING", "MANAGED")
RUNS = """query ($limit: Int!) { runsOrError(limit: $limit) { ... on Runs { results { runId status jobName startTime
  endTime creationTime assetSelection { path } tags { key value }
  assetMaterializations { assetKey { path } }
  stats { ... on RunStatsSnapshot { stepsFailed } } } } ... on PythonError { message } }
  assetNodes { isMaterializable } }"""
JOBS = """{ repositoriesOrError { ... on RepositoryConnection { nodes { name location { name } jobs { name } } }
  ... on PythonError { message } } }"""
LAUNCH = """mutation ($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) { __typename
  ... on LaunchRunSuccess { run { runId } } ... on Error { message }
  ... on RunConfigValidationInvalid { errors { message } } } }"""


@dataclass(frozen=True)
class Run:
    """One run of Dagster."""

    id: str
    status: str
    cause: str
    """Why the run was started: by hand, by a sensor, a schedule."""
    started: datetime | None
    seconds: float | None
    made: int
    planned: int

    @property
    def is_active(self) -> bool:
        """Whether the run waits or works."""
        return self.status in ACTIVE

    @property
    def progress(self) -> float:
        """The share of the planned tables that are made, from 0 to 1."""
        return min(self.made / self.planned, 1.0) if self.planned else 0.0


async def newest(dagster: Dagster) -> list[Run]:
    """Return the newest runs, the newest first. Raises ServiceError."""
    answer = await dagster.query(RUNS, limit=NEWEST)
    found = answer["runsOrError"]
    if "results" not in found:
        raise dagster.service.error(str(found.get("message", "no runs")))
    tables = sum(node["isMaterializable"] for node in answer["assetNodes"])
    return [run(item, tables) for item in found["results"]]


def run(item: Json, tables: int) -> Run:
    """Return a run of Dagster's answer; `tables` is the number of tables that a run without a selection makes."""
    tags = {tag["key"]: tag["value"] for tag in item["tags"]}
    started, ended = item["startTime"], item["endTime"]
    made = {tuple(event["assetKey"]["path"]) for event in item["assetMaterializations"] if event["assetKey"]}
    return Run(
        id=item["runId"],
        status=item["status"],
        cause=_cause(tags, item["jobName"]),
        started=times.of_seconds(started or item["creationTime"]) if started or item.get("creationTime") else None,
        seconds=ended - started if started and ended else None,
        made=len(made),
        planned=len(item["assetSelection"] or []) or tables,
    )


def _cause(tags: dict[str, str], job: str) -> str:
    for key, words in (("dagster/sensor_name", "sensor"), ("dagster/schedule_name", "schedule")):
        if key in tags:
            return f"{words} {tags[key]}"
    if "dagster/parent_run_id" in tags:
        return "retry"
    return "by hand" if job.startswith("__") else job


async def launch(dagster: Dagster) -> str:
    """Start a run that makes every table, and return its id. Raises ServiceError."""
    found = (await dagster.query(JOBS))["repositoriesOrError"]
    for repository in found.get("nodes", []):
        if any(job["name"] == JOB for job in repository["jobs"]):
            selector = {
                "jobName": JOB,
                "repositoryName": repository["name"],
                "repositoryLocationName": repository["location"]["name"],
            }
            parameters = {"selector": selector, "runConfigData": {}}
            result = (await dagster.query(LAUNCH, LAUNCH_SECONDS, parameters=parameters))["launchRun"]
            if result["__typename"] != "LaunchRunSuccess":
                reasons = [result.get("message"), *(error["message"] for error in result.get("errors", []))]
                raise dagster.service.error(f"the run was not started: {'; '.join(filter(None, reasons))}")
            return str(result["run"]["runId"])
    raise dagster.service.error(f"there is no job {JOB}: the code location is not loaded", "make logs s=code")

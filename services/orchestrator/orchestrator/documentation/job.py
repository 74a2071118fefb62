"""The job that makes the documentation, and the sensor that starts it when a run has built changed models."""

import hashlib
import json
from typing import Any

import dagster as dg

from orchestrator.dbt_integration import DbtProject
from orchestrator.documentation import pages
from orchestrator.settings import Settings

JOB = SENSOR = "dbt_docs"
BUILD = "dbt_build"
"""The step that builds the models; in the job of a connection, its name goes on."""
STATE = "data-platform/models"
"""The tag of a run with the state of the models that it documents."""
FINE = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.SUCCESS,
]
"""A run with one of these statuses has made the documentation, or will make it.

After any other, the next run asks again.
"""
SECONDS = 30
TOLD = ("checksum", "description", "columns", "config", "depends_on", "relation_name")
"""The properties of a model that its documentation shows."""


def fingerprint(manifest: dict[str, Any]) -> str:
    """Return a text that changes when a model, a source or its description does, and not when dbt parses it again."""
    nodes = {**manifest.get("nodes", {}), **manifest.get("sources", {}), **manifest.get("exposures", {})}
    told = {key: {name: node.get(name) for name in TOLD} for key, node in sorted(nodes.items())}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def docs_job(project: DbtProject) -> dg.JobDefinition:
    """Return the job. Its runs wait for all others in the queue."""

    @dg.op(name=f"make_{JOB}", description="Makes dbt's documentation and the lineage of columns, for the console.")
    def make(context: dg.OpExecutionContext) -> None:
        for path in pages.make(project, Settings.read().dbt_docs):
            context.log.info(f"{path}: {path.stat().st_size:,} bytes")

    @dg.job(
        name=JOB,
        description="Makes dbt's documentation and the lineage of columns again. The sensor of this name starts it "
        "after a run whose models have changed.",
        tags={"dagster/priority": "-1"},
    )
    def job() -> None:
        make()

    return job


def docs_sensor(job: dg.JobDefinition, manifest: dict[str, Any], settings: Settings) -> dg.SensorDefinition:
    """Return the sensor: one run of the job for each state of the models, after the first run that built them."""
    state = fingerprint(manifest)
    running, stopped = dg.DefaultSensorStatus.RUNNING, dg.DefaultSensorStatus.STOPPED

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name=SENSOR,
        minimum_interval_seconds=SECONDS,
        default_status=running if settings.make_docs else stopped,
        request_job=job,
        description="Starts the job of this name after a run that has built models, if they have changed since it ran.",
    )
    def sensor(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        return request(context.instance, context.dagster_run, state)

    return sensor


def request(instance: dg.DagsterInstance, run: dg.DagsterRun, state: str) -> dg.RunRequest | dg.SkipReason:
    """Return what a successful run asks for, unless the newest documentation is of this state.

    Dagster never starts two runs for one key, also if the first one failed. So the key contains the asking run.
    """
    steps = [] if run.job_name == JOB else instance.get_run_step_stats(run.run_id)
    if not any(step.step_key.startswith(BUILD) for step in steps):
        return dg.SkipReason("This run built no models.")
    newest = instance.get_runs(dg.RunsFilter(job_name=JOB, statuses=FINE), limit=1)
    if any(each.tags.get(STATE) == state for each in newest):
        return dg.SkipReason("The models have not changed since their documentation was made.")
    return dg.RunRequest(run_key=f"{JOB}-{state}-{run.run_id}", tags={STATE: state})

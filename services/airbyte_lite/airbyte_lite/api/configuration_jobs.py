"""The jobs of Airbyte's configuration API."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastapi import APIRouter

from airbyte_lite.api import configuration_schemas as schemas
from airbyte_lite.api.configuration_views import attempt_info, definition_read, job_info, job_read
from airbyte_lite.api.dependencies import AUTHENTICATED, CONFIGURATION, Served
from airbyte_lite.api.jobs import seconds
from airbyte_lite.api.pools import Route, patient, slow
from airbyte_lite.problem import not_found
from airbyte_lite.state.records import Job, JobFilter

JOB_TYPES = {"sync": "sync", "reset_connection": "reset", "clear": "reset"}  # by configType; others have no jobs here

router = APIRouter(route_class=Route, prefix=CONFIGURATION, tags=["Configuration API"], dependencies=AUTHENTICATED)


@router.post("/jobs/get", summary="Get a job with its log")
@patient
def get_job(served: Served, body: schemas.JobId) -> dict[str, Any]:
    """Answer the job with its log lines so far and, if it failed, the reason."""
    job = served.jobs.get(body.id)
    return job_info(job, served.jobs.log(job.id))


@router.post("/jobs/cancel", summary="Cancel a job")
@slow
def cancel_job(served: Served, body: schemas.JobId) -> dict[str, Any]:
    """Cancel the job, wait up to 20 s for its end and answer it. A job that has ended is answered unchanged."""
    job = served.jobs.cancel(body.id)
    return job_info(job, served.jobs.log(job.id))


@router.post("/jobs/list", summary="List jobs")
def list_jobs(served: Served, body: schemas.JobList) -> dict[str, Any]:
    """Answer the matching jobs without their logs, and their number; by default the newest first."""
    conditions = JobFilter(
        connection_id=body.config_id,
        types=sorted({JOB_TYPES[kind] for kind in body.config_types if kind in JOB_TYPES}),
        statuses=[*body.statuses] if body.statuses else None,
        created_from=seconds(body.created_at_start),
        created_to=seconds(body.created_at_end),
        updated_from=seconds(body.updated_at_start),
        updated_to=seconds(body.updated_at_end),
        order_by="updated_at" if body.order_by_field == "updatedAt" else "created_at",
        descending=body.order_by_method != "ASC",
    )
    limit, offset = body.pagination.page_size, body.pagination.row_offset
    if body.including_job_id is not None:  # whole pages, from the newest job to this one
        job = served.jobs.get(body.including_job_id)
        newer = served.job_store.count(replace(conditions, created_from=job.created_at))
        limit, offset = -(-newer // limit) * limit, 0
    found = [served.jobs.current(job) for job in served.job_store.find(conditions, limit, offset)]
    return {
        "jobs": [{"job": job_read(job), "attempts": _attempts(job)} for job in found],
        "totalJobCount": served.job_store.count(conditions),
    }


def _attempts(job: Job) -> list[dict[str, Any]]:
    return [info["attempt"] for info in job_info(job, [])["attempts"]]


@router.post("/jobs/get_debug_info", summary="Get a job with its connectors and its log")
@patient
def get_debug_info(served: Served, body: schemas.JobId) -> dict[str, Any]:
    """Answer the job with its log and the definitions of its source and destination."""
    job = served.jobs.get(body.id)
    connection = served.store.connection(job.connection_id, deleted=True)
    source = served.store.actor("source", connection.source_id, deleted=True)
    destination = served.store.actor("destination", connection.destination_id, deleted=True)
    info = job_info(job, served.jobs.log(job.id))
    return {
        "job": {
            **info["job"],
            "airbyteVersion": "airbyte-lite",
            "sourceDefinition": definition_read(served.definitions.get("source", source.definition_id)),
            "destinationDefinition": definition_read(served.definitions.get("destination", destination.definition_id)),
        },
        "attempts": info["attempts"],
        "workflowState": {"running": not job.ended},
    }


@router.post("/attempt/get_for_job", summary="Get an attempt of a job with its log")
@patient
def get_attempt(served: Served, body: schemas.AttemptOfJob) -> dict[str, Any]:
    """Answer the attempt. A job has at most the attempt 0; raises a 404 Problem for any other."""
    job = served.jobs.get(body.job_id)
    if not job.attempted or body.attempt_number != 0:
        raise not_found(f"attempt of job {job.id}", body.attempt_number)
    return attempt_info(job, served.jobs.log(job.id))

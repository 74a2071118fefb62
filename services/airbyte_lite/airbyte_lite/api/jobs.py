"""The job endpoints of the public API."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from airbyte_lite.api import schemas
from airbyte_lite.api.dependencies import AUTHENTICATED, PUBLIC, Paged, Served, WorkspaceIds
from airbyte_lite.api.fields import Id, Moment, Number
from airbyte_lite.api.pools import Route, slow
from airbyte_lite.api.services import Services
from airbyte_lite.api.views import job_view
from airbyte_lite.problem import conflict, invalid
from airbyte_lite.state.records import Job, JobFilter

TYPES = {"clear": "reset"}
"""By the jobType of a request: Airbyte has two names for one type."""
OrderBy = Literal["createdAt|ASC", "createdAt|DESC", "updatedAt|ASC", "updatedAt|DESC"]

router = APIRouter(route_class=Route, prefix=f"{PUBLIC}/jobs", tags=["Jobs"], dependencies=AUTHENTICATED)


def start_job(served: Services, connection_id: str, job_type: str, streams: list[str] | None = None) -> Job:
    """Start a job; a reset of these streams only, if they are given.

    Raises a 409 Problem if the connection is inactive or has an active job.
    """
    connection = served.store.connection(connection_id)
    if connection.status != "active":
        reason = f"{connection.status_reason} " if connection.status_reason else ""
        raise conflict(
            f"The connection {connection.name} is {connection.status}. {reason}"
            f"Set its status to active first, with PATCH /connections/{connection.id}.",
            "state-conflict",
        )
    return served.jobs.start(connection, job_type, streams)


@router.post("", summary="Start a sync or a reset")
@slow
def create_job(served: Served, body: schemas.JobCreate) -> dict[str, Any]:
    """Start the job and answer at once. GET /jobs/{jobId} shows its progress. The type clear means reset."""
    if body.job_type == "refresh":
        raise invalid("Jobs of type refresh are not implemented. Start a job of type reset, then a job of type sync.")
    return job_view(start_job(served, body.connection_id, TYPES.get(body.job_type, body.job_type)))


@router.get("", summary="List jobs")
def list_jobs(
    served: Served,
    page: Paged,
    workspaces: WorkspaceIds,
    connection_id: Annotated[Id | None, Query(alias="connectionId")] = None,
    job_type: Annotated[Literal["sync", "reset", "clear", "refresh"] | None, Query(alias="jobType")] = None,
    status: Literal["pending", "queued", "running", "incomplete", "failed", "succeeded", "cancelled"] | None = None,
    created_from: Annotated[Moment | None, Query(alias="createdAtStart")] = None,
    created_to: Annotated[Moment | None, Query(alias="createdAtEnd")] = None,
    updated_from: Annotated[Moment | None, Query(alias="updatedAtStart")] = None,
    updated_to: Annotated[Moment | None, Query(alias="updatedAtEnd")] = None,
    order_by: Annotated[OrderBy, Query(alias="orderBy")] = "createdAt|ASC",
) -> dict[str, Any]:
    """Answer a page of jobs, sorted by orderBy; the default is oldest first."""
    column, _, direction = order_by.partition("|")
    conditions = JobFilter(
        connection_id=connection_id,
        workspace_ids=workspaces,
        types=None if job_type is None else [TYPES.get(job_type, job_type)],
        statuses=None if status is None else [status],
        created_from=seconds(created_from),
        created_to=seconds(created_to),
        updated_from=seconds(updated_from),
        updated_to=seconds(updated_to),
        order_by="updated_at" if column == "updatedAt" else "created_at",
        descending=direction == "DESC",
    )
    found = served.job_store.find(conditions, page.limit + 1, page.offset)
    return page.respond(found, lambda job: job_view(served.jobs.current(job)))


def seconds(moment: datetime.datetime | None) -> float | None:
    """Return a time in seconds since 1970. A time without a time zone is in UTC."""
    if moment is None:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()


@router.get("/{job_id}", summary="Get a job")
def get_job(served: Served, job_id: Number) -> dict[str, Any]:
    """Answer the job with its number of records and bytes so far."""
    return job_view(served.jobs.get(job_id))


@router.delete("/{job_id}", summary="Cancel a job")
@slow
def cancel_job(served: Served, job_id: Number) -> dict[str, Any]:
    """Cancel the job, wait up to 20 s for its end and answer it. A job that has ended is answered unchanged."""
    return job_view(served.jobs.cancel(job_id))

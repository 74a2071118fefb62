"""dagster-airbyte's client, with what it does not know of Airbyte's answers."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import dagster as dg
from dagster_airbyte.resources import AirbyteClient

LONGEST_SYNC = timedelta(days=2)  # dagster-airbyte's own limit for a sync that it follows
ACTIVE = {"pending", "running", "incomplete"}


class Client(AirbyteClient):
    """Follows jobs that are queued, and a job that runs although the request that was to start it failed."""

    def start_sync_job(self, connection_id: str) -> Mapping[str, Any]:
        """Start a sync, or return the one that runs; raises Failure when there is none.

        Airbyte answers 409 when somebody else was faster, and an answer that was lost (500, a timeout) leaves a job.
        """
        try:
            return super().start_sync_job(connection_id)
        except dg.Failure:
            jobs = self.get_jobs_for_connection(connection_id, created_after=datetime.now() - LONGEST_SYNC)
            running = [job.id for job in jobs if job.status in ACTIVE and job.type == "sync"]
            if len(running) != 1:
                raise
            return self.get_job_details(running[0])

    def _single_request(
        self,
        method: str,
        url: str,
        data: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        include_additional_request_headers: bool = True,
    ) -> Mapping[str, Any]:
        answer = super()._single_request(method, url, data, params, include_additional_request_headers)
        # A job that waits for a worker is "queued" in Airbyte 2: dagster-airbyte would cancel what it does not know.
        for job in (answer, *(answer.get("data") or [])):
            if "jobId" in job and job.get("status") == "queued":
                job["status"] = "pending"
        return answer

"""Bridges for the time limit of a job (`jobTimeoutMs`)."""

import threading
from typing import Any

from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import runner


def stopped_in_time() -> None:
    """Stop a job when its time limit is over: local-bigquery ignores the limit."""
    upstream_execute, upstream_done, late = runner._execute, runner._done, set()

    def execute(job: Any, job_type: str, session: Any, running: Any, upload: Any) -> Any:
        limit = job.configuration.jobTimeoutMs
        if not limit or int(limit) <= 0:
            return upstream_execute(job, job_type, session, running, upload)

        def stop() -> None:
            late.add(job.id)
            running.cancelled = True
            if running.cursor:
                running.cursor.interrupt()

        timer = threading.Timer(int(limit) / 1000, stop)
        timer.daemon = True
        timer.start()
        try:
            return upstream_execute(job, job_type, session, running, upload)
        finally:
            timer.cancel()
            late.discard(job.id)

    def done(job: Any, statistics: Any, error: Any = None) -> Any:
        if error and job.id in late:
            limit = int(job.configuration.jobTimeoutMs) / 1000
            error = BigQueryError("stopped", f"Job execution was cancelled: Job timed out after {limit:g} s")
        return upstream_done(job, statistics, error)

    runner._execute, runner._done = execute, done

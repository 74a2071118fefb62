"""Bridges that stop running jobs: when a client cancels one, and when its time limit (`jobTimeoutMs`) is over."""

import contextlib
import threading
import time
from typing import Any

import duckdb
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import runner

EVERY_S = 0.05
CANCEL_WAIT_MS = 1000
"""How long the answer to a cancellation waits for the job's end, in milliseconds."""


def cancelled_at_any_moment() -> None:
    """Interrupt a cancelled job until it ends: local-bigquery interrupts it once.

    DuckDB forgets an interrupt that comes before the statement runs, for example while it is translated. The job then
    ran to its end. An interrupt that comes after it is an error.
    """

    def cancel(project_id: str, job_id: str) -> Any:
        runner.get(project_id, job_id)  # raises BigQueryError if there is no such job
        if running := runner._running.get((project_id, job_id)):
            _stop(running)
        return runner.wait(project_id, job_id, CANCEL_WAIT_MS)

    runner.cancel = cancel


def time_limits() -> None:
    """Stop a job when its time limit is over: local-bigquery ignores the limit."""
    upstream_execute, upstream_done, late = runner._execute, runner._done, set()

    def execute(job: Any, job_type: str, session: Any, running: Any, upload: Any) -> Any:
        limit = job.configuration.jobTimeoutMs
        if not limit or int(limit) <= 0:
            return upstream_execute(job, job_type, session, running, upload)

        def stop() -> None:
            late.add(job.id)
            _stop(running)

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
            error = BigQueryError("stopped", f"Job execution was cancelled: Job timed out after {limit:g} sec")
        return upstream_done(job, statistics, error)

    runner._execute, runner._done = execute, done


def _stop(running: Any) -> None:
    running.cancelled = True
    threading.Thread(target=_interrupt, args=(running,), name="stop a job", daemon=True).start()


def _interrupt(running: Any) -> None:
    while running.future is None or not running.future.done():
        if running.cursor:
            with contextlib.suppress(duckdb.Error):  # closed: the job is at its end
                running.cursor.interrupt()
        time.sleep(EVERY_S)

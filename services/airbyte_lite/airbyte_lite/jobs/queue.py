"""Queues, starts and cancels jobs. Each running job has a thread; each connection has at most one active job."""

from __future__ import annotations

import logging
import os
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from airbyte_lite.connectors.runner import ConnectorError
from airbyte_lite.jobs.log import JobLog
from airbyte_lite.loader.errors import SyncCancelled, SyncError
from airbyte_lite.problem import Problem
from airbyte_lite.state.jobstore import INTERRUPTED, JobStore
from airbyte_lite.state.records import Connection, Job
from airbyte_lite.sync.task import Task

# The connector of a sync uses one core, so more syncs at the same time would not finish earlier.
RUNNING_AT_ONCE = max(2, os.cpu_count() or 1)
# Jobs whose connector waits for its source use no core, so others may run beside them. Each needs about 50 MiB.
QUIET_AT_ONCE = 4
CANCEL_SECONDS = 20.0  # longest wait for the end of a cancelled job before the cancel request is answered
CLOSE_SECONDS = 3.0

log = logging.getLogger("airbyte_lite")


@dataclass(frozen=True)
class Outcome:
    """The result of a job: its final status, the reason, and details for the log."""

    status: str
    reason: str | None = None
    failure_type: str | None = None
    details: str = ""


class Jobs:
    """The jobs of this process.

    `work` runs one job to its end. It raises SyncError, SyncCancelled or ConnectorError if the job did not succeed.
    """

    def __init__(self, store: JobStore, work: Callable[[Task], None], running_at_once: int = RUNNING_AT_ONCE) -> None:
        self._store = store
        self._work = work
        self._running_at_once = running_at_once
        self._lock = threading.Lock()
        self._tasks: dict[int, Task] = {}
        self._queue: deque[Task] = deque()
        self._running = 0
        self._quiet: set[int] = set()  # the ids of running jobs whose connector has written nothing for some seconds
        self._closing = False

    def start(self, connection: Connection, job_type: str, streams: list[str] | None = None) -> Job:
        """Queue a sync or a reset (of these streams, or of all) and return the job.

        Raises a 409 Problem while the connection has an active job.
        """
        job = self._store.create(connection.id, connection.workspace_id, job_type, streams)
        task = Task(job, JobLog(self._store, job.id), on_quiet=self._on_quiet)
        with self._lock:
            self._tasks[job.id] = task
            self._queue.append(task)
        self._dispatch()
        return self.get(job.id)

    def get(self, job_id: int) -> Job:
        """Return the job with its current progress. Raises a 404 Problem if the id is unknown."""
        return self.current(self._store.get(job_id))

    def current(self, job: Job) -> Job:
        """Return the stored job; a running job with its current numbers of records and bytes."""
        task = self._tasks.get(job.id)
        if task is not None and job.status == "running":
            progress = task.log.progress
            job.records, job.bytes, job.bytes_billed = progress.records, progress.bytes, progress.bytes_billed
            job.updated_at = time.time()
        return job

    def log(self, job_id: int) -> list[str]:
        """Return the lines that the job's log has so far."""
        task = self._tasks.get(job_id)
        if task is not None:
            task.log.flush()
        return self._store.log(job_id)

    def cancel(self, job_id: int) -> Job:
        """Cancel a job, wait up to 20 s for its end and return it. A job that has ended is returned unchanged.

        Raises a 404 Problem if the id is unknown.
        """
        job = self._store.get(job_id)
        task = self._tasks.get(job_id)
        if task is not None:
            with self._lock:
                if task in self._queue:
                    self._queue.remove(task)
                    self._end(task, Outcome("cancelled", "The job was cancelled before it started."))
            task.cancel()
            task.ended.wait(CANCEL_SECONDS)
        elif not job.ended:
            self._store.finish(job_id, "cancelled")
        return self.get(job_id)

    def cancel_of(self, connection_id: str) -> None:
        """Cancel the connection's active job, if it has one."""
        job = self._store.active(connection_id)
        if job is not None:
            self.cancel(job.id)

    def close(self) -> None:
        """Stop every job within 3 s and mark it as interrupted. No queued job starts after this."""
        with self._lock:
            self._closing = True
            while self._queue:
                del self._tasks[self._queue.pop().job.id]
            tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        deadline = time.monotonic() + CLOSE_SECONDS
        for task in tasks:
            task.ended.wait(max(0.0, deadline - time.monotonic()))
        self._store.fail_interrupted()

    def _dispatch(self) -> None:
        with self._lock:
            while self._queue and self._has_room() and not self._closing:
                task = self._queue.popleft()
                try:
                    # Marked here and not in the thread, so that the answer to the client already says "running".
                    # A job that is no longer pending was cancelled: its connection was deleted in the meantime.
                    if not self._store.start(task.job.id):
                        self._end(task, Outcome("cancelled", "The job was cancelled before it started."))
                        continue
                    # A daemon thread does not keep the server from ending when it hangs in a request.
                    threading.Thread(target=self._run, args=(task,), name=f"job-{task.job.id}", daemon=True).start()
                except Exception as error:  # for example a full disk or no free thread: mark the job as failed
                    reason = f"The job could not be started: {type(error).__name__}: {error}."
                    self._end(task, Outcome("failed", reason, "system_error"))
                    continue
                self._running += 1

    def _has_room(self) -> bool:
        return self._running - min(len(self._quiet), QUIET_AT_ONCE) < self._running_at_once

    def _on_quiet(self, task: Task, quiet: bool) -> None:
        """Let another job run while the connector of this one waits for its source."""
        with self._lock:
            (self._quiet.add if quiet else self._quiet.discard)(task.job.id)
        if quiet:
            self._dispatch()

    def _run(self, task: Task) -> None:
        try:
            self._end(task, self._outcome(task))
        finally:
            with self._lock:
                self._running -= 1
                self._quiet.discard(task.job.id)
            self._dispatch()

    def _outcome(self, task: Task) -> Outcome:
        """Do the work of the job and return the outcome."""
        try:
            self._work(task)
        except SyncCancelled:
            reason = (
                "The job was cancelled. Streams that this log shows as loaded have their new rows and state; "
                "the tables and states of all other streams are unchanged."
            )
            return Outcome("cancelled", reason)
        except SyncError as error:
            return Outcome("failed", error.message, error.failure_type)
        except ConnectorError as error:
            return Outcome("failed", error.message, error.failure_type, error.internal)
        except Problem as error:  # the connection, its source or its destination was deleted
            return Outcome("failed", error.message, "config_error")
        except Exception as error:
            reason = f"Unexpected error: {type(error).__name__}: {error}. The job's log has the details."
            return Outcome("failed", reason, "system_error", traceback.format_exc())
        return Outcome("succeeded")

    def _end(self, task: Task, outcome: Outcome) -> None:
        """Store the outcome and remove the job from the active jobs, also if the database refuses the outcome."""
        status, reason, failure_type = outcome.status, outcome.reason, outcome.failure_type
        if self._closing and status != "succeeded":
            status, reason, failure_type = "failed", INTERRUPTED, "system_error"
        elif task.cancelled.is_set() and status == "failed":
            # Stopping a job causes errors, for example in its connector. They are not failures of the job.
            status, reason, failure_type = "cancelled", f"The job was cancelled. {reason}", None
        reason = task.log.redact(reason) if reason else None
        progress = task.log.progress
        try:
            if outcome.details:
                task.log("ERROR", outcome.details)
            if status == "failed":
                task.log.end("ERROR", f"The job failed: {reason}")
            else:
                task.log.end(
                    "INFO", reason or f"The job succeeded: {progress.records} records, {progress.bytes} bytes."
                )
        except Exception as error:
            self._not_stored(task, "log", error)
        try:
            self._store.finish(task.job.id, status, reason if status == "failed" else None, failure_type)
        except Exception as error:
            self._not_stored(task, f"final status ({status})", error)
        log.info("job %s (connection %s): %s", task.job.id, task.job.connection_id, status)
        self._tasks.pop(task.job.id, None)
        task.ended.set()

    def _not_stored(self, task: Task, what: str, error: Exception) -> None:
        """Log that the database refused data of the job. Not while the server stops: the database may be closed."""
        if not self._closing:
            log.error("job %s: could not store its %s: %s: %s", task.job.id, what, type(error).__name__, error)

"""Runs BigQuery jobs: submits each of them once, and waits for its end."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type
from google.cloud import bigquery

from airbyte_lite.loader.errors import SyncCancelled, SyncError
from airbyte_lite.loader.upload import Upload
from airbyte_lite.loader.warehouse import REQUEST_S, Warehouse

Job = bigquery.LoadJob | bigquery.CopyJob | bigquery.QueryJob

_ONCE = Retry(predicate=if_exception_type())  # no retries by the client: `_once` retries
_FIRST_POLL_S, _LONGEST_POLL_S = 0.02, 5.0  # short at first: the job of a small table ends at once
_JOB_S = 6 * 3600  # BigQuery's own limit for a load job
_ATTEMPTS = 3
# With these reasons, BigQuery asks to try again, and the job has changed nothing (BigQuery's page "Error messages").
_TRY_AGAIN = {"backendError", "internalError", "jobBackendError", "jobInternalError", "rateLimitExceeded"}
# With these reasons, the user must change a setting or the Google Cloud project.
_CONFIG_REASONS = {"accessDenied", "billingNotEnabled", "bytesBilledLimitExceeded", "quotaExceeded"}
_HINTS = {"bytesBilledLimitExceeded": " Raise BQ_MAXIMUM_BYTES_BILLED."}


class Jobs:
    """Runs the BigQuery jobs of one sync.

    The id of a job is made of the sync's token and the step, so BigQuery does not run a repeated request twice.
    Methods raise SyncError with BigQuery's error message. If `halt` is set, they raise SyncCancelled and the job has
    changed nothing.
    """

    def __init__(
        self, warehouse: Warehouse, prefix: str, halt: threading.Event, maximum_bytes_billed: int | None = None
    ) -> None:
        self.bytes_billed = 0  # for the queries so far; the emulator bills nothing
        self._maximum_bytes_billed = maximum_bytes_billed
        self._warehouse = warehouse
        self._client = warehouse.client
        self._prefix = prefix
        self._halt = halt

    def load(self, path: Path, table: str, config: bigquery.LoadJobConfig, step: str) -> int | None:
        """Load a file into a table: Parquet if the file's name says so, otherwise newline-delimited JSON.

        Return the number of loaded rows, None if BigQuery does not say it.
        """
        formats = bigquery.SourceFormat
        config.source_format = formats.PARQUET if path.suffix == ".parquet" else formats.NEWLINE_DELIMITED_JSON

        with Upload(self._client, path, self._warehouse.piece_bytes) as upload:

            def submit(job_id: str) -> Job:
                job = bigquery.LoadJob(job_id, None, self._warehouse.table(table), self._client, config).to_api_repr()
                job["jobReference"]["location"] = self._client.location
                return bigquery.LoadJob.from_api_repr(upload.send(job), self._client)

            job = self._run(submit, step, f"load rows into {self._warehouse.name(table)}", lambda: upload.sent)
        return cast(int | None, cast(bigquery.LoadJob, job).output_rows)

    def copy(self, source: str, table: str, disposition: str, step: str) -> None:
        """Copy a table into another in one atomic step."""
        config = bigquery.CopyJobConfig(write_disposition=disposition)

        def submit(job_id: str) -> Job:
            return self._client.copy_table(
                self._warehouse.name(source),
                self._warehouse.name(table),
                job_id=job_id,
                job_config=config,
                retry=_ONCE,
                timeout=REQUEST_S,
            )

        self._run(submit, step, f"copy rows into {self._warehouse.name(table)}")

    def query(self, sql: str, table: str, step: str, action: str = "merge rows into") -> None:
        """Run one statement that changes `table`. BigQuery refuses it if it would bill more than the limit.

        `action` is what the statement does, for an error.
        """
        config = bigquery.QueryJobConfig()
        if self._warehouse.in_batch:
            config.priority = bigquery.QueryPriority.BATCH
        if self._maximum_bytes_billed is not None:  # the client would send None as the text "None"
            config.maximum_bytes_billed = self._maximum_bytes_billed

        def submit(job_id: str) -> Job:
            return self._client.query(
                sql, job_id=job_id, job_config=config, retry=_ONCE, job_retry=None, timeout=REQUEST_S
            )

        self._run(submit, step, f"{action} {self._warehouse.name(table)}")

    def _run(
        self, submit: Callable[[str], Job], step: str, action: str, progress: Callable[[], int] = lambda: 0
    ) -> Job:
        attempt = 0
        while True:
            attempt += 1
            if self._halt.is_set():
                raise SyncCancelled
            with self._warehouse.errors(action):
                job = self._once(submit, f"{self._prefix}_{step}_{attempt}", progress)
                self._wait(job)
            if isinstance(job, bigquery.QueryJob):
                self.bytes_billed += job.total_bytes_billed or 0
            error = job.error_result
            if not error:
                return job
            if self._halt.is_set():
                raise SyncCancelled
            reason = error.get("reason", "")
            if reason not in _TRY_AGAIN or attempt == _ATTEMPTS:
                raise SyncError(
                    f"Could not {action}: {_details(job)}{_HINTS.get(reason, '')}",
                    "config_error" if reason in _CONFIG_REASONS else "system_error",
                )

    def _once(self, submit: Callable[[str], Job], job_id: str, progress: Callable[[], int]) -> Job:
        """Submit a job. If an earlier request with the same id has reached BigQuery, return the job of that request."""

        def send() -> Job:
            try:
                return submit(job_id)
            except exceptions.Conflict:
                return cast(Job, self._client.get_job(job_id, timeout=REQUEST_S))

        return self._warehouse.retry(self._halt, progress)(send)()

    def _wait(self, job: Job) -> None:
        """Wait until the job is done. If `halt` is set, cancel the job and wait for its end: it may still succeed."""
        pause, deadline, asked = _FIRST_POLL_S, time.monotonic() + _JOB_S, False
        while not job.done(retry=self._warehouse.retry(), timeout=REQUEST_S):
            if time.monotonic() > deadline:
                raise SyncError(f"The BigQuery job {job.job_id} did not end within {_JOB_S // 3600} hours.")
            if asked:
                time.sleep(pause)
            elif self._halt.wait(pause):
                asked = True
                job.cancel(retry=self._warehouse.retry(), timeout=REQUEST_S)
            pause = min(pause * 1.5, _LONGEST_POLL_S)


def _details(job: Job) -> str:
    """Return the job's error message and up to three messages of its causes, without duplicates."""
    messages = [str(error.get("message", "")) for error in (job.error_result, *(job.errors or []))]
    return " ".join(list(dict.fromkeys(filter(None, messages)))[:4]) + f" (BigQuery job {job.job_id})"

"""Keeps jobs and query results for an hour, also across a restart, then deletes them."""

import logging
import threading
import time

from local_bigquery.catalog import tables
from local_bigquery.engine import database
from local_bigquery.errors import BigQueryError
from local_bigquery.jobs import runner, store
from local_bigquery.models import Job, JobStatistics

KEEP_S = 3600.0  # clients read results at once; each kept result takes 45 kB of memory
EVERY_S = 60.0


def recover() -> None:
    """Mark the jobs that the last stop interrupted as failed, so that a client does not wait for them for ever."""
    interrupted = BigQueryError("stopped", "Job execution was interrupted: the warehouse was stopped. Run it again.")
    for (resource,) in database.fetch("SELECT resource FROM emulator.jobs WHERE state <> 'DONE'"):
        store.save(runner._done(Job.model_validate_json(resource), JobStatistics(), interrupted))
    prune()


def prune() -> None:
    """Delete finished jobs older than KEEP_S, and their results."""
    before_ms = int((time.time() - KEEP_S) * 1000)
    expired = database.fetch(
        "SELECT project_id, job_id FROM emulator.jobs WHERE state = 'DONE' AND creation_time < ?", [before_ms]
    )
    for project_id, job_id in expired:
        database.execute(f"DROP TABLE IF EXISTS {tables.name(project_id, tables.RESULTS, job_id)}")
        store.delete(project_id, job_id)


def start() -> None:
    """Run prune() every EVERY_S seconds in a background thread."""
    threading.Thread(target=_prune_for_ever, name="retention", daemon=True).start()


def _prune_for_ever() -> None:
    while True:
        time.sleep(EVERY_S)
        try:
            prune()
        except Exception:  # for example a full disk; the next turn tries again
            logging.getLogger(__name__).exception("old jobs could not be deleted")

"""Bridges for the store of jobs: each job is written and read several times before its client has the result."""

import json
import re
import threading
from typing import Any

import duckdb
from local_bigquery.jobs import store
from local_bigquery.models import Job

KEPT = 200  # jobs
LONGEST = 20_000  # characters of a job that is kept
INSERT = "INSERT INTO emulator.jobs VALUES (?, ?, ?, ?, ?, ?)"
UPDATE = "UPDATE emulator.jobs SET state = ?, resource = ? WHERE project_id = ? AND job_id = ?"
Key = tuple[str, str]
READS = re.compile(
    r"(?:\s|--[^\n]*\n|#[^\n]*\n|/\*.*?\*/)*+(?:SELECT\b|WITH\b|\()(?!.*;.*\S)", re.DOTALL | re.IGNORECASE
)
"""One statement that only reads, with the comments before it. A semicolon in a text makes it look like a script."""


def newest_in_memory() -> None:
    """Read the newest jobs from memory, and write a job as seldom as possible.

    A job that waits is written when a request asks for it. A client that has an answer therefore finds its job after
    any stop. A job that runs is written before it changes data: after a stop, a client that repeats it under the same
    id learns that it was interrupted, and it does not run twice. Only a query that just reads is not written when it
    runs, unless a request asks for it.
    """
    upstream_load, upstream_list, upstream_delete = store.load, store.list_, store.delete
    kept: dict[Key, str] = {}
    waiting: dict[Key, list[Any]] = {}  # rows of jobs that are not done; the table has no row or an older one
    begun: set[Key] = set()  # jobs that are not done and whose row this process has inserted
    writing = threading.RLock()

    def write(key: Key, row: list[Any]) -> None:
        state, text = row[3], row[5]
        if key not in begun:
            try:
                store.execute(INSERT, row)
            except duckdb.ConstraintException:  # an earlier process has inserted it, or it was done
                begun.add(key)
        if key in begun:
            store.execute(UPDATE, [state, text, *key])
        if state == "DONE":
            begun.discard(key)
        else:
            begun.add(key)
        waiting.pop(key, None)
        kept.pop(key, None)
        if len(text) <= LONGEST:
            kept[key] = text
        if len(kept) > KEPT:
            del kept[next(iter(kept))]  # the one that was written first

    def write_all() -> None:
        for key, row in list(waiting.items()):
            write(key, row)

    def save(job: Job) -> Job:
        resource = job.dump()
        reference, statistics, state = resource["jobReference"], resource["statistics"], resource["status"]["state"]
        key = reference["projectId"], reference["jobId"]
        row = [*key, statistics.get("parentJobId"), state, int(statistics["creationTime"]), json.dumps(resource)]
        with writing:
            if state == "DONE" or (state == "RUNNING" and not _only_reads(job)):
                write(key, row)
            else:
                waiting[key] = row
            if "INFORMATION_SCHEMA" in _query(job).upper():  # it may list the jobs
                write_all()
        return job

    def load(project_id: str, job_id: str) -> Job | None:
        key = project_id, job_id
        with writing:
            if row := waiting.get(key):
                text = row[-1]
                write(key, row)
            else:
                text = kept.get(key)
        return Job.model_validate_json(text) if text else upstream_load(project_id, job_id)

    def list_(*args: Any, **kwargs: Any) -> Any:
        with writing:
            write_all()
        return upstream_list(*args, **kwargs)

    def delete(project_id: str, job_id: str) -> None:
        with writing:
            upstream_delete(project_id, job_id)  # and the jobs of a script's statements
            waiting.pop((project_id, job_id), None)
            begun.discard((project_id, job_id))
            kept.clear()

    store.save, store.load, store.list_, store.delete = save, load, list_, delete


def _only_reads(job: Job) -> bool:
    query = job.configuration.query
    return query is not None and query.destinationTable is None and READS.match(_query(job)) is not None


def _query(job: Job) -> str:
    query = job.configuration.query
    return (query.query if query else None) or ""

"""Bridges for the store of jobs: each job is written and read several times before its client has the result."""

import json
import threading
from typing import Any

from local_bigquery.jobs import runner, store
from local_bigquery.models import Job

KEPT = 200  # jobs
LONGEST = 20_000  # characters of a job that is kept
INSERT = "INSERT OR REPLACE INTO emulator.jobs VALUES (?, ?, ?, ?, ?, ?)"
Key = tuple[str, str]


def newest_in_memory() -> None:
    """Read the newest jobs from memory, and write a new job once, when it runs, instead of twice.

    A job that still waits for a free thread when its request is answered is written before the answer. A client that
    has an answer therefore finds its job after any stop.
    """
    upstream_load, upstream_list, upstream_delete, upstream_wait = store.load, store.list_, store.delete, runner.wait
    kept: dict[Key, str] = {}
    waiting: dict[Key, list[Any]] = {}  # rows that are not written yet
    writing = threading.RLock()

    def save(job: Job) -> Job:
        resource = job.dump()
        reference, statistics, state = resource["jobReference"], resource["statistics"], resource["status"]["state"]
        key = reference["projectId"], reference["jobId"]
        text = json.dumps(resource)
        row = [*key, statistics.get("parentJobId"), state, int(statistics["creationTime"]), text]
        with writing:
            if state == "PENDING":
                waiting[key] = row
                return job
            store.execute(INSERT, row)
            waiting.pop(key, None)
            kept.pop(key, None)
            if len(text) <= LONGEST:
                kept[key] = text
            if len(kept) > KEPT:
                del kept[next(iter(kept))]  # the one that was written first
        return job

    def load(project_id: str, job_id: str) -> Job | None:
        key = project_id, job_id
        with writing:
            text = waiting[key][-1] if key in waiting else kept.get(key)
        return Job.model_validate_json(text) if text else upstream_load(project_id, job_id)

    def write(*keys: Key) -> None:
        with writing:
            for key in keys:
                if row := waiting.get(key):
                    store.execute(INSERT, row)
                    del waiting[key]

    def list_(*args: Any, **kwargs: Any) -> Any:
        with writing:
            write(*waiting)
        return upstream_list(*args, **kwargs)

    def delete(project_id: str, job_id: str) -> None:
        with writing:
            upstream_delete(project_id, job_id)  # and the jobs of a script's statements
            waiting.pop((project_id, job_id), None)
            kept.clear()

    def wait(project_id: str, job_id: str, timeout_ms: int | None = None) -> Job:
        job: Job = upstream_wait(project_id, job_id, timeout_ms)
        write((project_id, job_id))
        return job

    store.save, store.load, store.list_, store.delete, runner.wait = save, load, list_, delete, wait

"""Bridges for the store of jobs: each job is written and read several times before its client has the result."""

import json
import threading
from typing import Any

from local_bigquery.jobs import store
from local_bigquery.models import Job

KEPT = 200  # jobs
LONGEST = 20_000  # characters of a job that is kept
INSERT = "INSERT OR REPLACE INTO emulator.jobs VALUES (?, ?, ?, ?, ?, ?)"
Key = tuple[str, str]


def newest_in_memory() -> None:
    """Read the newest jobs from memory, and write a job that ends quickly once, instead of three times.

    A job that still waits or runs when a request asks for it is written before the answer. A client that has an answer
    therefore finds its job after any stop.
    """
    upstream_load, upstream_list, upstream_delete = store.load, store.list_, store.delete
    kept: dict[Key, str] = {}
    waiting: dict[Key, list[Any]] = {}  # rows of jobs that are not done; the table has no row or an older one
    writing = threading.RLock()

    def write(key: Key, row: list[Any]) -> None:
        store.execute(INSERT, row)
        waiting.pop(key, None)
        kept.pop(key, None)
        text = row[-1]
        if len(text) <= LONGEST:
            kept[key] = text
        if len(kept) > KEPT:
            del kept[next(iter(kept))]  # the one that was written first

    def save(job: Job) -> Job:
        resource = job.dump()
        reference, statistics, state = resource["jobReference"], resource["statistics"], resource["status"]["state"]
        key = reference["projectId"], reference["jobId"]
        row = [*key, statistics.get("parentJobId"), state, int(statistics["creationTime"]), json.dumps(resource)]
        with writing:
            if state == "DONE":
                write(key, row)
            else:
                waiting[key] = row
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
            for key, row in list(waiting.items()):
                write(key, row)
        return upstream_list(*args, **kwargs)

    def delete(project_id: str, job_id: str) -> None:
        with writing:
            upstream_delete(project_id, job_id)  # and the jobs of a script's statements
            waiting.pop((project_id, job_id), None)
            kept.clear()

    store.save, store.load, store.list_, store.delete = save, load, list_, delete

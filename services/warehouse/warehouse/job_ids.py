"""Bridges for job ids."""

import threading
from typing import Any

from local_bigquery.errors import already_exists
from local_bigquery.jobs import runner


def one_submission() -> None:
    """Refuse a job id while the same id is being submitted.

    Upstream looks for the id and saves it in two steps, so two requests at once could both start the job. A client
    that repeats a load after a lost answer relies on 409 Conflict to not load twice.
    """
    upstream, lock, submitting = runner.submit, threading.Lock(), set()

    def submit(project_id: str, job_id: str, *args: Any, **kwargs: Any) -> Any:
        key = (project_id, job_id)
        with lock:
            if key in submitting:
                raise already_exists("Job", f"{project_id}:{job_id}")
            submitting.add(key)
        try:
            return upstream(project_id, job_id, *args, **kwargs)
        finally:
            submitting.discard(key)

    runner.submit = submit

"""Bridges for job ids."""

import threading
from typing import Any

from local_bigquery.errors import already_exists
from local_bigquery.jobs import runner


def one_submission() -> None:
    """Refuse a job id while another request submits the same id.

    local-bigquery checks and saves the id in two steps, so two requests at the same time could both start the job. When
    an answer is lost, a client repeats the load and relies on 409 Conflict so that nothing is loaded twice.
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

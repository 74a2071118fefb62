"""Dagster's daemon on Docker, which takes up the runs that an earlier daemon was launching when it was killed.

Dagster itself waits for such a run for `start_timeout_seconds`, because it does not know that nobody launches it any
more. A shorter time would fail runs whose containers start slowly. Only the daemon launches runs, so when it starts,
each run that is being launched was left by an earlier one.
"""

import logging
import time
from typing import Any

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.events import DagsterEvent, JobFailureData, RunFailureReason
from dagster._core.launcher.base import RunLauncher, WorkerStatus
from dagster._daemon.cli import main as daemon
from dagster_docker.docker_run_launcher import DOCKER_CONTAINER_ID_TAG, DockerRunLauncher
from docker.errors import APIError

STARTING_SECONDS = 10.0
"""Longest time from the request to start a container until the engine shows it as running."""
PAUSE_SECONDS = 0.5

log = logging.getLogger("dagster.daemon")


def take_up(instance: DagsterInstance, launcher: RunLauncher, wait_seconds: float = STARTING_SECONDS) -> None:
    """Put runs without a container into the queue again, and start containers that were made and not started.

    Fail, and so repeat, runs whose container does not run then. A container that starts later does nothing, because
    its run has ended.
    """
    deadline = time.monotonic() + wait_seconds
    for run in instance.get_runs(RunsFilter(statuses=[DagsterRunStatus.STARTING])):
        if not _has_container(instance, run):
            instance.report_dagster_event(DagsterEvent.job_enqueue(run), run_id=run.run_id)
            continue
        _start(launcher, run)
        while not (runs := _has_worker(launcher, run)) and time.monotonic() < deadline:
            time.sleep(PAUSE_SECONDS)
        now = instance.get_run_by_id(run.run_id)
        if not runs and now and now.status == DagsterRunStatus.STARTING:
            text = "The daemon was killed while it launched this run, and the run's container does not run."
            instance.report_run_failed(now, text, JobFailureData(None, RunFailureReason.START_TIMEOUT))


def _has_container(instance: DagsterInstance, run: DagsterRun) -> bool:
    """Return whether a container was made for a run. Its tag is written before the container is told to start."""
    container = run.tags.get(DOCKER_CONTAINER_ID_TAG)
    parent = instance.get_run_by_id(run.parent_run_id) if run.parent_run_id else None
    # A repetition has its parent's tags until it has its own.
    return container is not None and (parent is None or parent.tags.get(DOCKER_CONTAINER_ID_TAG) != container)


def _start(launcher: RunLauncher, run: DagsterRun) -> None:
    """Start the container of a run if that has not been done; the engine ignores a second start."""
    container: Any = launcher._get_container(run) if isinstance(launcher, DockerRunLauncher) else None  # type: ignore[no-untyped-call]
    if container is not None and container.status == "created":
        try:
            container.start()
        except APIError as error:
            log.warning("The container of run %s could not be started: %s", run.run_id, error)


def _has_worker(launcher: RunLauncher, run: DagsterRun) -> bool:
    return launcher.check_run_worker_health(run).status in (WorkerStatus.RUNNING, WorkerStatus.SUCCESS)


def main() -> None:
    """Run `dagster-daemon`."""
    try:
        with DagsterInstance.get() as instance:
            take_up(instance, instance.run_launcher)
    except Exception:  # the daemon does its own work also if the engine does not answer now
        log.exception(
            "The runs that an earlier daemon was launching could not be taken up. They fail after a time-out."
        )
    daemon()


if __name__ == "__main__":
    main()

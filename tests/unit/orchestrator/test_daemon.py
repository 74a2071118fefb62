"""A new daemon takes up the runs that an earlier daemon was launching when it was killed."""

import time
from types import SimpleNamespace
from typing import Any, ClassVar

import dagster as dg
import pytest
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster_docker.docker_run_launcher import DOCKER_CONTAINER_ID_TAG, DockerRunLauncher

from orchestrator import daemon

TAGS = {DOCKER_CONTAINER_ID_TAG: "c0ffee"}
ORIGIN = RemoteJobOrigin(RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("location"), "repository"), "all_assets")
STARTING, STARTED = dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED


@pytest.mark.parametrize(
    ("status", "tags", "seen", "after"),
    [
        (STARTING, {}, [], dg.DagsterRunStatus.QUEUED),
        (STARTING, TAGS, [WorkerStatus.RUNNING], STARTING),
        (STARTING, TAGS, [WorkerStatus.FAILED, WorkerStatus.RUNNING], STARTING),
        (STARTING, TAGS, [WorkerStatus.FAILED] * 9, dg.DagsterRunStatus.FAILURE),
        (STARTING, TAGS, [WorkerStatus.NOT_FOUND] * 9, dg.DagsterRunStatus.FAILURE),
        (STARTED, TAGS, [], STARTED),
        (dg.DagsterRunStatus.QUEUED, {}, [], dg.DagsterRunStatus.QUEUED),
    ],
)
def test_a_run_that_nobody_launches_any_more_is_taken_up(
    status: dg.DagsterRunStatus,
    tags: dict[str, str],
    seen: list[WorkerStatus],
    after: dg.DagsterRunStatus,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, answers = [0.0], iter(seen)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    launcher: Any = SimpleNamespace(check_run_worker_health=lambda _run: CheckRunHealthResult(next(answers)))
    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.DagsterRun(job_name="all_assets", status=status, tags=tags, remote_job_origin=ORIGIN)
        instance.add_run(run)
        daemon.take_up(instance, launcher, wait_seconds=2)
        found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status == after


def test_a_repetition_without_a_container_of_its_own_is_queued_again() -> None:
    """The retry has all tags of the run that it repeats, also the tag with the container of that run."""
    with dg.DagsterInstance.ephemeral() as instance:
        parent = dg.DagsterRun(job_name="all_assets", status=dg.DagsterRunStatus.FAILURE, tags=TAGS)
        instance.add_run(parent)
        run = dg.DagsterRun(
            job_name="all_assets",
            status=STARTING,
            tags=TAGS,
            remote_job_origin=ORIGIN,
            parent_run_id=parent.run_id,
            root_run_id=parent.run_id,
        )
        instance.add_run(run)
        daemon.take_up(instance, SimpleNamespace(), wait_seconds=0)  # type: ignore[arg-type]
        found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status == dg.DagsterRunStatus.QUEUED


@pytest.mark.parametrize(
    ("before", "started", "after"),
    [("created", True, STARTING), ("exited", False, dg.DagsterRunStatus.FAILURE), ("running", False, STARTING)],
)
def test_a_container_that_was_made_and_not_started_is_started_at_once(
    before: str, started: bool, after: dg.DagsterRunStatus
) -> None:
    class Container:
        status = before
        attrs: ClassVar[dict[str, Any]] = {}
        calls: ClassVar[list[str]] = []

        def start(self) -> None:
            self.calls.append("start")
            self.status = "running"

    class Launcher(DockerRunLauncher):
        def _get_container(self, _run: dg.DagsterRun) -> Container:
            return container

    container = Container()
    with dg.DagsterInstance.ephemeral() as instance:
        run = dg.DagsterRun(job_name="all_assets", status=STARTING, tags=TAGS, remote_job_origin=ORIGIN)
        instance.add_run(run)
        daemon.take_up(instance, Launcher(), wait_seconds=0)
        found = instance.get_run_by_id(run.run_id)
    assert found is not None
    assert found.status == after
    assert Container.calls == ["start"] * started

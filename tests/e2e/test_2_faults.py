"""Faults, and the platform after each of them: with the README's commands, the figures are the same again."""

import contextlib
import re
import time
from typing import Any

import pytest
from docker.errors import APIError

from .stack import EXPECTED, Stack, eventually

DBT_STARTED = "ExecutionStepStartEvent"


def wait_for(stack: Stack, run_id: str, kind: str, step: str) -> None:
    """Wait until a run has an event of a kind in a step."""
    for event in stack.follow(run_id):
        if event.get("__typename") == kind and event.get("stepKey") == step:
            return
    pytest.fail(f"the run ended without {kind} in {step}")


def assert_mended(stack: Stack) -> None:
    """Assert that all services are healthy, that a run succeeds, and that the figures are right."""
    eventually("every service is healthy", stack.healthy, 120)
    stack.make("run")
    assert stack.figures() == EXPECTED


def test_a_killed_run_worker_fails_the_run_at_once_and_is_retried(running: Stack) -> None:
    run_id = running.launch()
    wait_for(running, run_id, DBT_STARTED, "dbt_build")
    time.sleep(2)  # into dbt's own work
    running.worker(run_id).kill()
    killed = time.monotonic()
    assert running.ended(run_id, 60) == "FAILURE"
    assert time.monotonic() - killed < 30
    assert running.ended(running.retry_of(run_id)) == "SUCCESS"
    assert running.figures() == EXPECTED


def test_a_run_is_terminated_from_the_ui(running: Stack) -> None:
    run_id = running.launch()
    worker = running.worker(run_id)
    wait_for(running, run_id, DBT_STARTED, "dbt_build")
    mutation = "mutation ($id: String!) { terminateRun(runId: $id) { __typename } }"
    assert running.dagster(mutation, id=run_id)["terminateRun"]["__typename"] == "TerminateRunSuccess"
    assert running.ended(run_id, 60) == "CANCELED"
    assert worker.wait(timeout=40)["StatusCode"] is not None


def test_a_run_ends_after_a_restart_of_postgres(running: Stack) -> None:
    run_id = running.launch()
    running.worker(run_id)
    wait_for(running, run_id, DBT_STARTED, "sync_jaffle_shop_customers")
    running.container("postgres").restart()
    running.ended(run_id)


# These runs also show that a run succeeds after a run was terminated and after a restart of Postgres.
# The daemon, Airbyte and LocalStack are killed in test_3_second_day.py.
@pytest.mark.parametrize("services", [["code"], ["webserver", "socket-proxy"]], ids=", ".join)
def test_a_run_outlives_a_restart_of(running: Stack, services: list[str]) -> None:
    eventually("every service is healthy", running.healthy, 120)
    run_id = running.launch()
    running.worker(run_id)
    for service in services:
        running.container(service).restart()
    assert running.ended(run_id) == "SUCCESS"
    eventually("every service is healthy", running.healthy, 120)
    assert running.figures() == EXPECTED


def test_a_warehouse_that_stops_during_a_sync_leaves_the_tables_as_they_were(running: Stack) -> None:
    """One connection's job: the sync waits a minute for the warehouse, and each further step would wait again."""
    before = running.figures()
    run_id = running.launch("connection_jaffle_shop_orders")
    wait_for(running, run_id, DBT_STARTED, "sync_jaffle_shop_orders")
    running.container("warehouse").kill()
    assert running.ended(run_id) == "FAILURE"
    running.make("up")
    assert running.figures() == before
    assert_mended(running)


def everything_in(stack: Stack) -> dict[str, Any]:
    """Each object of the platform's bucket, with its time and checksum."""
    listed = stack.s3().list_objects_v2(Bucket=stack.env["S3_BUCKET"])["Contents"]
    return {item["Key"]: (item["LastModified"], item["ETag"]) for item in listed}


@pytest.mark.parametrize("end", ["restart", "kill"])
def test_s3_keeps_its_objects_over(running: Stack, end: str) -> None:
    running.s3().put_object(Bucket=running.env["S3_BUCKET"], Key="users/own.csv", Body=b"id\n1\n", Metadata={"m": "1"})
    before = everything_in(running)
    assert len(before) == 4
    container = running.container("localstack")
    getattr(container, end)()
    if end == "kill":
        container.start()
    eventually("S3 is healthy", running.healthy)
    assert everything_in(running) == before
    head = running.s3().head_object(Bucket=running.env["S3_BUCKET"], Key="users/own.csv")
    assert head["Metadata"] == {"m": "1"}
    running.s3().delete_object(Bucket=running.env["S3_BUCKET"], Key="users/own.csv")


def test_large_objects_are_on_disk_not_in_memory(running: Stack) -> None:
    """The objects are larger together than the memory that the container may have."""
    running.s3().create_bucket(Bucket="large")
    for number in range(5):
        running.s3().put_object(Bucket="large", Key=str(number), Body=b"x" * 200_000_000)
    container = running.container("localstack")
    assert not container.attrs["State"]["OOMKilled"]
    assert container.attrs["RestartCount"] == 0
    for number in range(5):
        running.s3().delete_object(Bucket="large", Key=str(number))
    running.s3().delete_bucket(Bucket="large")


def empty_s3(stack: Stack) -> None:
    """Remove the platform's bucket with all that is in it."""
    for key in everything_in(stack):
        stack.s3().delete_object(Bucket=stack.env["S3_BUCKET"], Key=key)
    stack.s3().delete_bucket(Bucket=stack.env["S3_BUCKET"])


def test_localstack_without_its_bucket_is_filled_again(running: Stack) -> None:
    empty_s3(running)
    running.make("up")
    assert len(everything_in(running)) == 3


@pytest.mark.parametrize("lines", [1, 6, 12])
def test_bootstrap_killed_after_any_step_is_finished_by_the_next_one(running: Stack, lines: int) -> None:
    running.run_compose("run", "--rm", "--no-TTY", "bootstrap", "bootstrap", "destroy", "--yes")
    empty_s3(running)
    name = f"{running.project}-killed-{lines}"
    running.run_compose("run", "--detach", "--name", name, "bootstrap")
    first = running.engine.containers.get(name)
    eventually("it has printed so much", lambda: first.logs().count(b"\n") >= lines)
    with contextlib.suppress(APIError):  # the last steps may have passed meanwhile
        first.kill()
    first.remove(force=True)
    running.make("up")
    assert [len(running.airbyte_has(kind)) for kind in ("sources", "destinations", "connections")] == [3, 1, 3]
    assert len(everything_in(running)) == 3


def test_a_reboot(running: Stack) -> None:
    """All containers stopped at once and started again in no particular order; nothing needs to be done.

    The run also shows that everything works after the bucket was lost and bootstrap was killed.
    """
    running.run_compose("restart", "--timeout", "5")
    eventually("every service is healthy", running.healthy, 180)
    assert_mended(running)


def test_doctor_names_a_port_that_is_taken(stack: Stack, running: Stack) -> None:
    """Another checkout with the same ports is told which container holds them."""
    env = stack.folder / ".env"
    text = env.read_text()
    env.write_text(re.sub("^COMPOSE_PROJECT_NAME=.*", "COMPOSE_PROJECT_NAME=e2e-other", text, flags=re.MULTILINE))
    try:
        result = stack.try_make("doctor")
    finally:
        env.write_text(text)
    assert result.returncode
    port = running.env["DAGSTER_PORT"]
    assert re.search(rf"port {port} \(DAGSTER_PORT\) .*container .*webserver", result.stdout), result.stdout

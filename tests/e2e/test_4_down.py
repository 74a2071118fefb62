"""The end: `make down` leaves nothing but the data, a backup brings them back, `make reset` leaves nothing at all."""

import re
import time
from typing import Any

import pytest
from airbyte_api import api, models

from .stack import Stack, eventually

TABLES = """select table_schema, table_name from `region-us`.INFORMATION_SCHEMA.TABLES
where table_type = 'BASE TABLE' order by 1, 2"""


@pytest.fixture(scope="module")
def before(running: Stack) -> dict[str, list[str]]:
    """The rows of every table when the tests of this file begin."""
    return content(running)


def content(stack: Stack) -> dict[str, list[str]]:
    """Every table with its rows as JSON."""
    tables = [f"{schema}.{name}" for schema, name in stack.rows(TABLES)]
    return {
        table: sorted(row[0] for row in stack.rows(f"select to_json_string(t) from {table} as t")) for table in tables
    }


def test_make_down_in_mid_run_leaves_only_the_data(running: Stack, before: dict[str, list[str]]) -> None:
    assert len(before) > 5
    run_id = running.launch()
    running.worker(run_id)
    running.s3().put_object(Bucket=running.env["S3_BUCKET"], Key="users/own.csv", Body=b"id\n1\n")
    running.make("down")
    left = running.left_over()
    assert left["containers"] == left["networks"] == []
    assert len(left["volumes"]) == 8


def test_the_data_is_there_again(running: Stack, before: dict[str, list[str]]) -> None:
    started = time.time()
    running.make("up")
    own = running.s3().head_object(Bucket=running.env["S3_BUCKET"], Key="users/own.csv")
    assert own["LastModified"].timestamp() < started, "it is the object that the user uploaded"
    assert content(running) == before
    runs = running.dagster("{ runsOrError { ... on Runs { results { status } } } }")["runsOrError"]["results"]
    assert len(runs) > 1


def test_a_backup_is_restored_into_an_empty_platform(running: Stack) -> None:
    before = content(running)
    found = re.search(r"make restore f=(\S+)", running.make("backup"))
    assert found
    running.make("reset", "CI=true")
    running.make("restore", f"f={found[1]}")
    running.make("up")
    assert content(running) == before
    orders = next(each for each in running.airbyte_has("connections") if each["name"] == "jaffle_shop_orders")
    jobs = running.airbyte().jobs
    asked = models.JobCreateRequest(connection_id=orders["connectionId"], job_type=models.JobTypeEnum.SYNC)
    job = jobs.create_job(request=asked).job_response
    assert job

    def ended() -> Any:
        answer = jobs.get_job(request=api.GetJobRequest(job_id=job.job_id)).job_response
        return answer if answer and answer.status.value in ("succeeded", "failed") else None

    answer = eventually("the sync ends", ended)
    assert (answer.status.value, answer.rows_synced) == ("succeeded", 0), "it goes on where the backup was"


def test_make_reset_leaves_nothing(running: Stack) -> None:
    refused = running.try_make("reset")
    assert refused.returncode, "without anybody to ask"
    running.make("reset", "CI=true")
    assert running.left_over() == {"containers": [], "networks": [], "volumes": []}

"""The end: `make down` in the middle of a run leaves nothing but the data, `make reset` not even that."""

import time

from .stack import EXPECTED, Stack


def test_make_down_in_mid_run_leaves_only_the_data(running: Stack) -> None:
    run_id = running.launch()
    running.worker(run_id)
    running.s3().put_object(Bucket=running.env["S3_BUCKET"], Key="users/own.csv", Body=b"id\n1\n")
    running.make("down")
    left = running.left_over()
    assert left["containers"] == left["networks"] == []
    assert len(left["volumes"]) == 7


def test_the_data_is_there_again(running: Stack) -> None:
    before = time.time()
    running.make("up")
    own = running.s3().head_object(Bucket=running.env["S3_BUCKET"], Key="users/own.csv")
    assert own["LastModified"].timestamp() < before, "it is the object that the user uploaded"
    assert running.figures() == EXPECTED
    runs = running.dagster("{ runsOrError { ... on Runs { results { status } } } }")["runsOrError"]["results"]
    assert len(runs) > 1


def test_make_reset_leaves_nothing(running: Stack) -> None:
    refused = running.try_make("reset")
    assert refused.returncode, "without anybody to ask"
    running.make("reset", "CI=true")
    assert running.left_over() == {"containers": [], "networks": [], "volumes": []}

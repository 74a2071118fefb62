"""The sensor of changed files with LocalStack and Dagster: the runs that it requests, and their effect on it."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest

from orchestrator.arrivals import known, sensor
from orchestrator.arrivals.cursor import Outcome
from orchestrator.arrivals.runs import Dagster
from orchestrator.arrivals.watched import Watched
from orchestrator.reading.objects import Files
from orchestrator.settings import Settings

from .s3_types import S3Client

ORDERS = Watched(dg.AssetKey("orders"), ("orders/**",), replaced=False)
LINES = Watched(dg.AssetKey("lines"), ("lines.csv",), replaced=True)
FAULTS: list[str] = []


@dg.asset
def lines() -> None: ...


@dg.asset(check_specs=[dg.AssetCheckSpec("is_right", asset="orders", blocking=True)])
def orders() -> Iterator[Any]:
    if "away" in FAULTS:
        raise dg.Failure("the warehouse is away")
    yield dg.Output(None)
    yield dg.AssetCheckResult(passed="wrong" not in FAULTS)


@dg.asset(deps=[orders])
def mart() -> None: ...


@pytest.fixture
def looks(bucket: str, variables: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The sensor on a fresh bucket; `look()` returns its result some seconds after the last one, `run()` runs it."""
    monkeypatch.setenv("S3_BUCKET", bucket)
    clock = [2_000_000_000.0]
    monkeypatch.setattr("orchestrator.arrivals.sensor.time.time", lambda: clock[0])
    definition = sensor.changed_files([ORDERS, LINES], Settings.read())
    job = dg.define_asset_job(sensor.NAME, dg.AssetSelection.all())
    definitions = dg.Definitions([orders, lines, mart], sensors=[definition], jobs=[job])
    repository = definitions.get_repository_def()
    cursor: list[str | None] = [None]
    with dg.DagsterInstance.ephemeral() as instance:

        def look() -> list[dg.RunRequest]:
            clock[0] += 10
            context = dg.build_sensor_context(instance, cursor[0], repository_def=repository)
            result = definition(context)
            assert isinstance(result, dg.SensorResult)
            cursor[0] = result.cursor
            return list(result.run_requests or [])

        def run(request: dg.RunRequest) -> None:
            resolved = repository.get_job(sensor.NAME).get_subset(asset_selection=set(request.asset_selection or []))
            tags = {**request.tags, "dagster/run_key": str(request.run_key)}
            resolved.execute_in_process(instance=instance, tags=tags, raise_on_error=False)

        yield SimpleNamespace(look=look, run=run, instance=instance, world=Dagster(instance, repository))
    FAULTS.clear()


def test_changed_objects_run_their_table_and_what_depends_on_it(
    looks: SimpleNamespace, put: Callable[[str, str], None], s3_client: S3Client, bucket: str
) -> None:
    put("lines.csv", "1")
    assert [looks.look() for _ in range(3)] == [[]] * 3
    for number in range(3):
        put(f"orders/{number}.csv", f"{number}")
    upload = s3_client.create_multipart_upload(Bucket=bucket, Key="orders/unfinished.csv")
    s3_client.upload_part(
        Bucket=bucket, Key="orders/unfinished.csv", UploadId=upload["UploadId"], PartNumber=1, Body=b"half"
    )
    assert looks.look() == []
    [request] = looks.look()
    assert {key.to_user_string() for key in request.asset_selection or []} == {"orders", "mart"}
    known.remember(looks.instance, ORDERS, known.present(Files(s3_client, bucket), [ORDERS])["orders"])
    looks.run(request)
    assert looks.world.outcome(request.run_key) is Outcome.SUCCEEDED
    assert [looks.look() for _ in range(3)] == [[]] * 3


def test_what_a_failed_run_means(
    looks: SimpleNamespace, put: Callable[[str, str], None], s3_client: S3Client, bucket: str
) -> None:
    looks.look()
    looks.look()
    put("orders/1.csv", "1")
    looks.look()
    [first] = looks.look()
    FAULTS.append("away")
    looks.run(first)
    assert looks.world.outcome(first.run_key) is Outcome.FAILED
    assert [looks.look() for _ in range(3)] == [[]] * 3
    [second] = looks.look()  # 30 s later
    FAULTS[:] = ["wrong"]
    known.remember(looks.instance, ORDERS, known.present(Files(s3_client, bucket), [ORDERS])["orders"])
    looks.run(second)
    assert looks.world.outcome(second.run_key) is Outcome.WRONG_DATA
    assert [looks.look() for _ in range(20)] == [[]] * 20


def test_a_run_in_progress_is_waited_for(looks: SimpleNamespace, put: Callable[[str, str], None]) -> None:
    looks.look()
    looks.look()
    run = looks.instance.create_run_for_job(
        dg.Definitions([mart, orders], jobs=[dg.define_asset_job("some", [mart])]).resolve_job_def("some"),
        status=dg.DagsterRunStatus.STARTED,
        asset_selection=frozenset({dg.AssetKey("mart")}),
    )
    put("orders/1.csv", "1")
    put("lines.csv", "1")
    looks.look()
    [request] = looks.look()
    assert request.asset_selection == [dg.AssetKey("lines")]
    looks.instance.report_run_canceled(run)
    [request] = looks.look()
    assert dg.AssetKey("orders") in (request.asset_selection or [])


def test_without_s3_the_look_fails_and_the_next_one_goes_on(
    looks: SimpleNamespace, put: Callable[[str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks.look()
    looks.look()
    put("orders/1.csv", "1")
    looks.look()
    with monkeypatch.context() as patch:
        patch.setattr(sensor, "_files", lambda _: Files(_Away(), "bucket"))  # type: ignore[arg-type]
        with pytest.raises(dg.Failure, match="Is S3 running"):
            looks.look()
    assert len(looks.look()) == 1


class _Away:
    def get_paginator(self, _name: str) -> Any:
        from botocore.exceptions import EndpointConnectionError

        raise EndpointConnectionError(endpoint_url="http://nowhere")

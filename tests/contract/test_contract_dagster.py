"""Dagster's step and the stock client of dagster-airbyte against both generations of Airbyte."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg
import pytest
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster_airbyte import AirbyteWorkspace

from orchestrator import airbyte as airbyte_resource
from orchestrator import airbyte_client
from orchestrator.airbyte import Airbyte, find_connection

from .airbyte_fake import PUBLIC, Answer, Fake, Json, once, problem

pytestmark = pytest.mark.filterwarnings("ignore:.*currently in beta:dagster.BetaWarning")
WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"
STREAM = {"name": "orders", "syncMode": "incremental_deduped_history", "primaryKey": [["id"]]}


@pytest.fixture
def connection(airbyte: Fake, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a connection called orders."""
    monkeypatch.setattr(airbyte_client, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(airbyte_resource, "REQUEST_RETRY_SECONDS", 0.001)
    return add_connection(airbyte, "orders")


def add_connection(airbyte: Fake, name: str) -> str:
    airbyte.workspaces[WORKSPACE] = {"workspaceId": WORKSPACE, "name": "Jaffle platform", "dataResidency": "auto"}
    source = airbyte.add("source", name=name, workspaceId=WORKSPACE, configuration={})
    destination = airbyte.add("destination", name="warehouse", workspaceId=WORKSPACE, configuration={"dataset_id": "d"})
    ids = {"sourceId": source["sourceId"], "destinationId": destination["destinationId"]}
    made = airbyte.add("connection", name=name, configurations={"streams": [dict(STREAM)]}, **ids)
    identity: str = made["connectionId"]
    return identity


def sync() -> Mapping[str, Any]:
    return Airbyte(workspace_id=WORKSPACE).sync("orders")


def only(airbyte: Fake) -> Json:
    [job] = airbyte.jobs.values()
    return job


def test_a_job_is_followed_through_every_status(airbyte: Fake, connection: str) -> None:
    """In Airbyte 2 a job that waits is `queued`, which dagster-airbyte by itself takes for a failure, and cancels."""
    ended = {"failed", "succeeded", "cancelled"}
    airbyte.progress = [status for status in airbyte.shapes["job_statuses"] if status not in ended] + ["succeeded"]
    job = sync()
    assert (job["status"], job["rowsSynced"], job["bytesSynced"]) == ("succeeded", 3, 9)
    assert job["isFollowed"] is False
    assert airbyte.sent("POST job") == [{"connectionId": connection, "jobType": "sync"}]
    assert only(airbyte)["status"] == "succeeded"


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_that_does_not_succeed(airbyte: Fake, connection: str, status: str) -> None:
    airbyte.progress = ["running", status]
    with pytest.raises(dg.Failure, match="did not succeed"):
        sync()
    assert only(airbyte)["status"] == status


def test_a_job_that_runs_already_is_followed(airbyte: Fake, connection: str) -> None:
    job = airbyte.start(connection, airbyte.shapes["waiting"])
    airbyte.progress = ["running", "succeeded"]
    followed = sync()
    assert (followed["jobId"], followed["isFollowed"]) == (job["jobId"], True)
    assert airbyte.sent("POST job") == []


def test_a_run_that_is_terminated_while_it_waits_for_the_job_cancels_it(
    airbyte: Fake, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:  # Dagster raises this wherever the step is
        pauses.append(seconds)
        if len(pauses) == 30:
            raise DagsterExecutionInterruptedError

    monkeypatch.setattr("time.sleep", pause)
    airbyte.progress = ["running"] * 30
    with pytest.raises(DagsterExecutionInterruptedError):
        sync()
    assert only(airbyte)["status"] == "cancelled"
    looked = [seconds for seconds in pauses if seconds]  # dagster-airbyte's own are 0
    assert looked == sorted(looked)
    assert looked[-1] <= airbyte_client.LONGEST_PAUSE_SECONDS


def test_409_because_somebody_else_was_faster(airbyte: Fake, connection: str) -> None:
    def overtaken(_: Callable[[], Answer]) -> Answer:
        airbyte.start(connection, "running")
        return 409, problem("try-again-later", f"A sync is already running for: {connection}")

    airbyte.faults.append(once(f"POST {PUBLIC}jobs", overtaken))
    airbyte.progress = ["running", "succeeded"]
    assert sync()["status"] == "succeeded"
    assert len(airbyte.jobs) == 1


def test_409_because_of_a_reset_is_no_sync_to_follow(airbyte: Fake, connection: str) -> None:
    def overtaken(_: Callable[[], Answer]) -> Answer:
        airbyte.start(connection, "running")["jobType"] = "reset"
        return 409, problem("try-again-later", f"A reset is already running for: {connection}")

    airbyte.faults.append(once(f"POST {PUBLIC}jobs", overtaken))
    airbyte.progress = ["running", "succeeded"]
    with pytest.raises(dg.Failure, match="reset is already running"):
        sync()
    assert only(airbyte)["status"] == "running"


def test_500_and_then_the_job_runs_all_the_same(airbyte: Fake, connection: str) -> None:
    def lose(work: Callable[[], Answer]) -> Answer:
        assert work()[0] == 200
        return 500, {"message": "Internal Server Error: null"}

    airbyte.faults.append(once(f"POST {PUBLIC}jobs", lose))
    airbyte.progress = ["running", "succeeded"]
    assert sync()["status"] == "succeeded"
    assert len(airbyte.jobs) == 1


def test_no_job_is_a_failure(airbyte: Fake, connection: str) -> None:
    airbyte.faults.append(lambda name, _: (500, {}) if name == f"POST {PUBLIC}jobs" else None)
    with pytest.raises(dg.Failure, match="exceeded with url"):
        sync()
    assert airbyte.jobs == {}


def test_connections_are_read_to_the_last_page(airbyte: Fake, connection: str) -> None:
    for number in range(230):
        add_connection(airbyte, f"other {number}")
    last = add_connection(airbyte, "the last one")
    assert find_connection(Airbyte(workspace_id=WORKSPACE).client(), "the last one") == last


def test_a_token_is_fetched_again_before_it_expires(airbyte: Fake, connection: str) -> None:
    if airbyte.shapes["authentication"] != "token":
        assert sync_once(airbyte)["status"] == "succeeded"
        assert airbyte.tokens == []
        return
    client = Airbyte(workspace_id=WORKSPACE).client()
    client.validate_workspace_id()
    client.validate_workspace_id()
    assert len(airbyte.tokens) == 1
    airbyte.tokens[0] = 0  # expired, after 15 minutes; the client asks again after 2.5
    assert client._access_token_timestamp is not None
    client._access_token_timestamp -= 151
    client.validate_workspace_id()
    assert len(airbyte.tokens) == 2


with_tokens = pytest.mark.parametrize("airbyte", ["2.x"], indirect=True)


@with_tokens
def test_a_token_that_is_revoked_in_mid_sync_is_renewed_once(airbyte: Fake, connection: str) -> None:
    def revoke(work: Callable[[], Answer]) -> Answer:
        airbyte.tokens = [0] * len(airbyte.tokens)
        return work()

    airbyte.faults.append(once(f"POST {PUBLIC}jobs", revoke))
    airbyte.progress = ["running", "succeeded"]
    assert sync()["status"] == "succeeded"
    assert (len(airbyte.tokens), airbyte.refused, len(airbyte.jobs)) == (2, 1, 1)


@with_tokens
def test_new_tokens_that_are_refused_too_are_a_failure(airbyte: Fake, connection: str) -> None:
    airbyte.token_uses = 0
    with pytest.raises(dg.Failure) as error:
        sync()
    message = error.value.description or ""
    assert re.match(r"Airbyte refuses our credentials: GET .*Check AIRBYTE_CLIENT_ID and", message), message
    assert (len(airbyte.tokens), airbyte.refused) == (2, 2)


@with_tokens
def test_a_sync_whose_tokens_are_refused_from_then_on_ends(airbyte: Fake, connection: str) -> None:
    def revoke(work: Callable[[], Answer]) -> Answer:
        airbyte.tokens, airbyte.token_uses = [0], 0
        return work()

    airbyte.faults.append(once(f"POST {PUBLIC}jobs", revoke))
    with pytest.raises(dg.Failure, match="refuses our credentials"):
        sync()
    assert (len(airbyte.tokens), airbyte.refused) == (3, 4)  # a look at the job and its cancellation, twice each


def test_credentials_that_are_refused_are_a_failure(
    airbyte: Fake, connection: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = list(airbyte.credentials)[1]
    monkeypatch.setenv(name, "another")
    with pytest.raises(dg.Failure, match=f"refuses our credentials: .* and {name} "):
        sync()
    assert airbyte.refused == 1


def sync_once(airbyte: Fake) -> Mapping[str, Any]:
    airbyte.progress = ["succeeded"]
    return sync()


def test_the_stock_client_reads_the_workspace(airbyte: Fake, connection: str) -> None:
    names = {"AIRBYTE_CLIENT_ID": "client_id", "AIRBYTE_CLIENT_SECRET": "client_secret"}
    names |= {"AIRBYTE_USERNAME": "username", "AIRBYTE_PASSWORD": "password"}
    credentials: dict[str, Any] = {names[name]: value for name, value in airbyte.credentials.items()}
    workspace = AirbyteWorkspace(
        rest_api_base_url=f"{airbyte.url}/api/public/v1",
        configuration_api_base_url=f"{airbyte.url}/api/v1",
        workspace_id=WORKSPACE,
        request_max_retries=0,
        **credentials,
    )
    [table] = workspace.fetch_airbyte_workspace_data().to_airbyte_connection_table_props_data()
    assert (table.connection_id, table.stream_name, table.destination_type) == (connection, "orders", "bigquery")

"""Syncs that must fail: each leaves the table and the state as they were, and says why in its log."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from .running import Server
from .syncs import Syncs, s3_configuration

Put = Callable[[str, str | bytes], None]
PEOPLE = "id,name\n1,Ada\n2,Grace\n"


OVERWRITE, DEDUPED = "full_refresh_overwrite", "incremental_deduped_history"
ROWS = 30_000  # almost a second of reading


@pytest.fixture(params=[OVERWRITE, DEDUPED])
def connection(request: pytest.FixtureRequest, syncs: Syncs, s3: Server, bucket: str, put: Put, dataset: str) -> str:
    """A connection whose table holds two rows. An incremental connection also has a sync state."""
    put("people.csv", PEOPLE)
    source = s3_configuration(s3.url, bucket, "people", ["people*.csv"])
    identity = syncs.connect(source, dataset, request.param, "id")
    syncs.sync(identity)
    return identity


def configure(syncs: Syncs, connection: str, configuration: dict[str, Any]) -> None:
    """Change the configuration of a connection's source."""
    source = syncs.call("GET", f"connections/{connection}")["sourceId"]
    syncs.call("PATCH", f"sources/{source}", {"configuration": configuration})


@dataclass(frozen=True)
class Failure:
    """A sync that fails: the faulty file or the faulty setting of its source, and the facts in its log."""

    said: list[str]  # in the last line of the log, which gives the reason
    logged: str = ""  # somewhere in the log
    content: str | bytes = "id,name\n"
    bucket: str | None = None
    glob: str = "people*.csv"
    refused: bool = False
    only: str | None = None


FAILURES = {
    "row with too many columns": Failure(
        ["people-wrong.csv, line 2: 3 values, the header has 2"], content="id,name\n4,Edsger,Dijkstra\n"
    ),
    "file that is not text": Failure(
        ["people-wrong.csv, line 2, byte 3: the byte 0xFF"], content=b"id,name\n4,\xff\xfe\xfa\n"
    ),
    "missing bucket": Failure(["The bucket no-such-bucket does not exist."], bucket="no-such-bucket"),
    "wrong credentials": Failure(["InvalidAccessKeyId", "credentials.aws_access_key_id"], refused=True),
    "glob that matches nothing": Failure(
        ["overwrite was refused"], "No files were identified in the stream", glob="nobody*.csv", only=OVERWRITE
    ),
}


def test_each_failure_leaves_table_and_state_as_they_were(
    syncs: Syncs,
    connection: str,
    dataset: str,
    s3: Server,
    bucket: str,
    put: Put,
    keyless_s3: str,
    subtests: pytest.Subtests,
) -> None:
    """One connection fails in every way, one after the other, and a sync works again after the repair."""

    def state() -> Any:
        return syncs.http.post("/api/v1/state/get", json={"connectionId": connection}).raise_for_status().json()

    def kept() -> Any:
        tables = [table.table_id for table in syncs.bigquery.list_tables(dataset)]
        return syncs.rows(f"select * from {dataset}.people order by id"), tables, state()

    mode = syncs.call("GET", f"connections/{connection}")["configurations"]["streams"][0]["syncMode"]
    before = kept()
    assert (len(before[0]), before[1]) == (2, ["people"])
    put("people-next.csv", "id,name\n3,Barbara\n")
    for name, failure in FAILURES.items():
        if failure.only not in (None, mode):
            continue
        with subtests.test(name):
            put("people-wrong.csv", failure.content)
            endpoint = keyless_s3 if failure.refused else s3.url
            configuration = s3_configuration(endpoint, failure.bucket or bucket, "people", [failure.glob])
            configuration["credentials"]["aws_secret_access_key"] = "a-secret"
            configure(syncs, connection, configuration)
            log = syncs.log(syncs.sync(connection, expect="failed")["jobId"])
            for text in failure.said:
                assert text in log.splitlines()[-1]
            assert failure.logged in log
            assert "a-secret" not in log
            assert kept() == before
    put("people-wrong.csv", "id,name\n4,Edsger\n")
    configure(syncs, connection, s3_configuration(s3.url, bucket, "people", ["people*.csv"]))
    job = syncs.sync(connection)
    # The failed syncs have met Barbara's file, but left no state that says so. Ada's was loaded before.
    assert job["rowsSynced"] == (2 if mode == DEDUPED else 4)
    names = [name for (name,) in syncs.rows(f"select name from {dataset}.people order by id")]
    assert names == ["Ada", "Grace", "Barbara", "Edsger"]


@pytest.mark.parametrize("connection", [OVERWRITE], indirect=True)
def test_second_job_of_a_connection_is_refused(syncs: Syncs, connection: str, put: Put, dataset: str) -> None:
    put("people-many.csv", "id,name\n" + "".join(f"{number},name\n" for number in range(3, ROWS)))
    job = syncs.start(connection)
    answer = syncs.http.post("/api/public/v1/jobs", json={"connectionId": connection, "jobType": "sync"})
    assert answer.status_code == 409
    assert connection in answer.text
    assert syncs.call("DELETE", f"jobs/{job}")["status"] == "cancelled"
    assert syncs.rows(f"select count(*) from {dataset}.people") == [(2,)]
    again = syncs.start(connection)
    assert again != job
    assert syncs.call("DELETE", f"jobs/{again}")["status"] == "cancelled"

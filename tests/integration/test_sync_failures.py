"""Syncs that must fail: each leaves the table and the state as they were, and says why in its log."""

import http.server
import threading
from collections.abc import Callable, Iterator
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
    """A connection whose table holds two rows; of one that is incremental the state is kept."""
    put("people.csv", PEOPLE)
    source = s3_configuration(s3.url, bucket, "people", ["people*.csv"])
    identity = syncs.connect(source, dataset, request.param, "id")
    syncs.sync(identity)
    return identity


@pytest.fixture
def unchanged(syncs: Syncs, connection: str, dataset: str, s3: Server, bucket: str, put: Put) -> Iterator[None]:
    """Assert after the test that table and state are what they were, and that a sync works again after the repair."""
    query = f"select * from {dataset}.people order by id"
    before = syncs.rows(query)
    put("people-next.csv", "id,name\n3,Barbara\n")
    yield
    assert syncs.rows(query) == before
    assert [table.table_id for table in syncs.bigquery.list_tables(dataset)] == ["people"]
    put("people-wrong.csv", "id,name\n4,Edsger\n")
    configure(syncs, connection, s3_configuration(s3.url, bucket, "people", ["people*.csv"]))
    job = syncs.sync(connection)
    # The failed sync has met Barbara's file, but left no state that says so. Ada's was loaded before.
    incremental = syncs.call("GET", f"connections/{connection}")["configurations"]["streams"][0]["syncMode"] == DEDUPED
    assert job["rowsSynced"] == (2 if incremental else 4)
    names = [name for (name,) in syncs.rows(f"select name from {dataset}.people order by id")]
    assert names == ["Ada", "Grace", "Barbara", "Edsger"]


def configure(syncs: Syncs, connection: str, configuration: dict[str, Any]) -> None:
    """Change the configuration of a connection's source."""
    source = syncs.call("GET", f"connections/{connection}")["sourceId"]
    syncs.call("PATCH", f"sources/{source}", {"configuration": configuration})


def reason(syncs: Syncs, job: dict[str, Any]) -> str:
    """Return the last line of a job's log, which says why it failed."""
    return syncs.log(job["jobId"]).splitlines()[-1]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("connection", [OVERWRITE], indirect=True)
def test_glob_that_matches_nothing(syncs: Syncs, connection: str, s3: Server, bucket: str) -> None:
    configure(syncs, connection, s3_configuration(s3.url, bucket, "people", ["nobody*.csv"]))
    job = syncs.sync(connection, expect="failed")
    assert "overwrite was refused" in syncs.log(job["jobId"])
    assert "No files were identified in the stream" in syncs.log(job["jobId"])


@pytest.mark.usefixtures("unchanged")
def test_row_with_too_many_columns(syncs: Syncs, connection: str, put: Put) -> None:
    put("people-wrong.csv", "id,name\n4,Edsger,Dijkstra\n")
    job = syncs.sync(connection, expect="failed")
    assert "people-wrong.csv, line 2: 3 values, the header has 2" in reason(syncs, job)


@pytest.mark.usefixtures("unchanged")
def test_file_that_is_not_text(syncs: Syncs, connection: str, put: Put) -> None:
    put("people-wrong.csv", b"id,name\n4,\xff\xfe\xfa\n")
    job = syncs.sync(connection, expect="failed")
    assert "people-wrong.csv, line 2, byte 3: the byte 0xFF" in reason(syncs, job)


@pytest.mark.usefixtures("unchanged")
def test_missing_bucket(syncs: Syncs, connection: str, s3: Server) -> None:
    configure(syncs, connection, s3_configuration(s3.url, "no-such-bucket", "people", ["people*.csv"]))
    job = syncs.sync(connection, expect="failed")
    assert "The bucket no-such-bucket does not exist." in reason(syncs, job)


class Forbidden(http.server.BaseHTTPRequestHandler):
    """Answers every request as S3 answers a wrong key."""

    def do_GET(self) -> None:
        body = (
            b'<?xml version="1.0"?><Error><Code>InvalidAccessKeyId</Code>'
            b"<Message>The AWS Access Key Id you provided does not exist in our records.</Message></Error>"
        )
        self.send_response(403)
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


@pytest.fixture
def forbidding_s3() -> Iterator[str]:
    """The address of an S3 that refuses the credentials (LocalStack refuses none)."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Forbidden)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.usefixtures("unchanged")
def test_wrong_credentials(syncs: Syncs, connection: str, bucket: str, forbidding_s3: str) -> None:
    configuration = s3_configuration(forbidding_s3, bucket, "people", ["people*.csv"])
    configuration["credentials"]["aws_secret_access_key"] = "a-wrong-secret"
    configure(syncs, connection, configuration)
    job = syncs.sync(connection, expect="failed")
    assert "InvalidAccessKeyId" in reason(syncs, job)
    assert "credentials.aws_access_key_id" in reason(syncs, job)
    assert "a-wrong-secret" not in syncs.log(job["jobId"])


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

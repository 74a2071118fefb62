"""What a user reads when a connection is not there or a sync fails; a small server answers as Airbyte would."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dagster as dg
import pytest

from orchestrator import airbyte
from orchestrator.airbyte import Airbyte

WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"
ORDERS = {"connectionId": "c-1", "name": "orders"}
FAILED_JOB = {"jobId": 7, "status": "failed", "jobType": "sync"}
LOG = [f"line {number}" for number in range(100)]


class Server(ThreadingHTTPServer):
    """Answers from a dictionary: "GET /path" gives a body, or 404."""

    answers: dict[str, Any]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = self.server.answers.get(f"{self.command} {self.path.split('?')[0]}")
        content = json.dumps(body if body is not None else {"title": "not found"}).encode()
        self.send_response(200 if body is not None else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as result:
        result.answers = {
            "GET /api/public/v1/connections": {"data": [ORDERS]},
            "POST /api/v1/connections/get": {"connectionId": "c-1"},
            "GET /api/public/v1/jobs": {"data": []},
            "POST /api/public/v1/jobs": FAILED_JOB | {"status": "running"},
            "GET /api/public/v1/jobs/7": FAILED_JOB,
        }
        monkeypatch.setenv("AIRBYTE_URL", f"http://127.0.0.1:{result.server_port}")
        monkeypatch.setattr(airbyte, "POLL_SECONDS", 0.01)
        thread = threading.Thread(target=result.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield result
        result.shutdown()
        thread.join()


def failure(connection: str) -> str:
    with pytest.raises(dg.Failure) as error:
        Airbyte(workspace_id=WORKSPACE).sync(connection)
    return error.value.description or ""


def test_unknown_connection_names_the_command_that_makes_it(server: Server) -> None:
    text = failure("payments")
    assert "no connection called 'payments'" in text
    assert WORKSPACE in text
    assert "make apply" in text


def test_two_connections_of_one_name(server: Server) -> None:
    server.answers["GET /api/public/v1/connections"] = {"data": [ORDERS, ORDERS | {"connectionId": "c-2"}]}
    assert "there are 2 connections called 'orders'" in failure("orders")


def test_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRBYTE_URL", "http://127.0.0.1:9/")
    text = failure("orders")
    assert "http://127.0.0.1:9/api/public/v1" in text
    assert "Is it running" in text


def test_failed_job_shows_its_reason_and_the_end_of_its_log(server: Server) -> None:
    reason = {"externalMessage": "The bucket jaffle-shop does not exist."}
    server.answers["POST /api/v1/jobs/get"] = {
        "attempts": [
            {"attempt": {}, "logs": {"logLines": ["an earlier attempt"]}},
            {"attempt": {"failureSummary": {"failures": [reason]}}, "logs": {"logLines": LOG}},
        ]
    }
    lines = failure("orders").splitlines()
    assert lines[0] == "Airbyte's sync of 'orders' did not succeed (Job failed: 7)."
    assert lines[1] == "The bucket jaffle-shop does not exist."
    assert lines[3:] == LOG[-airbyte.LOG_LINES :]


def test_cancelled_job(server: Server) -> None:
    server.answers["GET /api/public/v1/jobs/7"] = FAILED_JOB | {"status": "cancelled"}
    server.answers["POST /api/v1/jobs/get"] = {"attempts": []}
    assert failure("orders") == "Airbyte's sync of 'orders' did not succeed (Job was cancelled: 7)."


def test_failed_job_without_details(server: Server) -> None:
    assert failure("orders") == "Airbyte's sync of 'orders' did not succeed (Job failed: 7)."

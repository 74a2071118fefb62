"""The errors that a user reads when a connection is missing or a sync fails; a small server stands in for Airbyte."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dagster as dg
import pytest

from orchestrator import airbyte, airbyte_client
from orchestrator.airbyte import Airbyte
from tests.serving import serving

WORKSPACE = "5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6"
ORDERS = {"connectionId": "c-1", "name": "orders"}
FAILED_JOB = {"jobId": 7, "status": "failed", "jobType": "sync"}
LOG = [f"line {number}" for number in range(100)]


class Server(ThreadingHTTPServer):
    """Answers from a dictionary: "GET /path" gives a body, or 404; everything 401 with `refusal`, if there is one."""

    answers: dict[str, Any]
    refusal: str | None = None
    conflict: str | None = None  # the reason of a 409 for each start of a job
    starts = 0


class Handler(BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = self.server.answers.get(f"{self.command} {self.path.split('?')[0]}")
        content = json.dumps(body if body is not None else {"title": "not found"}).encode()
        status = 200 if body is not None else 404
        if self.server.conflict is not None and self.command == "POST" and self.path.endswith("/public/v1/jobs"):
            self.server.starts += 1
            status, content = 409, self.server.conflict.encode()
        if self.server.refusal is not None:
            status, content = 401, self.server.refusal.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = answer

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    with serving(Server(("127.0.0.1", 0), Handler)) as result:
        result.answers = {
            "GET /api/public/v1/connections": {"data": [ORDERS]},
            "POST /api/v1/connections/get": {"connectionId": "c-1"},
            "GET /api/public/v1/jobs": {"data": []},
            "POST /api/public/v1/jobs": FAILED_JOB | {"status": "running"},
            "GET /api/public/v1/jobs/7": FAILED_JOB,
        }
        monkeypatch.setenv("AIRBYTE_URL", f"http://127.0.0.1:{result.server_port}")
        monkeypatch.setattr(airbyte_client, "FIRST_PAUSE_SECONDS", 0.001)
        monkeypatch.setattr(airbyte, "REQUEST_RETRY_SECONDS", 0.001)
        yield result


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
    monkeypatch.setattr(airbyte, "REQUEST_RETRY_SECONDS", 0.001)
    text = failure("orders")
    assert "http://127.0.0.1:9/api/public/v1" in text
    assert "Is it running" in text


def test_a_paused_connection_is_told_at_once_with_the_reason_and_the_command(server: Server) -> None:
    server.conflict = json.dumps({"title": "state-conflict", "detail": "The connection orders is inactive."})
    text = failure("orders")
    assert "'orders'" in text
    assert "The connection orders is inactive." in text
    assert "make apply" in text
    assert server.starts == 1
    server.conflict = "no JSON"
    assert "no JSON" in failure("orders")


@pytest.mark.parametrize("way", [("CLIENT_ID", "CLIENT_SECRET"), ("USERNAME", "PASSWORD")])
def test_refused_credentials_are_named_and_never_shown(
    server: Server, monkeypatch: pytest.MonkeyPatch, way: tuple[str, str]
) -> None:
    for name, value in zip(way, ("me", 'hunter2 "x"'), strict=True):
        monkeypatch.setenv(f"AIRBYTE_{name}", value)
    server.refusal = "no such user"
    assert f"401 (no such user). Check AIRBYTE_{way[0]} and AIRBYTE_{way[1]} " in failure("orders")
    for repeated in ('hunter2 "x"', json.dumps({"value": 'hunter2 "x"'}), f'{"x" * 195}hunter2 "x"'):
        server.refusal = f"you sent {repeated}"
        text = failure("orders")
        assert "hunter2" not in text
        assert f"401 (the answer contains them and is not shown). Check AIRBYTE_{way[0]} " in text


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


@pytest.mark.parametrize(
    ("entry", "shown"),
    [
        ("1 INFO Read 5 records", "1 INFO Read 5 records"),
        ("1 INFO runtimes:\norders 0.05", "1 INFO runtimes:\norders 0.05"),
        ("1 FATAL Some errors\nTraceback (most recent call last):\n  File x\nError: no", "1 FATAL Some errors"),
        (
            "1 ERROR Traceback (most recent call last):\n  File x\nFileFault: a.csv, line 7\n",
            "1 ERROR FileFault: a.csv, line 7",
        ),
    ],
)
def test_the_log_of_a_failed_job_has_no_stack_traces(server: Server, entry: str, shown: str) -> None:
    server.answers["POST /api/v1/jobs/get"] = {"attempts": [{"attempt": {}, "logs": {"logLines": [entry]}}]}
    assert failure("orders").partition("log:\n")[2] == shown


def test_cancelled_job(server: Server) -> None:
    server.answers["GET /api/public/v1/jobs/7"] = FAILED_JOB | {"status": "cancelled"}
    server.answers["POST /api/v1/jobs/get"] = {"attempts": []}
    assert failure("orders") == "Airbyte's sync of 'orders' did not succeed (Job was cancelled: 7)."


def test_failed_job_without_details(server: Server) -> None:
    assert failure("orders") == "Airbyte's sync of 'orders' did not succeed (Job failed: 7)."

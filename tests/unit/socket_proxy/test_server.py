"""The HTTP server: forwarded and refused requests, and an engine or a caller that fails half way."""

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from socket_proxy import server
from tests.e2e.raw_http import Answers, exchange, request

from .conftest import ID, Served, json_answer
from .test_run_worker import BODY

CREATE = request("POST", "/v1.43/containers/create", BODY)
WORKER = f"/v1.43/containers/{ID}"


def content(answers: Answers) -> str:
    """The message of the one answer."""
    assert len(answers.statuses) == 1, answers.text
    return str(json.loads(answers.text.partition("\r\n\r\n")[2])["message"])


def test_the_engine_gets_a_request_of_our_own(workers: Served) -> None:
    headers = ("X-Registry-Auth: secret", "Cookie: a=b", "Connection: close, X-Registry-Auth")
    answers = exchange(workers.address, request("POST", "/v1.43/containers/create", BODY, *headers))
    assert answers.statuses == [201]
    assert workers.engine.asked[-1] == "POST /v1.43/containers/create"
    assert "secret" not in workers.engine.heads[-1]
    assert "a=b" not in workers.engine.heads[-1]
    assert workers.engine.bodies[-1]["HostConfig"]["CapDrop"] == ["ALL"]


@pytest.mark.parametrize("call", ["start", "stop", "kill", "wait", "json", "logs?stdout=1", ""])
def test_a_container_of_somebody_else_is_only_looked_at(workers: Served, call: str) -> None:
    """The proxy knows its own containers by a label, and each policy has a label with another name."""
    workers.engine.label = "data-platform.connector"
    method = "GET" if call.startswith(("json", "logs")) else "POST" if call else "DELETE"
    answers = exchange(workers.address, request(method, f"{WORKER}/{call}".removesuffix("/")))
    assert (answers.statuses, workers.engine.asked) == ([403], [f"GET {WORKER}/json"])


def test_a_container_is_found_by_its_whole_identifier_only(workers: Served) -> None:
    """An engine also finds a container by its name or by the begin of its id; the answer then has another id."""
    labels = {"data-platform.run-worker": "shop"}
    found = {"Id": "f" * 64, "State": {"Status": "created"}, "Config": {"Labels": labels}}
    workers.engine.handlers["/json"] = lambda connection: connection.sendall(json_answer(200, found))
    assert exchange(workers.address, request("POST", f"{WORKER}/start")).statuses == [403]


@pytest.mark.parametrize("state", ["exited", "dead", "running", "paused"])
def test_a_container_runs_once(workers: Served, state: str) -> None:
    """Ended containers are kept for their logs. If they could be started again, more than the limit could run."""
    workers.engine.state = state
    assert "was started before" in content(exchange(workers.address, request("POST", f"{WORKER}/start")))
    assert workers.engine.asked == [f"GET {WORKER}/json"]


@pytest.mark.parametrize("state", ["created", "running", "restarting", "paused"])
def test_the_limit_counts_what_could_still_run(workers: Served, state: str) -> None:
    workers.engine.containers = [{"Id": ID, "State": state, "Created": 1}] * 2
    assert "2 run workers are running or created" in content(exchange(workers.address, CREATE))
    workers.engine.containers[0] = {"Id": ID, "State": "exited", "Created": 1}
    assert exchange(workers.address, CREATE).statuses == [201]


def test_creations_at_the_same_moment_keep_the_limit(workers: Served) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: exchange(workers.address, CREATE).statuses, range(8)))
    assert sorted(answers) == [[201]] * 2 + [[429]] * 6


def test_no_more_requests_than_allowed(workers: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller could otherwise hold every connection to the engine, or fill the memory with bodies."""
    monkeypatch.setattr(server, "REQUESTS", 2)
    waiting, over = threading.Semaphore(0), threading.Event()

    def wait(connection: socket.socket) -> None:
        waiting.release()
        assert over.wait(10)
        connection.sendall(json_answer(200, {"StatusCode": 0}))

    workers.engine.handlers["/wait"] = wait
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(exchange, workers.address, request("POST", f"{WORKER}/wait"), 10) for _ in range(2)]
        assert waiting.acquire(timeout=10)
        assert waiting.acquire(timeout=10)
        assert "limit of 2 requests" in content(exchange(workers.address, request("GET", "/_ping")))
        over.set()
        assert [answers.result().statuses for answers in held] == [[200], [200]]
    assert exchange(workers.address, request("GET", "/_ping")).statuses == [200]


def test_a_slow_body_is_not_waited_for(workers: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "BODY_SECONDS", 0.05)
    answers = exchange(workers.address, request("POST", "/v1.43/containers/create", b"{", length=10), seconds=10)
    assert "did not arrive" in content(answers)
    assert not workers.engine.asked


def test_an_engine_that_breaks_off_does_not_get_a_second_answer_behind_its_first(workers: Served) -> None:
    def break_off(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")

    workers.engine.handlers["/logs"] = break_off
    answers = exchange(workers.address, request("GET", f"{WORKER}/logs?stdout=1&follow=1"))
    assert answers.statuses == [200]
    assert answers.text.endswith("5\r\nhello\r\n")  # not the last chunk: what arrived is not the whole


def test_an_engine_that_is_gone(workers: Served) -> None:
    workers.socket.unlink()
    message = content(exchange(workers.address, request("GET", "/_ping")))
    assert "the Docker engine did not answer" in message
    assert str(workers.socket) in message


def test_an_error_of_the_engine_is_not_a_missing_label(workers: Served) -> None:
    error = json_answer(400, {"message": "client version 1.99 is too new"})
    workers.engine.handlers["/json"] = lambda connection: connection.sendall(error)
    answers = exchange(workers.address, request("POST", f"/v1.99/containers/{ID}/start"))
    assert answers.statuses == [502]
    assert "client version 1.99 is too new" in content(answers)


def test_a_container_that_is_gone(workers: Served) -> None:
    missing = json_answer(404, {"message": "No such container"})
    workers.engine.handlers["/json"] = lambda connection: connection.sendall(missing)
    answers = exchange(workers.address, request("POST", f"{WORKER}/stop"))
    assert answers.statuses == [404]
    assert "no such container" in content(answers)


def test_the_engine_sends_us_nowhere(workers: Served) -> None:
    elsewhere = b"HTTP/1.1 307 X\r\nLocation: /v1.43/info\r\nContent-Length: 0\r\n\r\n"
    workers.engine.handlers["/start"] = lambda connection: connection.sendall(elsewhere)
    assert exchange(workers.address, request("POST", f"{WORKER}/start")).statuses == [307]
    assert workers.engine.asked == [f"GET {WORKER}/json", f"POST {WORKER}/start"]


def test_what_a_caller_asked_for_ends_when_it_leaves(workers: Served) -> None:
    asked, left = threading.Event(), threading.Event()

    def wait(connection: socket.socket) -> None:
        asked.set()
        assert connection.recv(1) == b""
        left.set()

    workers.engine.handlers["/wait"] = wait
    with socket.create_connection(workers.address) as caller:
        caller.sendall(request("POST", f"{WORKER}/wait"))
        assert asked.wait(10)
    assert left.wait(10)


def test_a_key_writes_no_line_of_its_own_into_the_log(workers: Served, caplog: pytest.LogCaptureFixture) -> None:
    odd = BODY | {"x\nINFO removed everything\x1b[2J": 1}
    assert exchange(workers.address, request("POST", "/v1.43/containers/create", odd)).statuses == [403]
    assert r"x\nINFO removed everything\x1b[2J: Extra inputs" in caplog.text
    assert "\nINFO" not in caplog.text

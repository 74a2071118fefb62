"""A container's input and output on one connection: no bytes are lost, and no side waits for one that has ended."""

import socket
import struct
import threading
import time

import pytest

from tests.e2e.raw_http import exchange, request

from .conftest import ID, UPGRADE, Served, json_answer

ATTACH = request("POST", f"/v1.43/containers/{ID}/attach?stream=1&stdin=1&stdout=1&stderr=1", b"", *UPGRADE)
UPGRADED = b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n\r\n"


def attached(proxy: Served) -> socket.socket:
    """A caller's connection, after the head of the answer."""
    caller = socket.create_connection(proxy.address, timeout=10)
    caller.sendall(ATTACH)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += caller.recv(1)
    assert head.startswith(b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n")
    return caller


def rest(connection: socket.socket) -> bytes:
    """Read until the other side ends its direction."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def test_input_ends_before_output(connectors: Served) -> None:
    """A destination writes its last output after its input has ended, its first with the head of the answer."""

    def destination(connection: socket.socket) -> None:
        connection.sendall(UPGRADED + b"started, ")
        connection.sendall(b"read %d bytes" % len(rest(connection)))

    connectors.engine.handlers["/attach"] = destination
    with attached(connectors) as caller:
        caller.sendall(b"x" * 3_000_000)
        caller.shutdown(socket.SHUT_WR)
        assert rest(caller) == b"started, read 3000000 bytes"


def test_a_container_that_ends_while_input_comes_is_heard_to_its_end(connectors: Served) -> None:
    """The last output of a destination that crashes has the reason why the sync failed."""
    size = 3_000_000

    def crash(connection: socket.socket) -> None:
        connection.sendall(UPGRADED)
        connection.recv(10)
        connection.sendall(b"y" * size)

    connectors.engine.handlers["/attach"] = crash
    with attached(connectors) as caller:
        stop = threading.Event()

        def flood() -> None:
            while not stop.is_set():
                caller.sendall(b"x" * 65536)

        flooding = threading.Thread(target=flood, daemon=True)
        flooding.start()
        time.sleep(0.1)  # input fills every buffer on the way
        received = rest(caller)
        stop.set()
        flooding.join(10)
    assert len(received) == size


@pytest.mark.parametrize("resets", [False, True])
def test_a_caller_that_vanishes_ends_the_containers_input(
    connectors: Served, resets: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A container that waits for input would run for ever, and fill a place."""
    heard = []
    over = threading.Event()

    def wait_for_input(connection: socket.socket) -> None:
        connection.sendall(UPGRADED)
        heard.append(rest(connection))
        over.set()

    connectors.engine.handlers["/attach"] = wait_for_input
    with attached(connectors) as caller:
        caller.sendall(b"half a rec")
        while connectors.engine.asked[-1].startswith("GET"):
            time.sleep(0.01)
        if resets:
            time.sleep(0.1)  # a reset takes with it what was not read yet
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert over.wait(10)
    assert heard == [b"half a rec"]
    while connectors.server.connections:  # nothing is kept of it
        time.sleep(0.01)
    assert not caplog.records


def test_a_container_that_cannot_be_attached_to(connectors: Served) -> None:
    conflict = json_answer(409, {"message": "container is paused"})
    connectors.engine.handlers["/attach"] = lambda connection: connection.sendall(conflict)
    answers = exchange(connectors.address, ATTACH)
    assert answers.statuses == [409]
    assert "the engine did not attach: HTTP/1.1 409" in answers.text


def test_an_engine_that_goes_before_it_attaches(connectors: Served) -> None:
    connectors.engine.handlers["/attach"] = lambda _: None
    assert exchange(connectors.address, ATTACH).statuses == [502]

    def last_answer(connection: socket.socket) -> None:
        connectors.socket.unlink()
        connection.sendall(json_answer(*connectors.engine.default(connectors.engine.asked[-1])))

    connectors.engine.handlers["/json"] = last_answer
    answers = exchange(connectors.address, ATTACH)
    assert answers.statuses == [502]
    assert "No such file or directory" in answers.text


def test_only_an_upgraded_request_attaches(connectors: Served) -> None:
    answers = exchange(connectors.address, request("POST", f"/v1.43/containers/{ID}/attach?stream=1"))
    assert (answers.statuses, connectors.engine.asked) == ([400], [])


def test_a_request_behind_the_upgrade_is_not_taken(connectors: Served) -> None:
    connectors.engine.handlers["/attach"] = lambda connection: connection.sendall(UPGRADED)
    answers = exchange(connectors.address, ATTACH + request("DELETE", f"/v1.43/containers/{ID}"))
    assert answers.statuses == [101]
    assert not any(line.startswith("DELETE") for line in connectors.engine.asked)

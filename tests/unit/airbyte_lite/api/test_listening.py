"""Where the server listens."""

import socket

import pytest

from airbyte_lite.api.listening import PortError, listen


def test_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=f"Port {port} of 127.0.0.1 is in use"):
            listen("127.0.0.1", port)


def test_address_of_another_machine() -> None:
    with pytest.raises(PortError, match=r"cannot listen on 192\.0\.2\.1"):
        listen("192.0.2.1", 8000)


def test_text_that_is_no_host_name() -> None:
    with pytest.raises(PortError, match=r"a\.\.b.* not a valid host name.*AIRBYTE_LITE_HOST"):
        listen("a..b", 8000)


def test_name_stands_for_its_addresses() -> None:
    sockets = listen("localhost", 0)
    for listening in sockets:
        socket.create_connection(listening.getsockname()[:2], timeout=5).close()
        listening.close()
    assert sockets


def test_answers_do_not_wait_for_an_ack() -> None:
    [listening] = listen("127.0.0.1", 0)
    with listening, socket.create_connection(listening.getsockname(), timeout=5):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

import socket
import sys

import pytest

from tools.local.free_ports import free_ports


def test_each_name_has_a_port_of_its_own() -> None:
    ports = free_ports(["airbyte", "warehouse", "s3"])
    assert len(set(ports.values())) == 3


@pytest.mark.skipif(sys.platform != "linux", reason="the ports are held on Linux only")
def test_service_listens_and_no_other_program_gets_the_port() -> None:
    port = free_ports(["airbyte"])["airbyte"]
    refused_without_reuse = socket.socket()
    with refused_without_reuse, pytest.raises(OSError, match="in use"):
        refused_without_reuse.bind(("127.0.0.1", port))
    with (
        socket.create_server(("127.0.0.1", port)) as service,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        accepted, _ = service.accept()
        accepted.close()
        assert client.recv(1) == b""
    with socket.create_server(("127.0.0.1", port)):  # a service that starts again
        pass

"""Which process holds a port."""

import re
import socket

from tools.stack import ports


def test_a_port_that_is_taken_is_known_with_its_holder() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert not ports.is_free(port)
        assert re.fullmatch(r"process \S+ \(\d+\)", ports.process_on(port))
    assert ports.is_free(port)

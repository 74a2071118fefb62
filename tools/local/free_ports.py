"""Ports of 127.0.0.1 that no other program gets before the service that they are chosen for listens on them."""

import socket
import sys
from collections.abc import Iterable


def free_ports(names: Iterable[str]) -> dict[str, int]:
    """Return a different free port of 127.0.0.1 for each name.

    On Linux, this process keeps each port bound until it ends, without listening on it. The kernel then gives the port
    to no other program that asks for any free port, and to no outgoing connection; a service that listens with
    SO_REUSEADDR, as servers do, can still use the port. On other systems it could not, so there a port is free only at
    the moment of the call.
    """
    # All sockets stay open until every port is chosen; otherwise the kernel could give the same port twice.
    sockets = {name: socket.socket() for name in names}
    for held in sockets.values():
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
    ports = {name: held.getsockname()[1] for name, held in sockets.items()}
    for held in sockets.values():
        if sys.platform == "linux":
            held.detach()  # open until this process ends
        else:
            held.close()
    return ports

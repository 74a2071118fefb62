"""Opens the sockets that a server listens on."""

from __future__ import annotations

import errno
import socket

ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # localhost is ::1 too, and IPv6 may be off


def listen(host: str, port: int) -> list[socket.socket]:
    """Return a listening socket for each address of the host that this machine has. Raises OSError.

    Connections send at once (TCP_NODELAY). Otherwise, the body of each answer waits 40 ms for the client's delayed ACK
    of the head. asyncio sets this option only for sockets that it opens itself.
    """
    sockets: list[socket.socket] = []
    absent = None
    try:
        for family, *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
            try:
                sockets.append(socket.create_server(address[:2], family=family))
            except OSError as error:
                if error.errno not in ABSENT:
                    raise
                absent = error
            else:
                sockets[-1].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if absent is not None and not sockets:
            raise absent
    except UnicodeError as error:  # a..b, or a part of more than 63 characters
        raise OSError(errno.EINVAL, "not a valid host name") from error
    except OSError:
        for opened in sockets:
            opened.close()
        raise
    return sockets

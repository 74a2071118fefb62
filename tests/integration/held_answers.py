"""A way to S3 that holds back what is large: a sync that reads a large file cannot end before it is let through."""

import contextlib
import socket
import socketserver
import threading
from urllib.parse import urlsplit

PIECE = 1 << 16


class Door(socketserver.ThreadingTCPServer):
    """Passes connections on to a server. Of each one's answers, only the first bytes pass before `open` is called."""

    daemon_threads = True

    def __init__(self, url: str, free: int) -> None:
        """Take the server's address and the number of bytes that pass at once."""
        super().__init__(("127.0.0.1", 0), Connection)
        self.address, self.free = (str(urlsplit(url).hostname), urlsplit(url).port or 80), free
        self.opened = threading.Event()

    @property
    def url(self) -> str:
        """The address of the door."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def open(self) -> None:
        """Let everything through, from now on."""
        self.opened.set()

    def server_close(self) -> None:
        """Let everything through, and end."""
        self.open()
        super().server_close()


class Connection(socketserver.BaseRequestHandler):
    """One connection."""

    server: Door

    def handle(self) -> None:
        """Pass both directions on until one side has closed the connection."""
        with socket.create_connection(self.server.address) as server, contextlib.suppress(OSError):
            threading.Thread(target=pass_on, args=(self.request, server), daemon=True).start()
            passed = 0
            while piece := server.recv(PIECE):
                passed += len(piece)
                if passed > self.server.free:
                    self.server.opened.wait()
                self.request.sendall(piece)


def pass_on(client: socket.socket, server: socket.socket) -> None:
    """Send to the server what the client sends."""
    with contextlib.suppress(OSError):
        while piece := client.recv(PIECE):
            server.sendall(piece)
        server.shutdown(socket.SHUT_WR)

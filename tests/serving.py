"""A server in a thread of a test's process."""

import contextlib
import socketserver
import threading
from collections.abc import Iterator

POLL = 0.02  # seconds until the thread sees that the block has ended


@contextlib.contextmanager
def serving[S: socketserver.BaseServer](server: S) -> Iterator[S]:
    """Serve until the end of the block, then close the server."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(POLL,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

"""Lets each response wait until its client has taken what was sent.

Twisted keeps in memory what a client has not taken yet, and its WSGI server never waits for the client. So LocalStack
held a whole object in memory for each client that reads slowly, and large objects filled the memory of its container.
"""

import threading
from typing import Any

from localstack.runtime.shutdown import SHUTDOWN_HANDLERS
from rolo.serving import twisted as server
from twisted.internet.interfaces import IPushProducer
from twisted.internet.threads import blockingCallFromThread
from zope.interface import implementer


@implementer(IPushProducer)
class WaitingResponse(server.HeaderPreservingWSGIResponse):
    """The response of one request, made in a thread of its own. The connection pauses and resumes it."""

    unfinished: "set[WaitingResponse]" = set()
    waits = True

    def __init__(self, reactor: Any, threadpool: Any, application: Any, request: Any) -> None:
        super().__init__(reactor, threadpool, application, request)
        self.sent = threading.Event()
        self.sent.set()
        self.unfinished.add(self)

    def write(self, data: bytes) -> None:
        """Give a part to the connection, and wait until it can take the next one."""

        def send(started: bool) -> None:
            if not started:
                self._sendResponseHeaders()
            if self._requestFinished:
                return  # the client has left
            self.request.registerProducer(self, True)
            self.request.write(data)
            if self.sent.is_set():
                self.request.unregisterProducer()

        try:
            blockingCallFromThread(self.reactor, send, self.started)
        finally:
            self.started = True
        if self.waits:
            self.sent.wait()

    def pauseProducing(self) -> None:
        """Wait: the connection holds more than 64 KiB."""
        self.sent.clear()

    def resumeProducing(self) -> None:
        """Go on: the connection has sent all that it held."""
        self.request.unregisterProducer()
        self.sent.set()

    def stopProducing(self) -> None:
        """Do nothing: when the connection is lost, `_finished` is called too."""

    def _finished(self, ignored: Any) -> None:
        super()._finished(ignored)
        self.unfinished.discard(self)
        self.sent.set()


def wait_for_slow_readers() -> None:
    """Let all responses wait for their clients."""
    server.HeaderPreservingWSGIResponse = WaitingResponse
    SHUTDOWN_HANDLERS.register(leave_slow_readers)


def leave_slow_readers() -> None:
    """End the responses that wait: LocalStack's stop would wait ten seconds for their threads."""
    WaitingResponse.waits = False
    for response in list(WaitingResponse.unfinished):
        if not response.sent.is_set():
            response._finished(None)

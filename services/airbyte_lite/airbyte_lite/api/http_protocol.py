"""The HTTP protocol of the server: uvicorn's, with limits for the times in which a request and an answer must pass."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from airbyte_lite.api import errors
from airbyte_lite.problem import Problem

ARRIVAL_SECONDS = 30.0
"""Time from the first byte of a request, or from the connection, to the last byte of its body."""
LINGER_SECONDS = 2.0
"""Time in which the rest of a refused request is read. A client that is still sending could not read the answer."""
MOST_CONNECTIONS = 500
"""Open connections. A process may have about 1,000 open files, and needs them for its database and connectors too."""
MOST_LEAVING = 200
"""Connections beside them that are refused or closing, and that stay open only until their client has its answer."""
STALLED_SECONDS = 300.0
"""Time in which a client must read the next part of its answer. The answer stays in memory until then."""

EMPTY_LINES = b"\r\n"
"""The bytes that some clients send before a request, or after a body."""


class TimedProtocol(H11Protocol):
    """Closes connections that would otherwise stay open for ever.

    These are connections whose request does not arrive completely within ARRIVAL_SECONDS, and connections whose client
    reads nothing of its answer for STALLED_SECONDS. When there are too many connections, the one is refused whose
    client has sent nothing for the longest time, of those that wait for their client.
    """

    _received_at = 0.0
    _timer: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the time for the first request."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)  # else up to 64 KiB of an answer could wait for ever, see `pause_writing`
        self._received_at = self.loop.time()
        self._watch()
        if len(self.connections) > MOST_CONNECTIONS:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """Read a part of a request."""
        if self._refused or self._only_ends_lines(data):
            return
        self._received_at = self.loop.time()
        super().data_received(data)
        self._watch()

    def handle_events(self) -> None:
        """Read the requests that have arrived. Empty lines before a request are ignored (RFC 9112, 2.2)."""
        if self.conn.their_state is h11.IDLE:
            arrived = self.conn.trailing_data[0]
            if empty := len(arrived) - len(arrived.lstrip(EMPTY_LINES)):
                self.conn._receive_buffer.maybe_extract_at_most(empty)
        super().handle_events()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the times."""
        self._stop()
        self._is_read()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Start the time for the client to read: more of its answer is waiting than the connection takes."""
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop that time."""
        self._is_read()
        super().resume_writing()

    def _only_ends_lines(self, data: bytes) -> bool:
        """Return whether the data are empty lines after an answer. They start no request: the connection stays idle."""
        idle = self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]
        return idle and self.cycle is not None and not data.strip(EMPTY_LINES)

    def _make_room(self) -> None:
        """Refuse the connection that has waited longest for its client, or this one if no other waits.

        The client gets an answer because its request may be on the way.
        """
        longest_first = sorted(
            (other for other in self.connections if isinstance(other, TimedProtocol)),
            key=lambda other: other._received_at,
        )
        leaving = [other for other in longest_first if other._is_leaving()]
        if len(leaving) > MOST_LEAVING:
            leaving[0].transport.abort()
        if len(longest_first) - len(leaving) <= MOST_CONNECTIONS:
            return
        waiting = (other for other in longest_first if other is not self and other._waits_for_client())
        next(waiting, self)._end(503, f"{MOST_CONNECTIONS} connections are open. Send the request again later.")

    def _is_leaving(self) -> bool:
        """Return whether the connection is refused or closing: it takes no request any more."""
        return self._refused or self.transport.is_closing()

    def _waits_for_client(self) -> bool:
        """Return whether the client owes a request or a part of one, and nothing is answered."""
        idle = self.cycle is None or self.cycle.response_complete
        return not self._is_leaving() and (idle or self._timer is not None)

    def _is_read(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, or has too long headers, with the reason."""
        error = sys.exception()
        if isinstance(error, h11.RemoteProtocolError):
            self._refuse(error.error_status_hint, f"Invalid HTTP request: {error}.")
        else:
            self._refuse(400, msg)

    def _watch(self) -> None:
        """Start the time if the client owes a part of a request, stop it if not."""
        first = self.cycle is None
        started = self.conn.their_state is h11.IDLE and (first or self.conn.trailing_data[0])
        if not (started or self.conn.their_state is h11.SEND_BODY):
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(ARRIVAL_SECONDS, self._expire)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._timer = None
        if not self._is_leaving():
            self._end(408, f"The request did not arrive completely within {ARRIVAL_SECONDS:g} s.")

    def _end(self, status: int, message: str) -> None:
        """Close the connection; before, answer with the status if nothing is answered yet."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._refuse(status, message)
        else:
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        path = self.scope["path"] if self.scope else ""
        content = json.dumps(errors.body(Problem(status, message), path)).encode()
        headers: list[tuple[bytes, bytes]] = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(content)).encode()),
            (b"connection", b"close"),
            *((name.lower().encode(), value.encode()) for name, value in errors.HEADERS.get(status, {}).items()),
        ]
        events: tuple[Any, ...] = (
            h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES.get(status, b"")),
            h11.Data(data=content),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self._refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # whoever waits for the body sees that the client has gone
            self.cycle.message_event.set()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

"""A client that sends bytes as they are: HTTP libraries would mend what the tests break."""

import contextlib
import json
import socket
from dataclasses import dataclass
from typing import Any

Address = tuple[str, int]


@dataclass
class Answers:
    """The answers on one connection: the status of each, and all of them as text."""

    statuses: list[int]
    text: str


def exchange(address: Address, data: bytes, seconds: float = 3.0) -> Answers:
    """Send bytes, read until the server closes or is silent for some seconds."""
    received = b""
    with socket.create_connection(address, timeout=seconds) as connection:
        with contextlib.suppress(OSError):  # a server that has heard enough closes while we send
            connection.sendall(data)
        with contextlib.suppress(OSError):
            while chunk := connection.recv(65536):
                received += chunk
    text = received.decode(errors="replace")
    return Answers([int(line.split()[1]) for line in text.splitlines() if line.startswith("HTTP/1.")], text)


def request(
    method: str, target: str, body: bytes | dict[str, Any] = b"", *headers: str, length: int | None = None
) -> bytes:
    """Write one request, with a Content-Length that may be wrong; closes afterwards unless a header says otherwise."""
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    size = len(content) if length is None else length
    lines = [f"{method} {target} HTTP/1.1", "Host: docker", *headers]
    if size >= 0:
        lines.append(f"Content-Length: {size}")
    if not any(header.lower().startswith("connection:") for header in headers):
        lines.append("Connection: close")
    return "\r\n".join([*lines, "Content-Type: application/json", "", ""]).encode() + content

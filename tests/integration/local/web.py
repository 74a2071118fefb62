"""A small service for the tests of what starts and stops services."""

import sys

from tools.local.free_ports import free_ports
from tools.local.processes import Service


def web(name: str = "web") -> Service:
    """A service that serves the current folder: Python's own HTTP server."""
    port = free_ports(["web"])["web"]
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    return Service(name, command, {}, f"http://127.0.0.1:{port}/")

"""Who listens on a port of this machine: nobody, a container, or a process by its name."""

from __future__ import annotations

import json
import re
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from tools.stack.compose import output


@dataclass(frozen=True)
class Owner:
    """A container that publishes a port, and the Compose project that it belongs to."""

    name: str
    project: str


def published() -> dict[int, Owner]:
    """Return the published ports of all running containers."""
    owners = {}
    for line in output("docker", "ps", "--format", "{{json .}}").splitlines():
        container = json.loads(line)
        labels = dict(label.partition("=")[::2] for label in container["Labels"].split(","))
        owner = Owner(container["Names"], labels.get("com.docker.compose.project", ""))
        for port in re.findall(r":(\d+)->", container["Ports"]):
            owners[int(port)] = owner
    return owners


def is_port(text: str) -> bool:
    """Return whether a text is a port's number."""
    return bool(re.fullmatch(r"[1-9]\d{0,4}", text)) and int(text) < 1 << 16


def is_free(port: int) -> bool:
    """Return whether the port can be listened on, on loopback."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def process_on(port: int) -> str:
    """Return the name and number of the process that listens on a port, as far as we may see it."""
    if shutil.which("lsof"):
        found = output("lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fcp", check=False)
        match = re.search(r"p(\d+)\nc(.+)", found)
        if match:
            return f"process {match[2]} ({match[1]})"
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if Path(table).exists():
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == "0A":  # 0A: listening
                    inodes.add(f"socket:[{fields[9]}]")
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink() if hasattr(link, "readlink") else "") in inodes:
                name = (link.parents[1] / "comm").read_text().strip()
                return f"process {name} ({link.parents[1].name})"
        except OSError:
            continue
    return "a process of another user"

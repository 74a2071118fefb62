"""Finds out which container or process listens on a port of this machine."""

from __future__ import annotations

import json
import re
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.settings_table import TABLE
from tools.stack.compose import output

VARIABLES = {setting.port_of: setting.name for setting in TABLE.values() if setting.port_of}


@dataclass(frozen=True)
class Owner:
    """A container that publishes a port, and its Compose project."""

    name: str
    project: str


def published() -> dict[int, Owner]:
    """Return the container that publishes each port, of all running containers."""
    owners = {}
    for line in output("docker", "ps", "--format", "{{json .}}").splitlines():
        container = json.loads(line)
        labels = dict(label.partition("=")[::2] for label in container["Labels"].split(","))
        owner = Owner(container["Names"], labels.get("com.docker.compose.project", ""))
        for port in re.findall(r":(\d+)->", container["Ports"]):
            owners[int(port)] = owner
    return owners


def chosen(variables: Mapping[str, str]) -> dict[str, int]:
    """Return the port of each service that has a port setting, by service; without a variable, the default port.

    Raises ValueError for an invalid port number, and for a port that two services share.
    """
    ports: dict[str, int] = {}
    for service, name in VARIABLES.items():
        value = variables.get(name) or TABLE[name].default
        if TABLE[name].refusal(value) or int(value) < 1:  # the console alone also takes 0, for any free port
            raise ValueError(f"{name}={value}: not a port number from 1 to 65535")
        for other in [other for other in ports if ports[other] == int(value)]:
            raise ValueError(f"{VARIABLES[other]} and {name} are both {value}; each service needs its own port")
        ports[service] = int(value)
    return ports


def is_free(port: int) -> bool:
    """Return whether nothing listens on this port of 127.0.0.1."""
    with socket.socket() as candidate:
        candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            candidate.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def process_on(port: int) -> str:
    """Return the name and id of the process that listens on a port, if this user may see them."""
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

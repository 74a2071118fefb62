"""What a container of a connector is created with: its limits, its variables and its files.

The socket proxy accepts these options and no others (socket_proxy/image_connector.py): a new option is added there too.
"""

from __future__ import annotations

import io
import tarfile
from typing import Any

from airbyte_lite.connectors.process import passed_on

FILES = "/data"
"""The folder of a command's files in its container: a volume without a name, removed with the container."""
WORK = "/tmp"  # noqa: S108 -- in the container
PROXIES = {name for word in ("HTTP", "HTTPS", "ALL", "NO") for name in (f"{word}_PROXY", f"{word.lower()}_proxy")}


def host_config(command: str, memory: int) -> dict[str, Any]:
    """Return the options of docker-py's create_host_config. `memory`: the most bytes; 0: no limit."""
    networked = command != "spec"  # a specification is a file of the image
    return {
        "network_mode": "bridge" if networked else "none",
        # A database on the machine itself is a usual source.
        "extra_hosts": {"host.docker.internal": "host-gateway"} if networked else None,
        "mounts": [{"Type": "volume", "Target": FILES}],
        "read_only": True,
        "tmpfs": {WORK: "rw,exec,nosuid,nodev,mode=1777"},  # exec: Java unpacks its native libraries there
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "mem_limit": memory,
        "memswap_limit": memory,  # no swap
        "pids_limit": 256,
        "init": True,
        "log_config": {"Type": "none"},  # the output is records, and the engine must not store them
    }


def environment() -> dict[str, str]:
    """Return the variables of a connector: an HTTP proxy of the machine is its proxy too."""
    proxies = {name: value for name, value in passed_on().items() if name in PROXIES}
    return {"HOME": WORK, "USE_STREAM_CAPABLE_STATE": "true", **proxies}


def archive(files: dict[str, bytes]) -> bytes:
    """Return the files as a tar archive. Every user may read them: the image decides which user does."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as written:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o444
            written.addfile(entry, io.BytesIO(data))
    return content.getvalue()

"""Checks the creation of a connector by airbyte-lite and builds the body that the engine gets instead.

airbyte-lite sends the same body to an engine that it reaches directly. It puts the connector's files into the volume on
/data before the start: a volume without a name, which belongs to this container alone.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from socket_proxy.body import Strict
from socket_proxy.connector import parsed
from socket_proxy.errors import Refused
from socket_proxy.settings import ImageSettings

VARIABLE = r"^(HOME|USE_STREAM_CAPABLE_STATE|(HTTP|HTTPS|ALL|NO)_PROXY|(http|https|all|no)_proxy)=[^\x00]*$"
FILES = "/data"

Yes = Literal[True]


class LogConfig(Strict):
    """No log: the output is records, and the engine must not store them."""

    type: Literal["none"] = Field(alias="Type")


class Mount(Strict):
    """A volume without a name."""

    type: Literal["volume"] = Field(alias="Type")
    target: Literal["/data"] = Field(alias="Target")


class HostConfig(Strict):
    """What airbyte-lite asks for. The platform sets its own limits in the place of those."""

    network_mode: Literal["bridge", "none"] = Field(alias="NetworkMode")
    mounts: list[Mount] = Field(alias="Mounts", min_length=1, max_length=1)
    readonly_rootfs: Yes = Field(alias="ReadonlyRootfs")
    tmpfs: dict[Literal["/tmp"], str] = Field(alias="Tmpfs")  # noqa: S108 -- in the container
    cap_drop: list[Literal["ALL"]] = Field(alias="CapDrop", min_length=1, max_length=1)
    security_opt: list[Literal["no-new-privileges:true"]] = Field(alias="SecurityOpt", min_length=1, max_length=1)
    extra_hosts: list[Literal["host.docker.internal:host-gateway"]] = Field(
        alias="ExtraHosts", default=[], max_length=1
    )
    memory: int = Field(alias="Memory", default=0)
    memory_swap: int = Field(alias="MemorySwap", default=0)
    pids_limit: int = Field(alias="PidsLimit")
    init: Yes = Field(alias="Init")
    log_config: LogConfig = Field(alias="LogConfig")


class Labels(Strict):
    """airbyte-lite's own label. The platform's takes its place."""

    connector: str = Field(alias="data-platform.connector", max_length=100)


class Create(Strict):
    """The body that docker-py sends for airbyte-lite, without its empty fields."""

    image: str = Field(alias="Image")
    command: list[Annotated[str, Field(max_length=1024)]] = Field(alias="Cmd", min_length=1, max_length=20)
    environment: list[Annotated[str, Field(pattern=VARIABLE, max_length=65536)]] = Field(
        alias="Env", default=[], max_length=20
    )
    working_dir: Literal["/tmp"] = Field(alias="WorkingDir")  # noqa: S108 -- in the container
    labels: Labels = Field(alias="Labels")
    attach_stdout: Yes = Field(alias="AttachStdout")
    attach_stderr: Yes = Field(alias="AttachStderr")
    host_config: HostConfig = Field(alias="HostConfig")


def parse_create(body: bytes, settings: ImageSettings) -> Create:
    """Parses and checks a creation; raises Refused with the first thing that is wrong."""
    create = parsed(Create, body, "airbyte-lite")
    settings.require_image(create.image)
    if create.command[0] not in ("spec", "check", "discover", "read"):
        raise Refused("a source connector's command is spec, check, discover or read")
    return create


def container(create: Create, settings: ImageSettings) -> dict[str, Any]:
    """Builds the body to send: the image, the command, the variables, and the platform's limits and hardening."""
    mebibyte = 1024 * 1024
    networked = create.command[0] != "spec"  # a specification is a file of the image
    return {
        "Image": create.image,
        "Cmd": create.command,
        "Env": create.environment,
        "WorkingDir": create.working_dir,
        "AttachStdout": True,
        "AttachStderr": True,
        "Labels": {settings.label_name: settings.project},
        "HostConfig": {
            "NetworkMode": settings.network if networked else "none",
            # A database on the machine itself is a usual source.
            "ExtraHosts": ["host.docker.internal:host-gateway"] if networked else [],
            "Mounts": [{"Type": "volume", "Target": FILES}],
            "Privileged": False,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            "ReadonlyRootfs": True,
            # exec: Java unpacks its native libraries there.
            "Tmpfs": {"/tmp": f"rw,exec,nosuid,nodev,size={settings.tmp_mib}m,mode=1777"},  # noqa: S108
            "Memory": settings.memory_mib * mebibyte,
            "MemorySwap": settings.memory_mib * mebibyte,  # equal to Memory: no swap
            "NanoCpus": int(settings.cpus * 1e9),
            "PidsLimit": settings.pids,
            "OomScoreAdj": 500,  # the kernel ends a sync before it ends the platform
            "IpcMode": "private",
            "Init": True,
            "AutoRemove": False,  # airbyte-lite asks for the exit code, then removes it
            "RestartPolicy": {"Name": "no"},
            "LogConfig": {"Type": "none", "Config": {}},
        },
    }

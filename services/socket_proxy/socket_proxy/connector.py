"""Checks the creation of a connector of the real Airbyte and builds the body that the engine gets instead.

The worker (0.63) calls `docker run --rm --init -i -w /data/JOB/ATTEMPT --log-driver none --name … --network … -v
WORKSPACE:/data -v LOCAL:/local -e … IMAGE COMMAND …`. Docker's command line sends all fields that it knows,
most of them empty. Empty fields are dropped; the others are checked against the allow-list.
"""

from __future__ import annotations

import logging
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from socket_proxy.body import Strict, decode, first_mistake
from socket_proxy.errors import Refused
from socket_proxy.settings import ConnectorSettings

log = logging.getLogger(__name__)

# The worker's variables that a connector gets. Others are left out, as they may change what a program in the image does
# (JAVA_OPTS, AIRBYTE_READ_CMD); the sync runs without them.
VARIABLES = {
    "AIRBYTE_ROLE",
    "AIRBYTE_VERSION",
    "APPLY_FIELD_SELECTION",
    "AUTO_DETECT_SCHEMA",
    "CONCURRENT_SOURCE_STREAM_READ",
    "DEPLOYMENT_MODE",
    "FEATURE_FLAG_CLIENT",
    "FIELD_SELECTION_WORKSPACES",
    "LAUNCHDARKLY_KEY",
    "OTEL_COLLECTOR_ENDPOINT",
    "SOCAT_KUBE_CPU_LIMIT",
    "SOCAT_KUBE_CPU_REQUEST",
    "USE_STREAM_CAPABLE_STATE",
    "WORKER_CONNECTOR_IMAGE",
    "WORKER_ENVIRONMENT",
    "WORKER_JOB_ATTEMPT",
    "WORKER_JOB_ID",
}

Yes = Literal[True]
Argument = Annotated[str, Field(max_length=1024)]
Variable = Annotated[str, Field(pattern=r"^[^=\x00]+=[^\x00]*$", max_length=65536)]


class LogConfig(Strict):
    """No log: the output is records for the worker, and the engine must not store them."""

    type: Literal["none"] = Field(alias="Type")


class RestartPolicy(Strict):
    """A connector is run once."""

    name: Literal["no"] = Field(alias="Name")


class HostConfig(Strict):
    """What `docker run` sends for the options above. Limits are accepted and ignored: the platform sets its own."""

    binds: list[str] = Field(alias="Binds", max_length=2)
    network_mode: str = Field(alias="NetworkMode")
    log_config: LogConfig = Field(alias="LogConfig")
    restart_policy: RestartPolicy | None = Field(alias="RestartPolicy", default=None)
    auto_remove: Yes = Field(alias="AutoRemove")
    init: Yes = Field(alias="Init")
    console_size: list[int] | None = Field(alias="ConsoleSize", default=None)  # of the caller's terminal; ignored
    memory: int | None = Field(alias="Memory", default=None)
    memory_reservation: int | None = Field(alias="MemoryReservation", default=None)
    memory_swappiness: Literal[-1] | None = Field(alias="MemorySwappiness", default=None)  # the engine's default
    nano_cpus: int | None = Field(alias="NanoCpus", default=None)


class Create(Strict):
    """The body that Docker's command line sends for the worker, without its empty fields."""

    image: str = Field(alias="Image")
    command: list[Argument] = Field(alias="Cmd", min_length=1, max_length=20)
    environment: list[Variable] = Field(alias="Env", default=[], max_length=200)
    working_dir: str = Field(alias="WorkingDir", pattern=r"^/data(/[A-Za-z0-9_-]+){1,4}$")
    host_config: HostConfig = Field(alias="HostConfig")
    attach_stdin: Yes = Field(alias="AttachStdin")
    attach_stdout: Yes = Field(alias="AttachStdout")
    attach_stderr: Yes = Field(alias="AttachStderr")
    open_stdin: Yes = Field(alias="OpenStdin")
    stdin_once: Yes = Field(alias="StdinOnce")


def parsed[C: Strict](model: type[C], body: bytes, sender: str) -> C:
    """Parses the body of a connector's creation without its empty fields; raises Refused with the first mistake."""
    try:
        return model.model_validate(stated(decode(body)) or {})
    except RecursionError as error:
        raise Refused("the body is nested too deeply", 400) from error
    except ValidationError as error:
        raise Refused(f"{first_mistake(error)}; a connector has only the fields that {sender} sends") from error


def parse_create(body: bytes, settings: ConnectorSettings) -> Create:
    """Parses and checks a creation; raises Refused with the first thing that is wrong."""
    create = parsed(Create, body, "Airbyte's worker")
    settings.require_image(create.image)
    if create.command[0] not in ("spec", "check", "discover", "read", "write"):
        raise Refused("a connector's command is spec, check, discover, read or write")
    if create.host_config.network_mode != settings.network:
        raise Refused(f"a connector is on the platform's network {settings.network!r} only")
    # Docker's command line sends them in an order that changes from call to call.
    if sorted(create.host_config.binds) != sorted([f"{settings.workspace}:/data", f"{settings.local}:/local"]):
        raise Refused(f"a connector has {settings.workspace}:/data and {settings.local}:/local mounted, nothing else")
    return create


def container(create: Create, settings: ConnectorSettings) -> dict[str, Any]:
    """Builds the body to send: four parsed fields, and the platform's own limits and hardening."""
    mebibyte = 1024 * 1024
    return {
        "Image": create.image,
        "Cmd": create.command,
        "Env": known(create.environment),
        "WorkingDir": create.working_dir,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "OpenStdin": True,
        "StdinOnce": True,
        "Labels": {settings.label_name: settings.project},
        "HostConfig": {
            "NetworkMode": settings.network,
            "Mounts": [
                {"Type": "volume", "Source": settings.workspace, "Target": "/data"},
                {"Type": "volume", "Source": settings.local, "Target": "/local"},
            ],
            "Privileged": False,
            "CapDrop": ["ALL"],
            "SecurityOpt": ["no-new-privileges:true"],
            # The root file system stays writable: the images are Airbyte's, and some write beside their code.
            "Memory": settings.memory_mib * mebibyte,
            "MemorySwap": settings.memory_mib * mebibyte,  # equal to Memory: no swap
            "NanoCpus": int(settings.cpus * 1e9),
            "PidsLimit": settings.pids,
            "OomScoreAdj": 500,  # the kernel ends a sync before it ends the platform
            "IpcMode": "private",
            "Init": True,
            "AutoRemove": True,  # the worker waits for the removal
            "RestartPolicy": {"Name": "no"},
            "LogConfig": {"Type": "none", "Config": {}},
        },
    }


def known(environment: list[str]) -> list[str]:
    """Returns the variables that a connector may have; logs the names of the others."""
    names = {variable: variable.partition("=")[0] for variable in environment}
    if others := [repr(name[:80]) for name in names.values() if name not in VARIABLES]:
        log.warning(
            "a connector starts without the variables %s: they are not in the list of allowed variables",
            ", ".join(others),
        )
    return [variable for variable, name in names.items() if name in VARIABLES]


def stated(value: Any) -> Any:
    """Returns a JSON value without its empty parts, which mean the engine's defaults; None when nothing is left."""
    if isinstance(value, dict):
        kept = {key: found for key, item in value.items() if (found := stated(item)) is not None}
        return kept or None
    if isinstance(value, list):
        return value if any(stated(item) is not None for item in value) else None
    return None if value in (None, "", 0, False) else value

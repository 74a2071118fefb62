"""Checks the creation of a run worker (`POST /containers/create`) and builds the body that the engine gets instead."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from socket_proxy.body import Strict, decode, first_mistake
from socket_proxy.errors import Refused
from socket_proxy.settings import WorkerSettings

# Variables of the platform and of the clients in the image; not the loader's, the shell's or Python's own.
VARIABLE = (
    r"^(AIRBYTE|AWS|BIGQUERY|BQ|CONNECTIONS|DAGSTER|DBT|GOOGLE|JOINT|LANDING|POSTGRES|PROFILES?|S3|SEED|WAREHOUSE)"
    r"(_[A-Z0-9_]+)?=[^\x00]*$"
)
GOOGLE_KEY = "/run/secrets/google_key"  # where Compose puts it in the other services

No = Literal[False]
Text = Annotated[str, Field(max_length=65536)]


class HostConfig(Strict):
    """The network is the only setting of the host that a caller sends; the platform sets the others."""

    network_mode: str = Field(alias="NetworkMode")


class Labels(Strict):
    """The labels that Dagster's launcher sets."""

    run_id: str = Field(alias="dagster/run_id", pattern=r"^[0-9a-f-]{36}$")
    job_name: str = Field(alias="dagster/job_name", pattern=r"^[A-Za-z0-9_]{1,255}$")


class Create(Strict):
    """The body that docker-py 7 sends for dagster-docker's DockerRunLauncher, with no further field."""

    image: str = Field(alias="Image")
    command: list[Text] = Field(alias="Cmd", min_length=4, max_length=4)
    environment: list[Annotated[str, Field(pattern=VARIABLE, max_length=65536)]] = Field(alias="Env", max_length=100)
    labels: Labels = Field(alias="Labels")
    host_config: HostConfig = Field(alias="HostConfig")
    networking_config: dict[str, None] = Field(alias="NetworkingConfig")
    tty: No = Field(alias="Tty")
    open_stdin: No = Field(alias="OpenStdin")
    stdin_once: No = Field(alias="StdinOnce")
    attach_stdin: No = Field(alias="AttachStdin")
    attach_stdout: No = Field(alias="AttachStdout")
    attach_stderr: No = Field(alias="AttachStderr")
    network_disabled: No = Field(alias="NetworkDisabled")


def parse_create(body: bytes, settings: WorkerSettings) -> Create:
    """Parses and checks a creation; raises Refused with the first thing that is wrong."""
    try:
        create = Create.model_validate(decode(body))
    except ValidationError as error:
        raise Refused(
            f"{first_mistake(error)}; a run worker has only the fields that Dagster's launcher sends"
        ) from error
    if create.image != settings.image:
        raise Refused(
            f"image {create.image[:120]!r} is not the platform's: run workers are made from {settings.image!r}"
        )
    if create.command[:2] != ["dagster", "api"] or create.command[2] not in ("execute_run", "resume_run"):
        raise Refused("a run worker's command is `dagster api execute_run` or `dagster api resume_run`")
    if create.host_config.network_mode != settings.network or list(create.networking_config) != [settings.network]:
        raise Refused(f"a run worker is on the platform's network {settings.network!r} only")
    return create


def container(create: Create, settings: WorkerSettings) -> dict[str, Any]:
    """Builds the body to send: the parsed command, variables and labels, and the platform's limits and hardening."""
    mebibyte = 1024 * 1024
    host_config: dict[str, Any] = {
        "NetworkMode": settings.network,
        "Privileged": False,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "ReadonlyRootfs": True,
        "Tmpfs": {"/tmp": f"rw,nosuid,nodev,size={settings.tmp_mib}m,mode=1777"},  # noqa: S108
        "Memory": settings.memory_mib * mebibyte,
        "MemorySwap": settings.memory_mib * mebibyte,  # equal to Memory: no swap
        "NanoCpus": int(settings.cpus * 1e9),
        "PidsLimit": settings.pids,
        "OomScoreAdj": 500,  # the kernel ends a run before it ends the platform
        "IpcMode": "private",
        "Init": True,  # reaps dbt's children and passes signals on
        "AutoRemove": False,  # a crashed worker can be examined; the sweeper removes it later
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "5m", "max-file": "2"}},
    }
    mounts: list[dict[str, Any]] = []
    environment = create.environment
    if settings.compute_logs:
        volume, _, folder = settings.compute_logs.partition(":")
        mounts.append({"Type": "volume", "Source": volume, "Target": folder})
    if settings.google_key:
        mounts.append({"Type": "bind", "Source": settings.google_key, "Target": GOOGLE_KEY, "ReadOnly": True})
        environment = [
            *environment,
            f"GOOGLE_APPLICATION_CREDENTIALS={GOOGLE_KEY}",
        ]  # overrides a variable of the caller: the last one counts
    if mounts:
        host_config["Mounts"] = mounts
    return {
        "Image": settings.image,
        "Cmd": create.command,
        "Env": environment,
        "Labels": {**create.labels.model_dump(by_alias=True), settings.label_name: settings.project},
        "StopTimeout": 25,  # seconds: time for dbt to cancel its queries and for Dagster to report
        "HostConfig": host_config,
    }

"""What the platform decides for every container that is made through the proxy, read from the environment at start."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from platform_kit.settings_table import TABLE
from socket_proxy.errors import Refused

PREFIX = "PROXY_"
VOLUME = r"[a-zA-Z0-9][a-zA-Z0-9_.-]+"


class Settings(BaseModel):
    """The values that no request can change, for every policy."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label_name: ClassVar[str]  # of the label that marks this platform's containers; its value is the project
    noun: ClassVar[str]  # what a container is called in refusals

    project: str = Field(min_length=1)
    network: str = Field(min_length=1)
    socket: Path = Path(TABLE["DOCKER_SOCKET"].default)
    host: str = "0.0.0.0"  # noqa: S104 - inside a container, on a network of its own
    port: int = Field(default=2375, ge=0, le=65535)
    user: int = Field(default=10001, gt=0)  # the user that the proxy becomes when it was started as root
    memory_mib: int = Field(default=int(TABLE["RUN_WORKER_MEMORY_MIB"].default), ge=128)
    cpus: float = Field(default=float(TABLE["RUN_WORKER_CPUS"].default), gt=0)
    pids: int = Field(default=256, ge=32)
    max_workers: int = Field(default=8, ge=1)
    keep_finished: int = Field(default=20, ge=0)  # finished containers kept for their logs; older ones are swept

    @property
    def label(self) -> str:
        """The label, as `key=value`, that makes a container one of this platform's."""
        return f"{self.label_name}={self.project}"


class WorkerSettings(Settings):
    """For Dagster: run workers, all of one image."""

    label_name: ClassVar[str] = "data-platform.run-worker"
    noun: ClassVar[str] = "run worker"

    image: str = Field(min_length=1)
    compute_logs: str = Field(default="", pattern=rf"^$|^{VOLUME}:/[a-z/_-]+$")  # VOLUME:FOLDER
    google_key: str = Field(default="", pattern=r"^$|^/")  # the engine's path of a Google service account key
    tmp_mib: int = Field(default=256, ge=16)


class ImageSettings(Settings):
    """For airbyte-lite: source connectors, made from images with allowed names."""

    label_name: ClassVar[str] = "data-platform.connector"
    noun: ClassVar[str] = "connector"

    images: str = Field(default="airbyte/source-*", min_length=1)  # `*`: one name's rest
    memory_mib: int = Field(default=int(TABLE["AIRBYTE_LITE_CONNECTOR_MEMORY_MIB"].default), ge=128)
    tmp_mib: int = Field(default=1024, ge=16)  # counts towards the memory

    def require_image(self, image: str) -> None:
        """Raises Refused unless an image's name matches a pattern and has a tag."""
        for pattern in self.images.split(","):
            name = re.escape(pattern.strip()).replace(r"\*", "[a-z0-9-]+")
            if re.fullmatch(rf"{name}:\w[\w.-]{{0,127}}", image, re.ASCII):
                return
        raise Refused(f"image {image[:120]!r} is not a connector: their names are {self.images}, with a tag")


class ConnectorSettings(ImageSettings):
    """For the real Airbyte's worker: connectors, also destinations."""

    images: str = Field(default="airbyte/source-*,airbyte/destination-*", min_length=1)
    workspace: str = Field(pattern=rf"^{VOLUME}$")  # the volume of jobs' files, mounted on /data
    local: str = Field(pattern=rf"^{VOLUME}$")  # the volume for connectors that read and write files, on /local
    memory_mib: int = Field(default=int(TABLE["CONNECTOR_MEMORY_MIB"].default), ge=128)


POLICIES: dict[str, type[Settings]] = {
    "run-workers": WorkerSettings,
    "connectors": ConnectorSettings,
    "image-connectors": ImageSettings,
}


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Reads PROXY_<NAME> variables, PROXY_POLICY first; raises ValueError for an unknown name or a bad value.

    Not by pydantic-settings: it ignores a variable that it does not know, so that a misspelt limit would not hold.
    """
    values = {
        name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)
    }
    policy = values.pop("policy", "run-workers")
    if policy not in POLICIES:
        raise ValueError(f"PROXY_POLICY is {policy!r}; there are {', '.join(POLICIES)}")
    try:
        return POLICIES[policy].model_validate(values)
    except ValidationError as error:
        raise ValueError("; ".join(_sentence(item) for item in error.errors())) from None


def _sentence(error: ErrorDetails) -> str:
    """Return what is wrong with a variable, by its name."""
    name = f"{PREFIX}{str(error['loc'][0]).upper()}"
    if error["type"] == "missing":
        return f"{name} is missing"
    return f"{name} is {error['input']!r}: {error['msg']}"

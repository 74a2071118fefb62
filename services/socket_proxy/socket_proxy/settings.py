"""What the platform decides for every run worker, read from the environment once, at start."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

PREFIX = "PROXY_"


class Settings(BaseModel):
    """The values that a request cannot change."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: str = Field(min_length=1)  # value of the label on this platform's run workers
    image: str = Field(min_length=1)
    network: str = Field(min_length=1)
    compute_logs: str = Field(default="", pattern=r"^$|^[a-zA-Z0-9][a-zA-Z0-9_.-]+:/[a-z/_-]+$")  # VOLUME:FOLDER
    socket: Path = Path("/var/run/docker.sock")
    host: str = "0.0.0.0"  # noqa: S104 - inside a container, on a network of its own
    port: int = Field(default=2375, ge=0, le=65535)
    user: int = Field(default=10001, gt=0)  # the user that the proxy becomes when it was started as root
    memory_mib: int = Field(default=1024, ge=128)
    cpus: float = Field(default=2, gt=0)
    pids: int = Field(default=256, ge=32)
    tmp_mib: int = Field(default=256, ge=16)
    max_workers: int = Field(default=8, ge=1)
    keep_finished: int = Field(default=20, ge=0)  # finished workers kept for their logs; older ones are swept

    @property
    def label(self) -> str:
        """The label, as `key=value`, that makes a container one of this platform's run workers."""
        return f"{LABEL}={self.project}"


LABEL = "data-platform.run-worker"


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Reads PROXY_<NAME> variables; raises pydantic.ValidationError for an unknown name or a bad value."""
    return Settings.model_validate(
        {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
    )

"""The allowed calls. A call is parsed from the method, the path and the query string of a request."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from socket_proxy.errors import Refused

Name = Literal[
    "ping",
    "version",
    "create",
    "inspect",
    "logs",
    "start",
    "stop",
    "kill",
    "wait",
    "remove",
    "attach",
    "image",
    "images",
    "no container",
    "archive",
    "list",
]


class Query(BaseModel):
    """A query string with no parameters; the calls that take some extend it."""

    model_config = ConfigDict(extra="forbid")


class StopQuery(Query):
    """The seconds that the engine waits before it kills the container."""

    t: int | None = Field(default=None, ge=0, le=300)


class KillQuery(Query):
    """Only signals that end a process: a process may react to others in any way."""

    signal: Literal["SIGKILL", "SIGTERM", "SIGINT", "KILL", "TERM", "INT"] | None = None


class WaitQuery(Query):
    """What to wait for."""

    condition: Literal["not-running", "next-exit", "removed"] | None = None


class LogsQuery(Query):
    """Which log lines."""

    stdout: Literal["0", "1", "true", "false"] | None = None
    stderr: Literal["0", "1", "true", "false"] | None = None
    follow: Literal["0", "1", "true", "false"] | None = None
    timestamps: Literal["0", "1", "true", "false"] | None = None
    tail: str | None = Field(default=None, pattern=r"^(all|[0-9]{1,9})$")
    since: int | None = Field(default=None, ge=0)
    until: int | None = Field(default=None, ge=0)


class RemoveQuery(Query):
    """`link` must be off, as docker-py sends it: with it, the engine removes a name instead of a container."""

    v: Literal["0", "1", "true", "false", "True", "False"] | None = None
    force: Literal["0", "1", "true", "false", "True", "False"] | None = None
    link: Literal["0", "false", "False"] | None = None


class CreateQuery(Query):
    """The container's name must begin as connectors' names do, so it cannot be a service's name on the network."""

    name: str | None = Field(default=None, pattern=r"^(source|destination)-[a-zA-Z0-9_.-]{1,120}$")


class AttachQuery(Query):
    """Which streams; only output from now on, not the log of earlier output."""

    stream: Literal["1"]
    stdin: Literal["1"] | None = None
    stdout: Literal["1"] | None = None
    stderr: Literal["1"] | None = None
    logs: Literal["0"] | None = None


class ImagesQuery(Query):
    """A lookup of one image by its name, as `docker images --quiet NAME` sends it; the policy checks the filter."""

    filters: str = Field(max_length=500)
    all: Literal["0", "1"] | None = None


class ArchiveQuery(Query):
    """The folder of a connector's files: a volume of the container alone."""

    path: Literal["/data"]


class ListQuery(Query):
    """What docker-py sends for a list. The policy sends a filter of its own in the place of the caller's."""

    filters: str | None = Field(default=None, max_length=500)
    all: Literal["0", "1"] | None = None
    limit: Literal["-1"] | None = None
    size: Literal["0"] | None = None
    trunc_cmd: Literal["0"] | None = None


# Full identifiers only: a name or a shortened identifier may soon mean another container.
WORKER = r"/v1\.(?P<minor>[0-9]{2})/containers/(?P<id>[0-9a-f]{64})"
IMAGE = r"(?P<image>[a-z0-9][a-z0-9._-]*(?:/[a-z0-9][a-z0-9._-]*)*:[A-Za-z0-9_.-]+)"
Calls = list[tuple[str, str, Name, type[Query]]]
# What docker-py sends for Dagster's DockerRunLauncher.
RUN_WORKER_CALLS: Calls = [
    ("GET", r"(?:/v1\.(?P<minor>[0-9]{2}))?/_ping", "ping", Query),
    ("GET", r"(?:/v1\.(?P<minor>[0-9]{2}))?/version", "version", Query),
    ("POST", r"/v1\.(?P<minor>[0-9]{2})/containers/create", "create", Query),
    ("GET", WORKER + "/json", "inspect", Query),
    ("GET", WORKER + "/logs", "logs", LogsQuery),
    ("POST", WORKER + "/start", "start", Query),
    ("POST", WORKER + "/stop", "stop", StopQuery),
    ("POST", WORKER + "/kill", "kill", KillQuery),
    ("POST", WORKER + "/wait", "wait", WaitQuery),
    ("DELETE", WORKER, "remove", RemoveQuery),
]
# What Docker's command line sends for `docker run -i --rm`, when a signal ends it, and when it checks whether an image
# exists: `docker inspect` first asks for a container with that name.
CONNECTOR_CALLS: Calls = [
    ("HEAD", r"(?:/v1\.(?P<minor>[0-9]{2}))?/_ping", "ping", Query),
    ("GET", r"(?:/v1\.(?P<minor>[0-9]{2}))?/_ping", "ping", Query),
    ("GET", r"(?:/v1\.(?P<minor>[0-9]{2}))?/version", "version", Query),
    ("POST", r"/v1\.(?P<minor>[0-9]{2})/containers/create", "create", CreateQuery),
    ("POST", WORKER + "/attach", "attach", AttachQuery),
    ("POST", WORKER + "/wait", "wait", WaitQuery),
    ("POST", WORKER + "/start", "start", Query),
    ("POST", WORKER + "/kill", "kill", KillQuery),
    ("POST", WORKER + "/stop", "stop", StopQuery),
    ("DELETE", WORKER, "remove", RemoveQuery),
    ("GET", r"/v1\.(?P<minor>[0-9]{2})/images/" + IMAGE + "/json", "image", Query),
    ("GET", r"/v1\.(?P<minor>[0-9]{2})/images/json", "images", ImagesQuery),
    ("GET", r"/v1\.(?P<minor>[0-9]{2})/containers/" + IMAGE + "/json", "no container", Query),
]
# What docker-py sends for airbyte-lite, which runs a connector in a container of its own.
IMAGE_CONNECTOR_CALLS: Calls = [
    ("GET", r"(?:/v1\.(?P<minor>[0-9]{2}))?/version", "version", Query),
    ("GET", r"(?:/v1\.(?P<minor>[0-9]{2}))?/_ping", "ping", Query),
    ("GET", r"/v1\.(?P<minor>[0-9]{2})/images/" + IMAGE + "/json", "image", Query),
    ("POST", r"/v1\.(?P<minor>[0-9]{2})/containers/create", "create", Query),
    ("GET", r"/v1\.(?P<minor>[0-9]{2})/containers/json", "list", ListQuery),
    ("GET", WORKER + "/json", "inspect", Query),
    ("PUT", WORKER + "/archive", "archive", ArchiveQuery),
    ("POST", WORKER + "/attach", "attach", AttachQuery),
    ("POST", WORKER + "/start", "start", Query),
    ("POST", WORKER + "/wait", "wait", WaitQuery),
    ("POST", WORKER + "/stop", "stop", StopQuery),
    ("DELETE", WORKER, "remove", RemoveQuery),
]
OLDEST_MINOR = 41  # engine 20.10; older API versions give the same fields other meanings


@dataclass(frozen=True)
class Call:
    """An allowed call. `path` and `query` are sent to the engine; `worker` is the container's identifier."""

    name: Name
    method: str
    path: str
    query: dict[str, str]
    version: str
    worker: str | None = None
    image: str | None = None

    @property
    def target(self) -> str:
        """The path with a query string that is built from the parsed parameters."""
        return self.path + ("?" + urlencode(self.query) if self.query else "")


def parse_call(method: str, raw_target: str, calls: Calls) -> Call:
    """Parses a request line without decoding the path; raises Refused for a call that is not in the list."""
    path, _, raw_query = raw_target.partition("?")
    for allowed, pattern, name, query_model in calls:
        match = re.fullmatch(pattern, path, re.ASCII) if method == allowed else None
        if match is None:
            continue
        minor = match["minor"]
        if minor is not None and int(minor) < OLDEST_MINOR:
            raise Refused(f"API version 1.{minor} is too old: 1.{OLDEST_MINOR} is the oldest one allowed", 400)
        query = parse_query(raw_query, query_model)
        found = match.groupdict()
        version = "" if minor is None else f"/v1.{minor}"
        return Call(name, method, path, query, version, found.get("id"), found.get("image"))
    raise Refused(f"{method[:10]} {path[:120]!r} is not an allowed call")


def parse_query(raw: str, model: type[Query]) -> dict[str, str]:
    """Returns the parameters to forward; raises Refused for any other parameter or value."""
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, strict_parsing=True, max_num_fields=10) if raw else []
        if len({name for name, _ in pairs}) != len(pairs):
            raise Refused("a query parameter is repeated", 400)
        parameters = model.model_validate(dict(pairs)).model_dump(exclude_none=True)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise Refused(f"query parameter {str(wrong['loc'][0])[:40]!r}: {wrong['msg']}") from error
    except ValueError as error:
        raise Refused("the query string cannot be parsed", 400) from error
    return {name: str(value) for name, value in parameters.items()}

"""Which calls exist: a method, a path and a query string, parsed into one of a handful of calls."""

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
]


class Query(BaseModel):
    """A query string with no parameters; the calls that take some extend it."""

    model_config = ConfigDict(extra="forbid")


class StopQuery(Query):
    """How long the engine waits before it kills, in seconds."""

    t: int | None = Field(default=None, ge=0, le=300)


class KillQuery(Query):
    """The signals that end a process; others could do anything that the process listens for."""

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
    """`link` may only be off, as docker-py sends it: it removes a name instead of a container."""

    v: Literal["0", "1", "true", "false", "True", "False"] | None = None
    force: Literal["0", "1", "true", "false", "True", "False"] | None = None
    link: Literal["0", "false", "False"] | None = None


class CreateQuery(Query):
    """A connector's name: its image's, so that it cannot stand for a service's on the network. It gets a prefix."""

    name: str | None = Field(default=None, pattern=r"^(source|destination)-[a-zA-Z0-9_.-]{1,120}$")


class AttachQuery(Query):
    """Which streams, from now on."""

    stream: Literal["1"]
    stdin: Literal["1"] | None = None
    stdout: Literal["1"] | None = None
    stderr: Literal["1"] | None = None


class ImagesQuery(Query):
    """A look for one image by its name, as `docker images --quiet NAME` does; the policy reads the filter."""

    filters: str = Field(max_length=500)
    all: Literal["0", "1"] | None = None


# Full identifiers only: names and shortened identifiers are looked up by the engine in ways that change.
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
# What Docker's command line sends for `docker run -i --rm`, for its end by a signal, and for looking whether an image
# is there: `docker inspect` asks for a container of that name first.
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
OLDEST_MINOR = 41  # engine 20.10; older API versions give the same fields other meanings


@dataclass(frozen=True)
class Call:
    """One allowed call: `path` and `query` are what the engine is asked, `worker` is the container's identifier."""

    name: Name
    method: str
    path: str
    query: dict[str, str]
    version: str
    worker: str | None = None
    image: str | None = None

    @property
    def target(self) -> str:
        """The path with the query string, written anew from the parsed parameters."""
        return self.path + ("?" + urlencode(self.query) if self.query else "")


def parse_call(method: str, raw_target: str, calls: Calls) -> Call:
    """Parses a request line as it came, without decoding the path; raises Refused for everything not in the table."""
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
    raise Refused(f"{method[:10]} {path[:120]!r} is not one of the calls that are needed here")


def parse_query(raw: str, model: type[Query]) -> dict[str, str]:
    """Returns the parameters to forward."""
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

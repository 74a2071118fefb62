"""Which calls exist: a method, a path and a query string, parsed into one of a handful of calls."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from socket_proxy.errors import Refused

Name = Literal["ping", "version", "create", "inspect", "logs", "start", "stop", "kill", "wait", "remove"]


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


# Full identifiers only: names and shortened identifiers are looked up by the engine in ways that change.
WORKER = r"/v1\.(?P<minor>[0-9]{2})/containers/(?P<id>[0-9a-f]{64})"
CALLS: list[tuple[str, str, Name, type[Query]]] = [
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
OLDEST_MINOR = 41  # engine 20.10; older API versions give the same fields other meanings


@dataclass(frozen=True)
class Call:
    """One allowed call: `target` is the path and query to ask the engine for, `worker` the container's identifier."""

    name: Name
    method: str
    target: str
    version: str
    worker: str | None


def parse_call(method: str, raw_target: str) -> Call:
    """Parses a request line as it came, without decoding the path; raises Refused for everything not in the table."""
    path, _, raw_query = raw_target.partition("?")
    for allowed, pattern, name, query_model in CALLS:
        match = re.fullmatch(pattern, path, re.ASCII) if method == allowed else None
        if match is None:
            continue
        minor = match["minor"]
        if minor is not None and int(minor) < OLDEST_MINOR:
            raise Refused(f"API version 1.{minor} is too old: 1.{OLDEST_MINOR} is the oldest one allowed", 400)
        query = parse_query(raw_query, query_model)
        return Call(name, method, path + query, "" if minor is None else f"/v1.{minor}", match.groupdict().get("id"))
    raise Refused(f"{method[:10]} {path[:120]!r} is not one of the calls that run workers need")


def parse_query(raw: str, model: type[Query]) -> str:
    """Returns the query string to forward ("" or "?…"), written anew from the parsed parameters."""
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
    return "?" + urlencode(parameters) if parameters else ""

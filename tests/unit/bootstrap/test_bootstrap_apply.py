"""Applying to a server that fails: answers 500, cuts the connection, or is left when bootstrap is killed."""

import itertools
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bootstrap.errors import UserError

CREATED = ["workspace Test created", "source s created", "destination d created", "connection c created"]
UNCHANGED = ["workspace Test unchanged", "source s unchanged", "destination d unchanged", "connection c unchanged"]


def fails(times: int, what: Callable[[], httpx.Response]) -> Callable[[httpx.Request], httpx.Response | None]:
    """A fault of the first writes."""
    left = iter(range(times))
    return lambda request: what() if request.url.path.endswith("s") and _is_post(request) and _any(left) else None


def _is_post(request: httpx.Request) -> bool:
    return request.method == "POST"


def _any(left: Any) -> bool:
    return next(left, None) is not None


def cut() -> httpx.Response:
    raise httpx.ReadTimeout("no answer")


def test_twice(session: Any, server: Any) -> None:
    assert session.apply() == CREATED
    assert server.writes == ["workspace", "POST source", "POST destination", "POST connection"]
    assert session.apply() == UNCHANGED
    assert server.writes == []


@pytest.mark.parametrize("what", [lambda: httpx.Response(500), cut])
def test_a_write_that_failed_but_worked_is_not_repeated(
    session: Any, server: Any, what: Callable[[], httpx.Response]
) -> None:
    server.after = fails(3, what)
    assert session.apply() == CREATED
    assert [write for write in server.writes if write.startswith("POST")] == [
        "POST source",
        "POST destination",
        "POST connection",
    ]
    server.after = lambda _: None
    assert session.apply() == UNCHANGED


def test_a_write_that_failed_is_repeated(session: Any, server: Any) -> None:
    server.before = fails(2, lambda: httpx.Response(500))
    assert session.apply() == CREATED
    assert session.apply() == UNCHANGED


def test_it_gives_up_in_the_end(session: Any, server: Any) -> None:
    server.before = fails(99, lambda: httpx.Response(500, json={"message": "broken"}))
    with pytest.raises(UserError, match="answered 500 to POST /api/public/v1/sources: broken"):
        session.apply()
    server.before = lambda _: None
    assert session.apply() == ["workspace Test unchanged", *CREATED[1:]]


def test_a_refused_write_is_not_repeated(session: Any, server: Any) -> None:
    attempts = []

    def refuse(request: httpx.Request) -> httpx.Response | None:
        if request.method == "POST" and request.url.path.endswith("/sources"):
            attempts.append(request)
            return httpx.Response(422, json={"detail": "no bucket"})
        return None

    server.before = refuse
    with pytest.raises(UserError, match="no bucket"):
        session.apply()
    assert len(attempts) == 1


def test_a_refused_creation_is_no_claim_to_the_name(session: Any, server: Any) -> None:
    server.before = fails(1, lambda: httpx.Response(422, json={"detail": "no"}))
    with pytest.raises(UserError, match="no"):
        session.apply()
    server.before = lambda _: None
    server.add("source", "theirs", {"name": "s", "definitionId": "source-s3", "configuration": {}})
    with pytest.raises(UserError, match="apply did not make it"):
        session.apply()


BEFORE = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: Before}
sources:
  - {name: s, connector: source-s3, configuration: {bucket: b, secret: one}}
  - {name: gone, connector: source-s3, configuration: {bucket: g, secret: two}}
destinations:
  - {name: d, connector: destination-bigquery, configuration: {project_id: p}}
connections:
  - {name: c, source: s, destination: d, streams: [{name: t, sync_mode: full_refresh_append, dbt_source: shop.t}]}
  - {name: moved, source: gone, destination: d, streams: [{name: u, sync_mode: incremental_append, dbt_source: shop.u}]}
  - {name: gone, source: gone, destination: d, streams: [{name: v, sync_mode: incremental_append, dbt_source: shop.v}]}
"""
AFTER = """\
workspace: {id: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6, name: After}
sources:
  - {name: renamed, connector: source-s3, configuration: {bucket: b, secret: one}}
  - {name: new, connector: source-s3, configuration: {bucket: n, secret: three}}
destinations:
  - {name: d, connector: destination-bigquery, configuration: {project_id: q}}
connections:
  - {name: c2, source: renamed, destination: d, streams: [{name: t, sync_mode: incremental_append, dbt_source: shop.t}]}
  - {name: moved, source: new, destination: d, streams: [{name: u, sync_mode: incremental_append, dbt_source: shop.u}]}
"""
CONVERGED = [
    "workspace After unchanged",
    "source renamed unchanged",
    "source new unchanged",
    "destination d unchanged",
    "connection c2 unchanged",
    "connection moved unchanged",
]


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("start", ["nothing", BEFORE])
def test_killed_at_any_request_it_converges(server: Any, new_session: Any, moment: str, start: str) -> None:
    for number in itertools.count():
        server.__init__()
        session = new_session()
        if start != "nothing":
            session.write(start)
            session.apply()
            kept = server.named("source", "s")["sourceId"], server.named("connection", "c")["connectionId"]
        session.write(AFTER)
        requests = itertools.count()

        def kill(_: httpx.Request, requests: Any = requests, number: int = number) -> None:
            if next(requests) == number:
                raise KeyboardInterrupt

        setattr(server, moment, kill)
        try:
            session.apply()
        except KeyboardInterrupt:
            setattr(server, moment, lambda _: None)
            session.apply()
        else:
            assert number > 10  # requests of an apply
            break
        assert session.apply() == CONVERGED
        assert len(server.objects) == 5
        if start != "nothing":
            assert kept == (
                server.named("source", "renamed")["sourceId"],
                server.named("connection", "c2")["connectionId"],
            )

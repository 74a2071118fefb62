"""Apply with a server that answers 500, cuts the connection, or finishes a request after its sender has gone."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from airbyte_as_code.airbyte_client import Kind
from airbyte_as_code.destroy import destroy, made
from airbyte_as_code.errors import UserError

from .conftest import EMPTY

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


def test_a_server_that_repeats_what_it_was_sent_makes_no_secret_readable(session: Any, server: Any) -> None:
    def repeat(request: httpx.Request) -> httpx.Response | None:
        if request.method in {"POST", "PUT"} and "/sources" in request.url.path:
            return httpx.Response(422, json={"detail": f"invalid: {request.read().decode()}"})
        return None

    text = (session.directory / "connections.yaml").read_text()
    session.write(text.replace('bucket: "', 'pasword: "${MISTYPED}", bucket: "'))
    for _ in range(2):  # what is created, and what is changed
        server.before = repeat
        with pytest.raises(UserError) as caught:
            session.apply(SECRET="hunter2", BUCKET="a-bucket", MISTYPED="hunter3")
        assert "a-bucket" in str(caught.value)
        assert "hunter" not in str(caught.value)
        server.before = lambda _: None
        session.apply(MISTYPED="another")


def test_a_refused_creation_is_no_claim_to_the_name(session: Any, server: Any) -> None:
    server.before = fails(1, lambda: httpx.Response(422, json={"detail": "no"}))
    with pytest.raises(UserError, match="no"):
        session.apply()
    server.before = lambda _: None
    server.add("source", "theirs", {"name": "s", "definitionId": "source-s3", "configuration": {}})
    with pytest.raises(UserError, match="apply did not create it"):
        session.apply()


def test_a_write_that_takes_effect_after_we_looked_is_undone(session: Any, server: Any) -> None:
    late: list[httpx.Request] = []

    def hold_the_first(request: httpx.Request) -> None:
        if request.method == "POST" and request.url.path.endswith("/sources"):
            late.append(request)
            if len(late) == 1:
                raise httpx.ReadTimeout("no answer")
            server.handle(late[0])

    server.before = hold_the_first
    assert session.apply() == CREATED
    assert server.writes[1:4] == ["POST source", "POST source", "DELETE source"]
    assert session.apply() == UNCHANGED


@pytest.mark.parametrize("end", ["apply", "destroy"])
def test_an_interrupted_creation_is_no_claim_to_the_name_for_ever(session: Any, server: Any, end: str) -> None:
    def kill(request: httpx.Request) -> None:
        if request.url.path.endswith("/connections") and request.method == "POST":
            raise KeyboardInterrupt

    server.before = kill
    with pytest.raises(KeyboardInterrupt):
        session.apply()
    server.before = lambda _: None
    session.write(EMPTY)
    if end == "apply":
        session.apply(prune=True)
    else:
        session.destroy()
    assert server.objects == {}
    server.add("connection", "theirs", {"name": "c", "sourceId": "x", "destinationId": "y"})
    assert session.plan().is_empty


def test_destroy_deletes_only_what_was_confirmed(session: Any, server: Any) -> None:
    """Another run may make objects while destroy asks, or waits for that run's end."""
    for listed_first, start in ((True, session.apply), (False, lambda: None)):
        file, state = session.file(), session.state()
        with session.client() as client:
            objects = made(client, file, state) if listed_first else [(Kind.SOURCE, {"name": "s", "sourceId": "gone"})]
            start()
            server.writes.clear()
            with pytest.raises(UserError, match=r"Another run(.|\n)*make destroy"):
                destroy(client, file, state, objects, lambda *_: None)
        assert server.writes == []
    session.destroy()
    assert server.objects == {}

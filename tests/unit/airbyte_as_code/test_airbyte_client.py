"""Airbyte's error paths, which a healthy server does not show."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from airbyte_as_code.airbyte_client import AirbyteClient, AirbyteError, Kind
from airbyte_as_code.errors import UserError
from bootstrap.settings import Settings

type Handler = Callable[[httpx.Request], httpx.Response]


def client(handler: Handler, **environment: str) -> AirbyteClient:
    settings = Settings.read({"AIRBYTE_URL": "http://airbyte"} | environment)
    return AirbyteClient(settings, transport=httpx.MockTransport(handler))


def test_a_token_is_fetched_once_and_again_when_it_expires() -> None:
    tokens, seen = ["first", "second"], []

    def server(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/applications/token"):
            assert request.read() == b'{"client_id":"id","client_secret":"secret","grant_type":"client_credentials"}'
            return httpx.Response(200, json={"access_token": tokens.pop(0)})
        seen.append(request.headers["Authorization"])
        # The first token is good for two requests.
        expired = request.headers["Authorization"] == "Bearer first" and len(seen) > 2
        return httpx.Response(401 if expired else 200, json={"data": []})

    with client(server, AIRBYTE_CLIENT_ID="id", AIRBYTE_CLIENT_SECRET="secret") as airbyte:
        for _ in range(4):
            assert airbyte.list(Kind.SOURCE, "w") == []
    assert seen == ["Bearer first"] * 3 + ["Bearer second"] * 2
    assert tokens == []


def test_wrong_client_credentials_are_named() -> None:
    with (
        client(lambda _: httpx.Response(401), AIRBYTE_CLIENT_ID="id", AIRBYTE_CLIENT_SECRET="no") as airbyte,
        pytest.raises(UserError, match=r"/applications/token.*\nCheck AIRBYTE_CLIENT_ID"),
    ):
        airbyte.health()


@pytest.mark.parametrize("answer", ["<html>Airbyte</html>", "[]", "{}"])
def test_something_else_than_a_token_is_recognised(answer: str) -> None:
    with (
        client(
            lambda _: httpx.Response(200, text=answer), AIRBYTE_CLIENT_ID="id", AIRBYTE_CLIENT_SECRET="secret"
        ) as airbyte,
        pytest.raises(UserError, match=r"/applications/token is not Airbyte's API.*\nSet AIRBYTE_URL"),
    ):
        airbyte.list(Kind.SOURCE, "w")


def test_basic_authentication() -> None:
    def server(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if request.headers["Authorization"] == "Basic bWU6cHc=" else 401)

    with client(server, AIRBYTE_USERNAME="me", AIRBYTE_PASSWORD="pw") as airbyte:
        airbyte.health()


def test_missing_credentials_say_what_to_set() -> None:
    with (
        client(lambda _: httpx.Response(401)) as airbyte,
        pytest.raises(AirbyteError, match="Set AIRBYTE_CLIENT_ID and AIRBYTE_CLIENT_SECRET, or AIRBYTE_USERNAME"),
    ):
        airbyte.list(Kind.SOURCE, "w")


def test_lists_are_read_to_their_end() -> None:
    everything = [{"sourceId": str(number)} for number in range(250)]

    def server(request: httpx.Request) -> httpx.Response:
        offset, limit = int(request.url.params["offset"]), int(request.url.params["limit"])
        assert request.url.params["workspaceIds"] == "w"
        return httpx.Response(200, json={"data": everything[offset : offset + limit]})

    with client(server) as airbyte:
        assert airbyte.list(Kind.SOURCE, "w") == everything


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"status": 422, "title": "invalid", "detail": "The body is wrong", "data": {}}, "The body is wrong"),
        ({"title": "bad-request", "data": {"message": "no such stream"}}, "no such stream"),
        ({"message": "Internal Server Error: boom", "exceptionClassName": "x"}, "Internal Server Error: boom"),
        ("<html>Bad gateway</html>", "<html>Bad gateway</html>"),
        ("", "no explanation"),
    ],
)
def test_the_reason_of_a_refusal_is_shown(body: object, reason: str) -> None:
    def server(_: httpx.Request) -> httpx.Response:
        return httpx.Response(422, text=body) if isinstance(body, str) else httpx.Response(422, json=body)

    with client(server) as airbyte, pytest.raises(AirbyteError) as caught:
        airbyte.create(Kind.SOURCE, {})
    assert str(caught.value) == f"Airbyte answered 422 to POST /api/public/v1/sources: {reason}"
    assert not caught.value.may_have_worked


@pytest.mark.parametrize("failure", [500, 502, 503, 504, httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut")])
def test_after_these_a_request_may_have_worked(failure: int | Exception) -> None:
    def server(_: httpx.Request) -> httpx.Response:
        if isinstance(failure, Exception):
            raise failure
        return httpx.Response(failure)

    with client(server) as airbyte, pytest.raises(AirbyteError) as caught:
        airbyte.create(Kind.SOURCE, {})
    assert caught.value.may_have_worked


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize("body", ["<html>Welcome</html>", "", '{"message": "ok"}', "[]"])
def test_a_creation_that_a_proxy_answered_may_have_worked(status: int, body: str) -> None:
    with client(lambda _: httpx.Response(status, text=body)) as airbyte, pytest.raises(AirbyteError) as caught:
        airbyte.create(Kind.SOURCE, {})
    assert caught.value.may_have_worked


def test_what_was_made_behind_such_an_answer_is_ours(server: Any, session: Any) -> None:
    page = httpx.Response(200, text="<html>Welcome</html>")
    server.after = lambda request: page if request.url.path.endswith("/public/v1/sources") and request.content else None
    session.apply()
    assert len(server.of("source")) == 1
    assert session.plan().is_empty


def test_no_server_says_how_to_go_on() -> None:
    def nobody(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    with (
        client(nobody) as airbyte,
        pytest.raises(AirbyteError, match=r"does not answer at http://airbyte .*refused\)\.\n.*make dev.*AIRBYTE_URL"),
    ):
        airbyte.health()


@pytest.mark.parametrize("status", [403, 404])
def test_a_workspace_that_is_hidden_or_absent(status: int) -> None:
    with client(lambda _: httpx.Response(status)) as airbyte:
        assert airbyte.workspace("w") is None


def test_a_failing_server_is_not_taken_for_an_absent_workspace() -> None:
    with client(lambda _: httpx.Response(500)) as airbyte, pytest.raises(AirbyteError):
        airbyte.workspace("w")


def test_deleting_what_is_gone_is_fine() -> None:
    with client(lambda _: httpx.Response(404)) as airbyte:
        airbyte.delete(Kind.SOURCE, "1")
    with client(lambda _: httpx.Response(409)) as airbyte, pytest.raises(AirbyteError):
        airbyte.delete(Kind.CONNECTION, "1")


def test_something_else_at_the_address_is_recognised() -> None:
    page = httpx.Response(200, text="<!doctype html><title>Airbyte</title>")
    with (
        client(lambda _: page) as airbyte,
        pytest.raises(AirbyteError, match=r"is not Airbyte's API.*\nSet AIRBYTE_URL"),
    ):
        airbyte.list(Kind.SOURCE, "w")


@pytest.mark.parametrize(
    "request_",
    [
        lambda airbyte: airbyte.is_set_up(),
        lambda airbyte: airbyte.workspaces(),
        lambda airbyte: airbyte.workspace("w"),
        lambda airbyte: airbyte.list(Kind.SOURCE, "w"),
        lambda airbyte: airbyte.stream_definitions("1"),
        lambda airbyte: airbyte.create(Kind.SOURCE, {}),
        lambda airbyte: airbyte.update(Kind.SOURCE, "1", {}),
        lambda airbyte: airbyte.definitions(Kind.SOURCE),
        lambda airbyte: airbyte.versions(Kind.SOURCE),
        lambda airbyte: airbyte.specification(Kind.SOURCE, "1", "w"),
    ],
)
@pytest.mark.parametrize("answer", [{"message": "ok"}, [], "ok", None, {"data": [{"message": "ok"}]}])
def test_json_of_something_else_is_recognised(request_: Callable[[AirbyteClient], object], answer: object) -> None:
    with (
        client(lambda _: httpx.Response(200, json=answer)) as airbyte,
        pytest.raises(AirbyteError, match=r"is not Airbyte's API.*\nSet AIRBYTE_URL"),
    ):
        request_(airbyte)


@pytest.mark.parametrize("variable", ["AIRBYTE_URL", "AIRBYTE_PUBLIC_API_URL"])
def test_what_is_no_address_is_named(variable: str) -> None:
    with pytest.raises(UserError, match=rf"^{variable} is not a valid address \(Invalid port: 'port'\)"):
        client(lambda _: httpx.Response(200), **{variable: "http://h:port"})


class Young:
    """A server whose first answers are these."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(f"{request.method} {request.url.path}")
        if self.statuses:
            return httpx.Response(self.statuses.pop(0), json={"message": "starting"})
        answer = {"access_token": "t", "workspaceId": "w", "name": "Test"}
        return httpx.Response(200, json=answer | {"data": [], "sourceDefinitions": [], "connectionSpecification": {}})


@pytest.mark.parametrize(
    "request_",
    [
        lambda airbyte: airbyte.create_workspace("w", "Test"),
        lambda airbyte: airbyte.rename_workspace("w", "Test"),
        lambda airbyte: airbyte.set_version(Kind.SOURCE, "1", "2.0.0"),
        lambda airbyte: airbyte.workspace("w"),
        lambda airbyte: airbyte.list(Kind.SOURCE, "w"),
        lambda airbyte: airbyte.delete(Kind.SOURCE, "1"),
        lambda airbyte: airbyte.definitions(Kind.SOURCE),
        lambda airbyte: airbyte.specification(Kind.SOURCE, "1", "w"),
    ],
)
def test_a_young_server_is_asked_again(request_: Callable[[AirbyteClient], object]) -> None:
    server = Young(500, 503)
    with client(server) as airbyte:
        request_(airbyte)
    assert server.requests == [server.requests[0]] * 3
    server = Young(500, 429, 503)
    with client(server) as airbyte, pytest.raises(AirbyteError, match=r"answered 503 to .*: starting"):
        request_(airbyte)


def test_what_may_have_worked_is_not_sent_again() -> None:
    for status, attempts in ((500, 1), (503, 1), (429, 3)):  # 429 says that nothing was done
        server = Young(*[status] * 3)
        with client(server) as airbyte, pytest.raises(AirbyteError) as caught:
            airbyte.create(Kind.SOURCE, {})
        assert (caught.value.status, len(server.requests)) == (status, attempts)


def test_a_young_server_is_asked_for_the_token_again() -> None:
    server = Young(503, 429)
    with client(server, AIRBYTE_CLIENT_ID="id", AIRBYTE_CLIENT_SECRET="secret") as airbyte:
        assert airbyte.list(Kind.SOURCE, "w") == []
    token = "POST /api/public/v1/applications/token"
    assert server.requests == [token, token, token, "GET /api/public/v1/sources"]
    server = Young(503, 503, 503)
    with (
        client(server, AIRBYTE_CLIENT_ID="id", AIRBYTE_CLIENT_SECRET="secret") as airbyte,
        pytest.raises(AirbyteError, match=f"answered 503 to {token}: starting"),
    ):
        airbyte.list(Kind.SOURCE, "w")


LINES = 'first "line"\nsecond lïne\n'


@pytest.mark.parametrize("status", [200, 422])
@pytest.mark.parametrize(
    "repeat",
    [
        lambda secret: secret,
        lambda secret: f"{'x' * 490}{secret}",  # where we cut it off
        lambda secret: json.dumps({"message": f"bad: {secret}"}),
        lambda secret: json.dumps({"message": json.dumps({"key": secret})}),
        lambda secret: json.dumps({"message": json.dumps({"key": secret}, ensure_ascii=False)}),
        lambda secret: json.dumps([json.dumps({"key": secret})]),
    ],
)
@pytest.mark.parametrize("secret", ["hunter2", "hunter2 first", LINES, LINES.strip(), "123456"])
def test_an_error_does_not_repeat_what_is_hidden(secret: str, repeat: Callable[[str], str], status: int) -> None:
    def server(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, text=repeat(secret) + ("!" if status == 200 else ""))  # with it no JSON

    with client(server) as airbyte:
        airbyte.hide([{"deep": ["hunter2", "hunter2 first", LINES]}, 123456, True, None, "bad"])
        with pytest.raises(AirbyteError) as caught:
            airbyte.create(Kind.SOURCE, {})
    assert not any(part in str(caught.value) for part in ("hunter", "first", "second", "123"))
    if status == 422 and "bad" in repeat(secret):
        assert "bad: ***" in str(caught.value)


@pytest.mark.parametrize("status", [400, 401, 403, 429, 503])
@pytest.mark.parametrize(
    "environment",
    [
        {"AIRBYTE_CLIENT_ID": "id", "AIRBYTE_CLIENT_SECRET": "hunter2"},
        {"AIRBYTE_USERNAME": "me", "AIRBYTE_PASSWORD": "hunter2"},
    ],
)
def test_an_error_does_not_repeat_our_credentials(environment: dict[str, str], status: int) -> None:
    def server(request: httpx.Request) -> httpx.Response:
        sent = request.read().decode() or "password: hunter2"
        return httpx.Response(status, text=f"cannot take {sent}")

    with client(server, **environment) as airbyte, pytest.raises(UserError) as caught:
        airbyte.list(Kind.SOURCE, "w")
    assert str(status) in str(caught.value)
    assert "hunter2" not in str(caught.value)

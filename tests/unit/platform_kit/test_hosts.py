"""A request that a page of another site makes through the browser is refused; clients and own pages are served."""

import asyncio
import json
from typing import Any

import pytest

from platform_kit.hosts import HostGuard, names


def answer(kind: str = "http", method: str = "GET", needs_origin: bool = False, **headers: str) -> dict[str, Any]:
    """The first message that a guarded application sends, with the body if the request was refused."""
    sent: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "served"})

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError

    encoded = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": kind, "path": "/", "headers": encoded} | ({"method": method} if kind == "http" else {})
    guard = HostGuard(application, ["warehouse", "data.example.com"], needs_origin=needs_origin)
    asyncio.run(guard(scope, receive, send))
    return {**sent[0], **(json.loads(sent[1]["body"]) if len(sent) > 1 else {})}


HOST = "127.0.0.1:9050"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": HOST},
        {"host": "localhost:1"},
        {"host": "[::1]:9050"},
        {"host": "WAREHOUSE:9050"},
        {"host": "data.example.com"},
        {"host": HOST, "origin": f"http://{HOST}"},
        {"host": HOST, "origin": f"http://{HOST}", "sec_fetch_site": "same-origin"},
        {},  # a health check of HTTP/1.0
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_own_requests_are_served(headers: dict[str, str], method: str) -> None:
    assert answer("http", method, False, **headers)["type"] == "served"


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},  # its name resolves to 127.0.0.1
        {"host": "evil.example:9050", "origin": "http://evil.example:9050"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "[broken"},
        {"host": ""},
        {"host": HOST, "origin": "https://evil.example"},
        {"host": HOST, "origin": "null"},  # a sandboxed frame, a file
        {"host": HOST, "origin": "http://127.0.0.1:3000"},  # another service's page
        {"host": HOST, "origin": ""},
        {"host": HOST, "origin": "http://[broken"},
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_requests_of_other_sites_are_refused(headers: dict[str, str], kind: str) -> None:
    refused = answer(kind, "POST", False, **headers)
    if kind == "websocket":
        assert (refused["type"], refused["code"]) == ("websocket.close", 1008)
    else:
        assert refused["status"] == 403
        assert refused["error"]["errors"][0]["reason"] == "forbidden"


def test_a_form_of_another_site_is_refused_without_an_origin_too() -> None:
    assert answer(method="POST", host=HOST, sec_fetch_site="cross-site")["status"] == 403
    assert answer(method="GET", host=HOST, sec_fetch_site="cross-site")["type"] == "served"  # a link


def test_a_browsers_websocket_needs_an_origin() -> None:
    assert answer("websocket", host=HOST, sec_fetch_site="cross-site")["type"] == "websocket.close"
    assert answer("websocket", host=HOST)["type"] == "served"  # no browser


def test_a_server_for_pages_only_wants_the_origin_of_what_changes_something() -> None:
    assert answer(method="PUT", needs_origin=True, host=HOST)["status"] == 403
    assert answer("websocket", needs_origin=True, host=HOST)["type"] == "websocket.close"
    assert answer(method="PUT", needs_origin=True, host=HOST, origin=f"http://{HOST}")["type"] == "served"
    assert answer(method="GET", needs_origin=True, host=HOST)["type"] == "served"


def test_the_message_names_the_allowed_hosts_and_the_setting() -> None:
    message = answer(host="evil.example")["error"]["message"]
    assert "warehouse" in message
    assert "ALLOWED_HOSTS" in message


def test_names_are_a_list_with_commas() -> None:
    assert names(" a.example , b ,") == ["a.example", "b"]
    assert names("a,,b") == ["a", "b"]
    assert names(None) == []


@pytest.mark.parametrize("more", ["a.com:8080", "http://a.com"])
def test_what_can_be_no_host_name_is_refused(more: str) -> None:
    with pytest.raises(ValueError, match=f"ALLOWED_HOSTS is '{more}'.*without ports"):
        names(more)

"""The password and the headers of the console's answers."""

import asyncio
import base64
import re
from typing import Any

import pytest

from console.security import Password, SafeHeaders, policy


def messages(application: Any, path: str = "/", kind: str = "http", **headers: str) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(application({"type": kind, "path": path, "method": "GET", "headers": encoded}, None, send))
    return sent


async def served(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "served"})


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_the_password(kind: str) -> None:
    guarded = Password(served, "open sesame")
    assert messages(guarded, kind=kind, authorization=basic("console:open sesame"))[0]["type"] == "served"
    for wrong in ("", "Basic", "Basic %%%", basic("console:open"), basic("other:open sesame"), "Bearer open sesame"):
        first = messages(guarded, kind=kind, authorization=wrong)[0]
        assert first.get("status", first.get("code")) in (401, 1008)


def test_the_health_check_needs_no_password() -> None:
    assert messages(Password(served, "open sesame"), "/healthz")[0]["type"] == "served"


def page(*chunks: bytes, kind: bytes = b"page") -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"x-nicegui-content", kind), (b"content-length", b"5")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for at, chunk in enumerate(chunks):
            await send({"type": "http.response.body", "body": chunk, "more_body": at < len(chunks) - 1})

    return SafeHeaders(application)


def test_a_pages_scripts_have_the_nonce_of_its_policy() -> None:
    start, body = messages(page(b"<scr", b'ipt src="/a.js"></script><script>b</script>'))
    headers = dict(start["headers"])
    [nonce] = re.findall(rb"'nonce-([^']+)'", headers[b"content-security-policy"])
    assert body["body"].count(b'<script nonce="' + nonce + b'"') == 2
    assert headers[b"content-length"] == str(len(body["body"])).encode()


def test_other_answers_are_not_changed() -> None:
    start, *bodies = messages(page(b"<script>", b"x", kind=b"file"))
    assert [part["body"] for part in bodies] == [b"<script>", b"x"]
    assert dict(start["headers"])[b"x-content-type-options"] == b"nosniff"


def test_the_policy_has_no_other_site_and_no_inline_script() -> None:
    text = policy("n")
    assert "http" not in text
    [scripts] = [part for part in text.split("; ") if part.startswith("script-src")]
    assert "unsafe-inline" not in scripts
    assert "frame-ancestors 'self'" in text

"""Refuses what a page of another site sends to S3. LocalStack checks no signature: such a page could change objects."""

import os
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

NAMES = ("localhost", "127.0.0.1", "::1", "localstack", "localhost.localstack.cloud")
"""The host names of LocalStack. A bucket can stand before each of them: jaffle-shop.localstack."""


def names() -> tuple[str, ...]:
    """Return the allowed host names."""
    more = os.environ.get("ALLOWED_HOSTS", "").lower().split(",")
    return (*NAMES, *(name.strip() for name in more if name.strip()))


def reason_to_refuse(host: str | None, origin: str | None, allowed: tuple[str, ...]) -> str:
    """Return why a request is refused, or an empty text. No browser leaves Host out; health checks do."""
    if host is not None:
        name = _name(host)
        if not any(name == own or name.endswith(f".{own}") for own in allowed):
            return f"The host name {host!r} is not allowed here. Use 127.0.0.1, or add the name to ALLOWED_HOSTS."
    if origin is not None and origin.lower().partition("://")[2] != (host or "").lower():
        return f"The request comes from a page of another site: {origin!r}."
    return ""


def check(chain: Any, context: Any, response: Any) -> None:
    """Answer 403 to a foreign page. LocalStack calls this handler with each request, before any service."""
    headers = context.request.headers
    reason = reason_to_refuse(headers.get("Host"), headers.get("Origin"), names())
    if reason:
        response.status_code = 403
        response.set_response(f"<Error><Code>AccessDenied</Code><Message>{escape(reason)}</Message></Error>".encode())
        chain.terminate()


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""

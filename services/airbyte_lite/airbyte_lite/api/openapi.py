"""The errors that every endpoint can answer, for the server's OpenAPI document (/openapi.json)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class ErrorBody(BaseModel):
    """The body of every error. The public API adds status, type, title, detail and data to the message."""

    model_config = ConfigDict(extra="allow")

    message: str


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorBody, "description": description}
    for status, description in (
        (401, "The credentials are missing, wrong or expired"),
        (403, "A server without authentication was called by a host name that is not its own"),
        (404, "The object does not exist"),
        (408, "The request did not arrive completely in time"),
        (409, "The state of the object does not allow the request"),
        (413, "The body is too large"),
        (415, "The body is not JSON"),
        (422, "The request is invalid"),
        (500, "Unexpected error"),
        (503, "Too many connector commands run at the same time; Retry-After says when to try again"),
    )
}

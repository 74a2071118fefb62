"""The exception for a request that fails. Every layer may raise it; `api` turns it into the answer."""

from __future__ import annotations

TITLES = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "resource-not-found",
    405: "method-not-allowed",
    408: "request-timeout",
    409: "try-again-later",
    413: "content-too-large",
    415: "unsupported-media-type",
    422: "unprocessable-entity",
    503: "service-unavailable",
}


class Problem(Exception):
    """A failed request: the HTTP status, a message for the user, and the faults of an invalid body by path."""

    def __init__(
        self, status: int, message: str, title: str | None = None, faults: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.title = title or TITLES.get(status, "unexpected-problem")
        self.faults = faults or {}


def not_found(what: str, identifier: object) -> Problem:
    """Return the 404 for an unknown id."""
    article = "an" if what[0] in "aeiou" else "a"
    return Problem(404, f"Could not find {article} {what} with the id {identifier}.")


def invalid(message: str, faults: dict[str, str] | None = None) -> Problem:
    """Return the 422 for a body with invalid values."""
    return Problem(422, message, faults=faults)


def invalid_fields(faults: dict[str, str]) -> Problem:
    """Return the 422 for a request with these faults by path."""
    sentences = "; ".join(f"{path}: {text}" for path, text in faults.items())
    return invalid(f"Invalid request: {sentences}.", faults)


def busy(message: str) -> Problem:
    """Return the 503 for a request that the server cannot serve at present. The answer has Retry-After."""
    return Problem(503, message)


def conflict(message: str, title: str = "try-again-later") -> Problem:
    """Return the 409 for a request that conflicts with the current state."""
    return Problem(409, message, title)

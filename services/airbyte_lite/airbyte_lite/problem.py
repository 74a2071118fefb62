"""The exception for a request that cannot be served; every layer may raise it, `api` answers it."""

from __future__ import annotations

TITLES = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "resource-not-found",
    405: "method-not-allowed",
    409: "try-again-later",
    422: "unprocessable-entity",
}


class Problem(Exception):
    """A request that cannot be served: HTTP status, a sentence for the user, and the single faults of a bad body."""

    def __init__(
        self, status: int, message: str, title: str | None = None, faults: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.title = title or TITLES.get(status, "unexpected-problem")
        self.faults = faults or {}


def not_found(what: str, identifier: object) -> Problem:
    """Return the 404 for an id that no object has."""
    return Problem(404, f"Could not find a {what} with the id {identifier}.")


def invalid(message: str, faults: dict[str, str] | None = None) -> Problem:
    """Return the 422 for a body that was understood but cannot be accepted."""
    return Problem(422, message, faults=faults)


def conflict(message: str, title: str = "try-again-later") -> Problem:
    """Return the 409 for a request that the present state does not allow."""
    return Problem(409, message, title)

"""The error with which the proxy answers a caller."""


class Refused(Exception):
    """Raised for a request that the proxy does not forward, with the HTTP status and the reason."""

    def __init__(self, reason: str, status: int = 403) -> None:
        """Stores both. docker-py shows the reason of a 403."""
        super().__init__(reason)
        self.reason = reason
        self.status = status

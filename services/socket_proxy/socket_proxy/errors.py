"""The one error that a caller meets."""


class Refused(Exception):
    """A request that the proxy does not forward: an HTTP status and the reason, in a sentence."""

    def __init__(self, reason: str, status: int = 403) -> None:
        """Keeps both; 403 is what docker-py reports with the reason attached."""
        super().__init__(reason)
        self.reason = reason
        self.status = status

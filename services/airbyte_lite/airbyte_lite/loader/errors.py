"""How a sync ends when it does not succeed."""


class SyncError(Exception):
    """A sync that failed: a message for the user, and Airbyte's config_error, system_error or transient_error."""

    def __init__(self, message: str, failure_type: str = "system_error") -> None:
        super().__init__(message)
        self.message = message
        self.failure_type = failure_type


class SourceError(SyncError):
    """A sync that failed because of its source; the source's own check may know more."""


class SyncCancelled(Exception):
    """The sync was cancelled; tables and state are as they were before it."""

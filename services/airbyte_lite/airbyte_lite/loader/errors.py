"""The exceptions of a sync."""


class SyncError(Exception):
    """The sync failed.

    It has a message for the user and Airbyte's failure type: config_error, system_error or transient_error.
    """

    def __init__(self, message: str, failure_type: str = "system_error") -> None:
        super().__init__(message)
        self.message = message
        self.failure_type = failure_type


class SourceError(SyncError):
    """The sync failed because of its source. The connector's check may give a more exact reason."""


class LostKeyError(SyncError):
    """Every row that was read has NULL in a column of the stream's primary key."""


class SyncCancelled(Exception):
    """The sync was cancelled. Streams that were not committed keep their tables and states."""

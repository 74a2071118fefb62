"""The error that a user can repair."""


class SourceError(Exception):
    """Nothing was changed. The message says what happened, where, why, and what to do."""

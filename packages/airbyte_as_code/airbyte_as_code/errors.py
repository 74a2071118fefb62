"""The error that a user can repair."""


class UserError(Exception):
    """An error that says what happened, why, and what to do. The command line prints it without a traceback."""

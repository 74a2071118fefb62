"""What goes wrong in a way that the reader can repair."""


class UserError(Exception):
    """An error whose text says what happened, why, and what to do; the command line prints it without a traceback."""

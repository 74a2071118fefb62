"""Shortens the errors of a failed dbt command: each error once, without progress lines and links to Google."""

import re
from collections.abc import Iterable

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
# dbt's progress line of a failed node, and the link to a job in Google's console, where the emulator has none.
# The error itself follows in a message of its own.
REPEATED = re.compile(r"\d+ of \d+ (ERROR|FAIL|WARN)\b|BigQuery adapter: https?://\S+$")


def shortened(messages: Iterable[str]) -> str:
    """Return dbt's error messages as one text, an error a paragraph."""
    plain = (COLOUR.sub("", message).strip() for message in messages)
    return "\n".join(dict.fromkeys(message for message in plain if message and not REPEATED.match(message)))

"""What a fresh Airbyte asks for in its user interface before it shows anything else: an e-mail address, once."""

from __future__ import annotations

from collections.abc import Callable

from bootstrap.airbyte_client import AirbyteClient, AirbyteError


def set_up(client: AirbyteClient, email: str | None, say: Callable[[str], None]) -> None:
    """Complete Airbyte's setup with this address and without telemetry; nothing without one, or when it is complete.

    Raises AirbyteError.
    """
    if email is None or client.is_set_up():
        return
    try:
        client.set_up(email)
    except AirbyteError:
        if not client.is_set_up():  # somebody else was faster, or the answer was lost
            raise
    say(f"Airbyte's first-start setup is done, as {email}")

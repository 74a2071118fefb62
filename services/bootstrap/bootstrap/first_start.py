"""Completes the setup of a new Airbyte: its user interface first asks for an e-mail address."""

from __future__ import annotations

from collections.abc import Callable

from airbyte_as_code.airbyte_client import AirbyteClient, AirbyteError


def set_up(client: AirbyteClient, email: str | None, say: Callable[[str], None]) -> None:
    """Complete Airbyte's setup with this address and without telemetry. Raises AirbyteError.

    Do nothing without an address, or if the setup is complete.
    """
    if email is None or client.is_set_up():
        return
    try:
        client.set_up(email)
    except AirbyteError:
        if not client.is_set_up():  # complete: by another program, or the answer was lost
            raise
    say(f"Airbyte's first-start setup is done, as {email}")

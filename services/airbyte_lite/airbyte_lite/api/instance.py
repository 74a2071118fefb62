"""What this installation has exactly one of: its organization and its user, with the ids of Airbyte's own defaults."""

from __future__ import annotations

from airbyte_lite.settings import Settings

NONE = "00000000-0000-0000-0000-000000000000"
ORGANIZATION = NONE  # the id of Airbyte's default organization
USER = NONE  # the id of Airbyte's default user
EMAIL = "airbyte-lite@localhost"  # Airbyte requires an address; this server sends no mail


def base_url(settings: Settings) -> str:
    """Return the address of this server."""
    return f"http://{settings.host}:{settings.port}"

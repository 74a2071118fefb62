"""The settings that a client of Airbyte needs."""

from __future__ import annotations

from typing import Protocol


class Access(Protocol):
    """The addresses of one Airbyte server, and the credentials for it. A service's settings have these fields."""

    @property
    def airbyte_url(self) -> str:
        """The address without /api."""

    @property
    def public_api_url(self) -> str | None:
        """The address of the public API, if it is not below airbyte_url."""

    @property
    def client_id(self) -> str | None:
        """The id of an application; with client_secret it goes before a user name."""

    @property
    def client_secret(self) -> str | None:
        """The application's secret."""

    @property
    def username(self) -> str | None:
        """A user's name, for basic authentication."""

    @property
    def password(self) -> str | None:
        """The user's password."""

    def secrets(self) -> list[str]:
        """Return the values that no message may show."""

"""All clients together, made from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from console.clients.airbyte import Airbyte
from console.clients.dagster import Dagster
from console.clients.s3 import S3
from console.clients.warehouse import Warehouse
from console.settings import Settings


@dataclass(frozen=True)
class Platform:
    """The services that the pages show. No client sends anything before its first call."""

    settings: Settings
    airbyte: Airbyte
    dagster: Dagster
    s3: S3
    warehouse: Warehouse

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the clients for these settings."""
        return cls(settings, Airbyte(settings), Dagster(settings), S3(settings), Warehouse(settings))

    async def close(self) -> None:
        """Close the connections."""
        await self.airbyte.close()
        await self.dagster.close()

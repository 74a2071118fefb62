"""Google's client of BigQuery or its emulator. Its calls block, so they go through `call`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.clients.calls import SECONDS, Service
from console.settings import Settings

if TYPE_CHECKING:
    from google.cloud import bigquery


REQUEST_SECONDS = 30.0
"""Seconds after which a request frees its thread. It is also the longest time limit of a call with one request."""


class Warehouse:
    """One BigQuery project. The client is made at the first call, because its import takes half a second."""

    def __init__(self, settings: Settings) -> None:
        emulator = settings.warehouse == "emulator"
        remedy = "make logs s=warehouse" if emulator else "Check GOOGLE_APPLICATION_CREDENTIALS and BQ_PROJECT."
        self.service = Service("warehouse", "BigQuery", remedy)
        self._settings = settings
        self._client: bigquery.Client | None = None
        self._making = threading.Lock()

    async def call[T](self, function: Callable[[bigquery.Client], T], seconds: float = SECONDS) -> T:
        """Return what a function of the client returns: `await warehouse.call(lambda client: client.list_datasets())`.

        The function runs in a thread. It should consume iterators there: they send requests. Raises ServiceError.
        """
        return await self.service.limited(seconds, lambda: function(self._connected()))

    def _connected(self) -> bigquery.Client:
        with self._making:
            if self._client is None:
                from platform_kit import bigquery

                chosen = self._settings
                emulator = chosen.emulator if chosen.warehouse == "emulator" else None
                self._client = bigquery.client(
                    chosen.project, chosen.location, emulator=emulator, request_seconds=REQUEST_SECONDS
                )
            return self._client

"""The client of S3. Its calls block, so they go through `call`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from console.clients.calls import SECONDS, Service
from console.settings import Settings

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


READ_SECONDS, ATTEMPTS = 30, 2
"""The seconds and attempts after which a request that hangs frees its thread."""


class S3:
    """The bucket with the files. The client is made at the first call, because its import is slow."""

    def __init__(self, settings: Settings) -> None:
        self.service = Service("localstack", "S3", "make logs s=localstack")
        self.bucket = settings.bucket
        self._client: S3Client | None = None
        self._making = threading.Lock()

    async def call[T](self, function: Callable[[S3Client], T], seconds: float = SECONDS) -> T:
        """Return what a function of boto3's client returns, called in a thread. Raises ServiceError."""
        return await self.service.limited(seconds, lambda: function(self.connected()))

    def connected(self) -> S3Client:
        """Return boto3's client. It may be used in any thread."""
        with self._making:
            if self._client is None:
                from platform_kit import s3

                self._client = s3.client(read_seconds=READ_SECONDS, attempts=ATTEMPTS)
            return self._client

"""A file as an answer, sent piece by piece."""

from __future__ import annotations

import asyncio

from starlette.responses import StreamingResponse
from starlette.types import Message, Send

STALLED_SECONDS = 300.0
"""How long a download waits for a browser that reads nothing."""


class SentFile(StreamingResponse):
    """A response that ends when the browser stops reading. Otherwise its data would stay in memory for ever."""

    async def stream_response(self, send: Send) -> None:
        """Send the pieces. Raises TimeoutError, which closes the connection."""

        async def limited(message: Message) -> None:
            async with asyncio.timeout(STALLED_SECONDS):
                await send(message)

        await super().stream_response(limited)

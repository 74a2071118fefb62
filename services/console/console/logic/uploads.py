"""Uploads into the bucket: streamed in parts, so that a large file is never in memory as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from console.clients.calls import ServiceError
from console.clients.s3 import S3
from console.logic import files

if TYPE_CHECKING:
    from types_boto3_s3.type_defs import CompletedPartTypeDef

PART = 5 * 1024 * 1024
"""The least bytes of a part that is not the last one, as in S3. An upload has up to two parts in memory."""
MOST_PARTS = 10_000
"""Parts of one object that S3 takes, which limits an upload to 50 GB."""
PART_SECONDS = 120.0
"""The time limit of one part."""
SILENCE_SECONDS = 60.0
"""Seconds after which an upload that sends nothing is ended, so that others get its place."""
CONTROL = range(0x20)


class Refused(Exception):
    """An upload that was not done; the message says why."""


def key(folder: str, name: str) -> str:
    """Return the key of a file in a folder. Raises Refused for a name that no key can have, or that leads elsewhere."""
    whole = files.prefix(folder) + name
    if not name or "/" in name or any(part in (".", "..") for part in whole.split("/")):
        raise Refused(f"{name!r} is not a file name")
    if any(ord(character) in CONTROL or ord(character) == 0x7F for character in whole):
        raise Refused("a file name cannot have control characters")
    if len(whole.encode()) > 1024:
        raise Refused("the name is longer than the 1024 bytes that S3 allows")
    return whole


async def upload(s3: S3, name: str, chunks: AsyncIterator[bytes], length: int | None = None) -> int:
    """Write a stream of bytes to an object, and return their number.

    The object appears when it is complete; after an error, nothing of it exists. Raises Refused if the stream has not
    the `length` that was announced, or stops, and ServiceError.
    """
    if (length or 0) > MOST_PARTS * PART:
        raise Refused(f"{length:,} bytes: an upload is at most {MOST_PARTS * PART:,} bytes. Use the AWS command line.")
    done = 0
    multipart = _Multipart(s3, name)
    buffer = bytearray()
    try:
        async for chunk in _with_limit(chunks):
            buffer += chunk
            done += len(chunk)
            if len(buffer) >= PART:
                part, buffer = bytes(buffer), bytearray()
                await multipart.add(part)
        if length is not None and done != length:
            raise Refused(f"only {done:,} of {length:,} bytes arrived")
        await multipart.finish(bytes(buffer))
    except BaseException:
        await multipart.abort()
        raise
    return done


async def _with_limit(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the chunks. Raises Refused when one takes longer than SILENCE_SECONDS."""
    while True:
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Refused(f"nothing arrived for {SILENCE_SECONDS:g} seconds") from None
        yield chunk


class _Multipart:
    """A multipart upload of S3, which begins with the first whole part. A smaller file is one request."""

    def __init__(self, s3: S3, name: str) -> None:
        self._s3, self._name = s3, name
        self._id = ""
        self._parts: list[CompletedPartTypeDef] = []

    async def add(self, content: bytes) -> None:
        s3, name = self._s3, self._name
        if not self._id:
            begun = await s3.call(lambda client: client.create_multipart_upload(Bucket=s3.bucket, Key=name))
            self._id = begun["UploadId"]
        number = len(self._parts) + 1
        answer = await s3.call(
            lambda client: client.upload_part(
                Bucket=s3.bucket, Key=name, UploadId=self._id, PartNumber=number, Body=content
            ),
            PART_SECONDS,
        )
        self._parts.append({"ETag": answer["ETag"], "PartNumber": number})

    async def finish(self, rest: bytes) -> None:
        s3, name = self._s3, self._name
        if not self._id:
            await s3.call(lambda client: client.put_object(Bucket=s3.bucket, Key=name, Body=rest), PART_SECONDS)
            return
        if rest:
            await self.add(rest)
        await s3.call(
            lambda client: client.complete_multipart_upload(
                Bucket=s3.bucket, Key=name, UploadId=self._id, MultipartUpload={"Parts": self._parts}
            ),
            PART_SECONDS,
        )
        self._id = ""

    async def abort(self) -> None:
        if self._id:
            s3, name = self._s3, self._name
            try:
                await s3.call(
                    lambda client: client.abort_multipart_upload(Bucket=s3.bucket, Key=name, UploadId=self._id)
                )
            except ServiceError:
                return  # S3 does not answer: the parts stay until the bucket's owner removes them
